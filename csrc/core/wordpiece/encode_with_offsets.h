// Texts into token ids, with where in the texts they came from.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/buffer.h"
#include "core/status.h"
#include "core/wordpiece/encode.h"
#include "core/wordpiece/model.h"

namespace fastnlp::wordpiece {

// The tokens of row i are those from row_splits[i] up to row_splits[i + 1]. All but the ids are 64 bits wide, as a text
// may be longer than 2 GB.
struct RaggedTokens {
  Buffer<int32_t> ids;
  Buffer<int64_t> byte_offsets;  // two a token: its start and its end, exclusive, in the original text
  Buffer<int64_t> char_offsets;  // the same in code points; each maximal ill-formed subsequence is one
  Buffer<int64_t> word_ids;      // the number of its word in the text
  Buffer<int64_t> row_splits;

  template <typename Visit>
  static void for_arrays(Visit visit) {  // for core/text/parts.h
    visit(&RaggedTokens::ids, 1);
    visit(&RaggedTokens::byte_offsets, 2);
    visit(&RaggedTokens::char_offsets, 2);
    visit(&RaggedTokens::word_ids, 1);
  }
  size_t size() const { return ids.size(); }
  void clear() {
    ids.clear();
    byte_offsets.clear();
    char_offsets.clear();
    word_ids.clear();
    row_splits.clear();
  }
};

// Encodes every text; the ids are those of encode(), for any number of threads. `out` is overwritten. What reading
// throws passes through.
Status encode_with_offsets(const Model& model, TextSource& source, const EncodeOptions& options, RaggedTokens& out);

}  // namespace fastnlp::wordpiece
