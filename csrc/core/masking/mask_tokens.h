// Select tokens of rows and replace them. reference/masking/mask_tokens.py is the definition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/buffer.h"
#include "core/masking/model.h"
#include "core/masking/philox.h"
#include "core/masking/selectable.h"
#include "core/status.h"

namespace fastnlp::masking {

// Rows of token ids, and what their random numbers depend on.
struct Rows {
  std::span<const int32_t> token_ids;
  std::span<const int64_t> row_splits;           // begin with 0, never decrease, end with the number of token ids
  std::span<const uint8_t> special_tokens_mask;  // one a token, not 0 where it cannot be selected; may be empty
  uint64_t seed;
  std::span<const int64_t> examples;  // one a row, or none: then a row's tokens stand in for its number
  std::span<const int64_t> epochs;    // one a row, or one for all
};

// What was selected, for results of one length: [rows, selection_length], padded with 0.
struct DenseSelections {
  int64_t* positions;
  int32_t* ids;
  float* weights;  // 1 for a selected token, 0 for padding

  // Writes what was selected of `token_ids`, a row.
  void write(size_t length, size_t row, std::span<const int32_t> token_ids, std::span<const uint32_t> selected) const;
};

// What was selected, for rows of any length.
struct RaggedSelections {
  Buffer<int64_t> positions;
  Buffer<int32_t> ids;
  Buffer<int64_t> row_splits;

  template <typename Visit>
  static void for_arrays(Visit visit) {  // for core/text/parts.h
    visit(&RaggedSelections::positions, 1);
    visit(&RaggedSelections::ids, 1);
  }
  size_t size() const { return ids.size(); }
  void clear() {
    positions.clear();
    ids.clear();
    row_splits.clear();
  }
};

// Writes the rows with tokens replaced to `masked`, and what was selected. A token id that is not in the vocabulary is
// an error, and so is memory that runs out; then the results are worth nothing. The first form needs a model with a
// selection_length.
Status mask_tokens(const Model& model, const Rows& rows, int num_threads, int32_t* masked, const DenseSelections& out);
Status mask_tokens(const Model& model, const Rows& rows, int num_threads, int32_t* masked, RaggedSelections& out);

// The error that names the first token id of a row that is not in the vocabulary.
Status unknown_id(std::span<const int32_t> token_ids, uint32_t vocabulary_size, size_t row);

// Masks one row after another, with memory that is used again.
class RowMasker {
 public:
  explicit RowMasker(const Model& model);

  // `special_tokens_mask` may be null; `number` is null where the row's tokens stand in for it. Returns false where an
  // id is not in the vocabulary.
  bool mask(std::span<const int32_t> token_ids, const uint8_t* special_tokens_mask, uint64_t seed, uint64_t epoch,
            const int64_t* number, int32_t* masked);

  // Of the selected tokens, in increasing order, until the next call.
  std::span<const uint32_t> positions() const { return {positions_.data(), selected_count_}; }

 private:
  // Selectable tokens one behind another. Their rank is their place among all selectable tokens.
  struct Run {
    uint32_t position;
    uint32_t rank;
  };
  // Selectable tokens of one run that are selected together.
  struct Word {
    uint32_t rank;
    uint32_t run;
  };

  bool find_runs(std::span<const int32_t> token_ids, const uint8_t* special_tokens_mask);
  void find_words(std::span<const int32_t> token_ids);
  uint64_t hash(std::span<const int32_t> token_ids) const;
  size_t selection_count() const;
  void sample(size_t size, size_t count, Draws&& draws);
  void select_bernoulli(const Example& example);
  void select_words(size_t count, const Example& example);
  void select_spans(size_t count, const Example& example);
  size_t shuffled(size_t index, Draws& draws);
  void list_selected();

  bool selected(size_t rank) const { return (selected_[rank / 64] >> rank % 64 & 1) != 0; }
  void select(size_t rank) { selected_[rank / 64] |= uint64_t{1} << rank % 64; }

  const Model& model_;
  FillBlocks fill_;
  FindSelectable find_selectable_;
  std::vector<uint64_t> selectable_;  // a bit for each token
  std::vector<Run> runs_;             // and one more, where the last one ends
  size_t selectable_count_ = 0;
  std::vector<uint64_t> selected_;  // a bit for each rank
  std::vector<uint8_t> taken_;      // a byte for each
  size_t selected_count_ = 0;
  std::vector<uint32_t> ranks_, positions_;  // of the selected tokens
  std::vector<Word> words_;                  // and one more, where the last one ends
  std::vector<uint32_t> order_;              // of words, shuffled as far as it is needed
  std::vector<uint32_t> chances_;            // the draw that replaces each rank; of spans only
  std::vector<uint32_t> random_;             // positions of the tokens to replace by random ones
};

}  // namespace fastnlp::masking
