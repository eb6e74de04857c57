// Texts into token ids.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/buffer.h"
#include "core/status.h"
#include "core/text/source.h"
#include "core/wordpiece/model.h"

namespace fastnlp::wordpiece {

struct EncodeOptions {
  int num_threads = 1;  // at most; small batches use fewer
  bool strict = false;  // invalid UTF-8 is an error instead of U+FFFD
};

// The ids of row i are values[row_splits[i]] up to values[row_splits[i + 1]].
struct RaggedIds {
  Buffer<int32_t> values;
  Buffer<int64_t> row_splits;

  template <typename Visit>
  static void for_arrays(Visit visit) {  // for core/text/parts.h
    visit(&RaggedIds::values, 1);
  }
  size_t size() const { return values.size(); }
  void clear() {
    values.clear();
    row_splits.clear();
  }
};

// Encodes every text; the result is the same for any number of threads. `out` is overwritten. What reading throws
// passes through.
Status encode(const Model& model, TextSource& source, const EncodeOptions& options, RaggedIds& out);
Status encode(const Model& model, std::span<const std::string_view> texts, const EncodeOptions& options,
              RaggedIds& out);

}  // namespace fastnlp::wordpiece
