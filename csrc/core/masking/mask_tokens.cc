#include "core/masking/mask_tokens.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <new>
#include <numeric>
#include <string>

#include "core/text/rows.h"

namespace fastnlp::masking {
namespace {

// SpanBERT: geometric with p = 1/5, cut off behind 10. What numbers of 32 bits lie below for each length.
constexpr std::array<uint64_t, 10> kSpanLimits = [] {
  std::array<uint64_t, 10> limits{};
  uint64_t total = 0;
  for (size_t length = 0; length < limits.size(); ++length) {
    uint64_t weight = 1;  // times 5**10
    for (size_t i = 0; i + 1 < limits.size(); ++i) weight *= i < length ? 4 : 5;
    limits[length] = total += weight;
  }
  for (uint64_t& limit : limits) limit = (limit << 32) / total;
  return limits;
}();

size_t span_length(uint32_t chance) {
  return static_cast<size_t>(std::ranges::upper_bound(kSpanLimits, uint64_t{chance}) - kSpanLimits.begin()) + 1;
}

constexpr size_t kTokensPerChunk = 1 << 16;

// The rows at which chunks begin, and the number of rows. They follow from the rows alone.
std::vector<size_t> chunks_of(std::span<const int64_t> row_splits) {
  std::vector<size_t> bounds = {0};
  size_t tokens = 0;
  for (size_t row = 0; row + 1 < row_splits.size(); ++row) {
    tokens += static_cast<size_t>(row_splits[row + 1] - row_splits[row]) + 1;
    if (tokens >= kTokensPerChunk) {
      bounds.push_back(row + 1);
      tokens = 0;
    }
  }
  if (bounds.back() != row_splits.size() - 1) bounds.push_back(row_splits.size() - 1);
  return bounds;
}

// Whether all ids are in the vocabulary, without a branch a token.
bool all_in(std::span<const int32_t> token_ids, uint32_t vocabulary_size) {
  uint32_t signs = 0;
  for (const int32_t id : token_ids) {
    const auto value = static_cast<uint32_t>(id);
    signs |= value | (vocabulary_size - 1 - value);
  }
  return signs >> 31 == 0;
}

Status unknown_id(std::span<const int32_t> token_ids, uint32_t vocabulary_size, size_t row) {
  const auto found =
      std::ranges::find_if(token_ids, [&](int32_t id) { return static_cast<uint32_t>(id) >= vocabulary_size; });
  return Status::error(Code::kInvalidId,
                       "`token_ids` must be in [0, " + std::to_string(vocabulary_size - 1) + "]; received " +
                           std::to_string(*found) + " in row " + std::to_string(row) + ", position " +
                           std::to_string(found - token_ids.begin()) + ".",
                       static_cast<int64_t>(row));
}

// Masks rows [begin, end), and calls take(row, ids, positions) for each.
template <typename Take>
Status mask_rows(const Model& model, const Rows& rows, size_t begin, size_t end, int32_t* masked, Take take) {
  RowMasker masker(model);
  for (size_t row = begin; row < end; ++row) {
    const auto start = static_cast<size_t>(rows.row_splits[row]);
    const auto ids = rows.token_ids.subspan(start, static_cast<size_t>(rows.row_splits[row + 1]) - start);
    if (!all_in(ids, model.vocabulary_size)) return unknown_id(ids, model.vocabulary_size, row);
    const auto epoch = static_cast<uint64_t>(rows.epochs[rows.epochs.size() == 1 ? 0 : row]);
    take(row, ids,
         masker.mask(ids, rows.special_tokens_mask.empty() ? nullptr : rows.special_tokens_mask.data() + start,
                     rows.seed, epoch, rows.examples.empty() ? nullptr : &rows.examples[row], masked + start));
  }
  return {};
}

}  // namespace

RowMasker::RowMasker(const Model& model) : model_(model), fill_(fill_blocks(current_target())) {}

std::span<const uint32_t> RowMasker::mask(std::span<const int32_t> token_ids, const uint8_t* special_tokens_mask,
                                          uint64_t seed, uint64_t epoch, const int64_t* number, int32_t* masked) {
  find_candidates(token_ids, special_tokens_mask);
  const Example example = {seed, epoch, number == nullptr ? hash(token_ids) : static_cast<uint64_t>(*number)};
  const size_t count = selection_count();
  const bool spans = model_.selection == Selection::kSpan;
  switch (model_.selection) {
    case Selection::kFixed:
      sample(candidate_count_, count, Draws(example, Purpose::kSelection, count, fill_));
      list_selected(candidates_, candidate_count_);
      break;
    case Selection::kBernoulli: select_bernoulli(example); break;
    case Selection::kWholeWord:
      find_words(token_ids);
      select_words(count, example);
      list_selected(candidates_, candidate_count_);
      break;
    case Selection::kSpan:
      find_words(token_ids);
      select_spans(count, example);
      list_selected(candidates_, candidate_count_);
      break;
  }

  if (!token_ids.empty()) std::memcpy(masked, token_ids.data(), token_ids.size_bytes());
  Draws replacement(example, Purpose::kReplacement, spans ? 0 : positions_.size(), fill_);
  random_.clear();
  for (const uint32_t position : positions_) {
    const uint32_t chance = spans ? chances_[position] : replacement.next();
    if (chance < model_.mask_threshold) {
      masked[position] = static_cast<int32_t>(model_.mask_token_id);
    } else if (chance < model_.random_threshold) {
      random_.push_back(position);
    }
  }
  Draws random_tokens(example, Purpose::kRandomToken, random_.size(), fill_);
  for (const uint32_t position : random_) {
    masked[position] = static_cast<int32_t>(random_tokens.below(model_.vocabulary_size));
  }
  return positions_;
}

void RowMasker::find_candidates(std::span<const int32_t> token_ids, const uint8_t* special_tokens_mask) {
  if (candidates_.size() < token_ids.size()) candidates_.resize(token_ids.size());
  const uint8_t* const flags = model_.token_flags.data();
  uint32_t* out = candidates_.data();
  for (size_t position = 0; position < token_ids.size(); ++position) {
    bool selectable = (flags[token_ids[position]] & kUnselectable) == 0;
    if (special_tokens_mask != nullptr) selectable &= special_tokens_mask[position] == 0;
    *out = static_cast<uint32_t>(position);  // kept where the next one is not written over it
    out += selectable;
  }
  candidate_count_ = static_cast<size_t>(out - candidates_.data());
}

uint64_t RowMasker::hash(std::span<const int32_t> token_ids) const {
  constexpr size_t kLanes = 8;
  std::array<uint64_t, kLanes> lanes;
  lanes.fill(0xCBF29CE484222325);
  const auto add = [&](size_t lane, size_t rank) {
    lanes[lane] = (lanes[lane] ^ static_cast<uint32_t>(token_ids[candidates_[rank]])) * 0x100000001B3;
  };
  size_t rank = 0;
  for (; rank + kLanes <= candidate_count_; rank += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) add(lane, rank + lane);
  }
  for (size_t lane = 0; rank < candidate_count_; ++rank) add(lane++, rank);
  uint64_t mixed = candidate_count_;
  for (const uint64_t state : lanes) {
    mixed ^= state;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
    mixed ^= mixed >> 31;
  }
  return mixed;
}

// In single precision, as KerasHub and tensorflow-text count.
size_t RowMasker::selection_count() const {
  const auto count = static_cast<size_t>(std::ceil(static_cast<float>(candidate_count_) * model_.selection_rate));
  const size_t limit = model_.selection_length > 0 ? model_.selection_length : candidate_count_;
  return std::min({count, limit, candidate_count_});
}

// Sets `count` of the first `size` bits of `selected_`, by Floyd's algorithm: a draw for each, no list to shuffle.
void RowMasker::sample(size_t size, size_t count, Draws draws) {
  selected_.assign((size + 63) / 64, 0);
  for (size_t last = size - count; last < size; ++last) {
    const uint32_t drawn = draws.below(last + 1);
    const bool taken = selected_[drawn / 64] >> drawn % 64 & 1;
    const size_t number = taken ? last : drawn;
    selected_[number / 64] |= uint64_t{1} << number % 64;
  }
}

void RowMasker::select_bernoulli(const Example& example) {
  Draws draws(example, Purpose::kSelection, candidate_count_, fill_);
  positions_.clear();
  for (size_t rank = 0; rank < candidate_count_; ++rank) {
    if (draws.next() < model_.selection_threshold) positions_.push_back(candidates_[rank]);
  }
  const size_t count = positions_.size(), limit = model_.selection_length;
  if (limit == 0 || count <= limit) return;
  sample(count, limit, Draws(example, Purpose::kReduction, limit, fill_));
  std::copy(positions_.begin(), positions_.end(), candidates_.begin());
  list_selected(candidates_, count);
}

void RowMasker::find_words(std::span<const int32_t> token_ids) {
  starts_.clear();
  for (size_t rank = 0; rank < candidate_count_; ++rank) {
    const bool first = rank == 0 || candidates_[rank - 1] + 1 != candidates_[rank] ||
                       (model_.token_flags[static_cast<size_t>(token_ids[candidates_[rank]])] & kContinuation) == 0;
    if (first) starts_.push_back(static_cast<uint32_t>(rank));
  }
  order_.resize(starts_.size());
  std::iota(order_.begin(), order_.end(), 0);
  starts_.push_back(static_cast<uint32_t>(candidate_count_));
  selected_.assign((candidate_count_ + 63) / 64, 0);
}

// The next word in random order: a step of Fisher and Yates.
size_t RowMasker::shuffled(size_t index, Draws& draws) {
  std::swap(order_[index], order_[index + draws.below(order_.size() - index)]);
  return order_[index];
}

void RowMasker::select_words(size_t count, const Example& example) {
  Draws draws(example, Purpose::kSelection, count, fill_);
  size_t left = count;
  for (size_t index = 0; index < order_.size() && left > 0; ++index) {
    const size_t word = shuffled(index, draws);
    const uint32_t start = starts_[word], end = starts_[word + 1];
    if (end - start > left) continue;
    for (uint32_t rank = start; rank < end; ++rank) selected_[rank / 64] |= uint64_t{1} << rank % 64;
    left -= end - start;
  }
}

void RowMasker::select_spans(size_t count, const Example& example) {
  Draws draws(example, Purpose::kSelection, count, fill_);
  Draws lengths(example, Purpose::kSpanLength, count, fill_);
  Draws replacement(example, Purpose::kReplacement, count, fill_);
  if (candidate_count_ > 0) chances_.resize(std::max<size_t>(chances_.size(), candidates_[candidate_count_ - 1] + 1));
  const auto selected = [&](uint32_t rank) { return (selected_[rank / 64] >> rank % 64 & 1) != 0; };
  size_t left = count;
  for (size_t index = 0; index < order_.size() && left > 0; ++index) {
    const size_t first = shuffled(index, draws);
    const uint32_t length_chance = lengths.next();  // drawn for words that are passed over, too
    if (selected(starts_[first])) continue;
    const uint32_t chance = replacement.next();
    const size_t end = std::min(first + span_length(length_chance), order_.size());
    for (size_t word = first; word < end; ++word) {
      const uint32_t start = starts_[word];
      if (word > first && candidates_[start - 1] + 1 != candidates_[start]) break;
      for (uint32_t rank = start; rank < starts_[word + 1] && left > 0; ++rank) {
        if (selected(rank)) continue;
        selected_[rank / 64] |= uint64_t{1} << rank % 64;
        chances_[candidates_[rank]] = chance;
        --left;
      }
    }
  }
}

// Lists the positions whose bits are set, in increasing order. `positions` may not be positions_.
void RowMasker::list_selected(std::span<const uint32_t> positions, size_t size) {
  positions_.clear();
  for (size_t word = 0; word < (size + 63) / 64; ++word) {
    for (uint64_t bits = selected_[word]; bits != 0; bits &= bits - 1) {
      positions_.push_back(positions[word * 64 + static_cast<size_t>(std::countr_zero(bits))]);
    }
  }
}

Status mask_tokens(const Model& model, const Rows& rows, int num_threads, int32_t* masked,
                   const DenseSelections& out) try {
  const size_t length = model.selection_length;
  const auto take = [&](size_t row, std::span<const int32_t> ids, std::span<const uint32_t> positions) {
    const size_t count = positions.size();
    int64_t* const out_positions = out.positions + row * length;
    int32_t* const out_ids = out.ids + row * length;
    float* const out_weights = out.weights + row * length;
    for (size_t i = 0; i < count; ++i) {
      out_positions[i] = positions[i];
      out_ids[i] = ids[positions[i]];
    }
    std::fill_n(out_positions + count, length - count, 0);
    std::fill_n(out_ids + count, length - count, 0);
    std::fill_n(out_weights, count, 1.0F);
    std::fill_n(out_weights + count, length - count, 0.0F);
  };
  struct Nothing {
    void clear() {}
  };
  return encode_chunks<Nothing>(
      chunks_of(rows.row_splits), num_threads,
      [&](size_t begin, size_t end, Nothing&) { return mask_rows(model, rows, begin, end, masked, take); },
      [](Nothing&) { return Status(); });
} catch (const std::bad_alloc&) {
  return Status::error(Code::kOutOfMemory, "out of memory");
}

namespace {

// The selections of some rows, with the number of each instead of row splits.
struct Part {
  Buffer<int64_t> positions;
  Buffer<int32_t> ids;
  Buffer<int64_t> counts;

  void clear() {
    positions.clear();
    ids.clear();
    counts.clear();
  }
};

}  // namespace

Status mask_tokens(const Model& model, const Rows& rows, int num_threads, int32_t* masked, RaggedSelections& out) try {
  const auto mask_part = [&](size_t begin, size_t end, Part& part) {
    return mask_rows(model, rows, begin, end, masked,
                     [&](size_t, std::span<const int32_t> ids, std::span<const uint32_t> positions) {
                       part.positions.reserve_more(positions.size());
                       part.ids.reserve_more(positions.size());
                       for (const uint32_t position : positions) {
                         part.positions.push_back(position);
                         part.ids.push_back(ids[position]);
                       }
                       part.counts.push_back(static_cast<int64_t>(positions.size()));
                     });
  };
  const auto append = [&](const Part& part) {
    out.positions.append(part.positions.data(), part.positions.size());
    out.ids.append(part.ids.data(), part.ids.size());
    for (size_t i = 0; i < part.counts.size(); ++i) {
      out.row_splits.push_back(out.row_splits.data()[out.row_splits.size() - 1] + part.counts.data()[i]);
    }
    return Status();
  };
  out.row_splits.reserve(rows.row_splits.size());
  out.row_splits.push_back(0);
  return encode_chunks<Part>(chunks_of(rows.row_splits), num_threads, mask_part, append);
} catch (const std::bad_alloc&) {
  return Status::error(Code::kOutOfMemory, "out of memory");
}

}  // namespace fastnlp::masking
