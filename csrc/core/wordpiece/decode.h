// Token ids back into text.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "core/buffer.h"
#include "core/status.h"
#include "core/wordpiece/model.h"

namespace fastnlp::wordpiece {

// Row i is UTF-8, bytes[row_splits[i]] up to bytes[row_splits[i + 1]].
struct RaggedText {
  Buffer<char> bytes;
  Buffer<int64_t> row_splits;

  size_t rows() const { return row_splits.size() - 1; }
  std::string_view operator[](size_t row) const {
    const int64_t* const bounds = row_splits.data() + row;
    return {bytes.data() + bounds[0], static_cast<size_t>(bounds[1] - bounds[0])};
  }
};

// Takes the texts of the rows from `first_row` on. It may throw std::bad_alloc.
using TakeTexts = std::function<void(size_t first_row, const RaggedText& texts)>;

// Decodes every row, some hundred kilobytes at a time, which are handed over while they are in the processor's cache:
// on several threads at once, in no order. `row_splits` must begin with 0, not decrease, and end with the number of
// ids. An id that the model does not have is an error; then some rows may have been handed over.
Status decode(const Model& model, std::span<const int32_t> ids, std::span<const int64_t> row_splits, int num_threads,
              const TakeTexts& take);

}  // namespace fastnlp::wordpiece
