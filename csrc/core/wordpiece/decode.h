// Token ids back into text.
#pragma once

#include <cstdint>
#include <span>

#include "core/buffer.h"
#include "core/status.h"
#include "core/wordpiece/model.h"

namespace fastnlp::wordpiece {

// Row i is UTF-8, bytes[row_splits[i]] up to bytes[row_splits[i + 1]].
struct RaggedText {
  Buffer<char> bytes;
  Buffer<int64_t> row_splits;
};

// Decodes every row. Every id must be at least 0 and below the vocabulary's size; the caller has checked them.
Status decode(const Model& model, std::span<const int32_t> ids, std::span<const int64_t> row_splits, RaggedText& out);

}  // namespace fastnlp::wordpiece
