#include "core/masking/mask_tokens.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <new>
#include <numeric>
#include <string>

#include "core/masking/bits.h"
#include "core/text/parts.h"
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

// Masks rows [begin, end), and calls take(row, ids, positions) for each.
template <typename Take>
Status mask_rows(const Model& model, const Rows& rows, size_t begin, size_t end, int32_t* masked, Take take) {
  RowMasker masker(model);
  for (size_t row = begin; row < end; ++row) {
    const auto start = static_cast<size_t>(rows.row_splits[row]);
    const auto ids = rows.token_ids.subspan(start, static_cast<size_t>(rows.row_splits[row + 1]) - start);
    const auto epoch = static_cast<uint64_t>(rows.epochs[rows.epochs.size() == 1 ? 0 : row]);
    const uint8_t* const special_tokens_mask =
        rows.special_tokens_mask.empty() ? nullptr : rows.special_tokens_mask.data() + start;
    const int64_t* const number = rows.examples.empty() ? nullptr : &rows.examples[row];
    if (!masker.mask(ids, special_tokens_mask, rows.seed, epoch, number, masked + start)) {
      return unknown_id(ids, model.vocabulary_size, row);
    }
    take(row, ids, masker.positions());
  }
  return {};
}

}  // namespace

Status unknown_id(std::span<const int32_t> token_ids, uint32_t vocabulary_size, size_t row) {
  const auto found =
      std::ranges::find_if(token_ids, [&](int32_t id) { return static_cast<uint32_t>(id) >= vocabulary_size; });
  return Status::error(Code::kInvalidId,
                       "`token_ids` must be in [0, " + std::to_string(vocabulary_size - 1) + "]; received " +
                           std::to_string(*found) + " in row " + std::to_string(row) + ", position " +
                           std::to_string(found - token_ids.begin()) + ".",
                       static_cast<int64_t>(row));
}

RowMasker::RowMasker(const Model& model)
    : model_(model), fill_(fill_blocks(current_target())), find_selectable_(find_selectable(current_target())) {}

bool RowMasker::mask(std::span<const int32_t> token_ids, const uint8_t* special_tokens_mask, uint64_t seed,
                     uint64_t epoch, const int64_t* number, int32_t* masked) {
  if (!find_runs(token_ids, special_tokens_mask)) return false;
  const Example example = {seed, epoch, number == nullptr ? hash(token_ids) : static_cast<uint64_t>(*number)};
  const size_t count = selection_count();
  const bool spans = model_.selection == Selection::kSpan;
  switch (model_.selection) {
    case Selection::kFixed: sample(selectable_count_, count, Draws(example, Purpose::kSelection, count, fill_)); break;
    case Selection::kBernoulli: select_bernoulli(example); break;
    case Selection::kWholeWord:
      find_words(token_ids);
      select_words(count, example);
      break;
    case Selection::kSpan:
      find_words(token_ids);
      select_spans(count, example);
      break;
  }
  list_selected();

  // Without branches on chances, which no processor can predict.
  if (!token_ids.empty()) std::memcpy(masked, token_ids.data(), token_ids.size_bytes());
  if (random_.size() < selected_count_) random_.resize(selected_count_);
  size_t random_count = 0;
  Draws replacement(example, Purpose::kReplacement, spans ? 0 : selected_count_, fill_);
  for (size_t i = 0; i < selected_count_; ++i) {
    const uint64_t chance = spans ? chances_[ranks_[i]] : replacement.next();
    const uint32_t position = positions_[i];
    masked[position] = chance < model_.mask_threshold ? static_cast<int32_t>(model_.mask_token_id) : masked[position];
    random_[random_count] = position;
    random_count += (chance >= model_.mask_threshold) & (chance < model_.random_threshold);
  }
  Draws random_tokens(example, Purpose::kRandomToken, random_count, fill_);
  for (size_t i = 0; i < random_count; ++i) {
    masked[random_[i]] = static_cast<int32_t>(random_tokens.below(model_.vocabulary_size));
  }
  return true;
}

bool RowMasker::find_runs(std::span<const int32_t> token_ids, const uint8_t* special_tokens_mask) {
  const size_t size = token_ids.size();
  selectable_.resize((size + 63) / 64);
  if (!find_selectable_(model_, token_ids.data(), size, selectable_.data())) return false;
  for (size_t i = 0; special_tokens_mask != nullptr && i < size; ++i) {
    selectable_[i / 64] &= ~(uint64_t{special_tokens_mask[i] != 0} << i % 64);
  }
  runs_.clear();
  uint32_t rank = 0;
  bool inside = false;
  for (size_t word = 0; word < selectable_.size(); ++word) {
    // The bits where a run begins or ends: those that differ from the one before.
    const uint64_t bits = selectable_[word];
    for (uint64_t edges = bits ^ (bits << 1 | uint64_t{inside}); edges != 0; edges &= edges - 1) {
      const auto position = static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(edges)));
      if (!inside) {
        runs_.push_back({position, rank});
      } else {
        rank += position - runs_.back().position;
      }
      inside = !inside;
    }
  }
  if (inside) rank += static_cast<uint32_t>(size) - runs_.back().position;
  selectable_count_ = rank;
  runs_.push_back({static_cast<uint32_t>(size), rank});
  return true;
}

uint64_t RowMasker::hash(std::span<const int32_t> token_ids) const {
  constexpr size_t kLanes = 8;
  std::array<uint64_t, kLanes> lanes;
  lanes.fill(0xCBF29CE484222325);
  const auto add = [&](size_t lane, int32_t id) {
    lanes[lane] = (lanes[lane] ^ static_cast<uint32_t>(id)) * 0x100000001B3;
  };
  for (size_t run = 0; run + 1 < runs_.size(); ++run) {
    const int32_t* const ids = token_ids.data() + runs_[run].position;
    const size_t first = runs_[run].rank, size = runs_[run + 1].rank - first;
    size_t i = 0;
    for (; i < size && (first + i) % kLanes != 0; ++i) add((first + i) % kLanes, ids[i]);
    for (; i + kLanes <= size; i += kLanes) {
      for (size_t lane = 0; lane < kLanes; ++lane) add(lane, ids[i + lane]);
    }
    for (size_t lane = 0; i < size; ++i, ++lane) add(lane, ids[i]);
  }
  uint64_t mixed = selectable_count_;
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
  const auto count = static_cast<size_t>(std::ceil(static_cast<float>(selectable_count_) * model_.selection_rate));
  const size_t limit = model_.selection_length > 0 ? model_.selection_length : selectable_count_;
  return std::min({count, limit, selectable_count_});
}

// Sets `count` of the first `size` bits of `selected_`, by Floyd's algorithm: a draw for each, and no list to shuffle.
void RowMasker::sample(size_t size, size_t count, Draws&& draws) {
  // In bytes at first: a byte that was just written is seldom read, and nothing waits for it.
  taken_.assign((size + 63) / 64 * 64, 0);
  for (size_t last = size - count; last < size; ++last) {
    const size_t drawn = draws.below(last + 1);
    const size_t taken = taken_[drawn];
    taken_[drawn ^ ((drawn ^ last) & (0 - taken))] = 1;  // the last where the one drawn is taken, without a branch
  }
  selected_.resize(taken_.size() / 64);
  for (size_t word = 0; word < selected_.size(); ++word) selected_[word] = pack_bytes(taken_.data() + word * 64);
}

void RowMasker::select_bernoulli(const Example& example) {
  Draws draws(example, Purpose::kSelection, selectable_count_, fill_);
  selected_.assign((selectable_count_ + 63) / 64, 0);
  for (size_t rank = 0; rank < selectable_count_; ++rank) {
    selected_[rank / 64] |= uint64_t{draws.next() < model_.selection_threshold} << rank % 64;
  }
  list_selected();
  const size_t limit = model_.selection_length;
  if (limit == 0 || selected_count_ <= limit) return;
  sample(selected_count_, limit, Draws(example, Purpose::kReduction, limit, fill_));
  std::vector<uint64_t> kept((selectable_count_ + 63) / 64);
  for (size_t i = 0; i < selected_count_; ++i) {
    if (selected(i)) kept[ranks_[i] / 64] |= uint64_t{1} << ranks_[i] % 64;
  }
  selected_.swap(kept);
}

void RowMasker::find_words(std::span<const int32_t> token_ids) {
  words_.resize(selectable_count_ + 1);
  size_t count = 0;
  for (uint32_t run = 0; run + 1 < runs_.size(); ++run) {
    const int32_t* const ids = token_ids.data() + runs_[run].position;
    const uint32_t first = runs_[run].rank, end = runs_[run + 1].rank;
    for (uint32_t rank = first; rank < end; ++rank) {
      words_[count] = {rank, run};  // kept where the next one is not written over it
      const auto id = static_cast<size_t>(ids[rank - first]);
      const bool continues = !model_.token_flags.empty() && (model_.token_flags[id] & kContinuation) != 0;
      count += static_cast<size_t>(rank == first || !continues);
    }
  }
  words_[count] = {static_cast<uint32_t>(selectable_count_), 0};
  order_.resize(count);
  std::iota(order_.begin(), order_.end(), 0);
  selected_.assign((selectable_count_ + 63) / 64, 0);
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
    const uint32_t begin = words_[word].rank, end = words_[word + 1].rank;
    if (end - begin > left) continue;
    for (uint32_t rank = begin; rank < end; ++rank) select(rank);
    left -= end - begin;
  }
}

void RowMasker::select_spans(size_t count, const Example& example) {
  Draws draws(example, Purpose::kSelection, count, fill_);
  Draws lengths(example, Purpose::kSpanLength, count, fill_);
  Draws replacement(example, Purpose::kReplacement, count, fill_);
  if (chances_.size() < selectable_count_) chances_.resize(selectable_count_);
  size_t left = count;
  for (size_t index = 0; index < order_.size() && left > 0; ++index) {
    const size_t first = shuffled(index, draws);
    const uint32_t length_chance = lengths.next();  // drawn for words that are passed over, too
    if (selected(words_[first].rank)) continue;
    const uint32_t chance = replacement.next();
    const size_t end = std::min(first + span_length(length_chance), order_.size());
    for (size_t word = first; word < end && words_[word].run == words_[first].run; ++word) {
      for (uint32_t rank = words_[word].rank; rank < words_[word + 1].rank && left > 0; ++rank) {
        if (selected(rank)) continue;
        select(rank);
        chances_[rank] = chance;
        --left;
      }
    }
  }
}

// Lists the ranks whose bits are set, and their positions.
void RowMasker::list_selected() {
  if (ranks_.size() < selectable_count_) {
    ranks_.resize(selectable_count_);
    positions_.resize(selectable_count_);
  }
  size_t listed = 0, run = 0;
  for (size_t word = 0; word < selected_.size(); ++word) {
    for (uint64_t bits = selected_[word]; bits != 0; bits &= bits - 1) {
      const auto rank = static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(bits)));
      while (rank >= runs_[run + 1].rank) ++run;
      ranks_[listed] = rank;
      positions_[listed++] = rank - runs_[run].rank + runs_[run].position;
    }
  }
  selected_count_ = listed;
}

void DenseSelections::write(size_t length, size_t row, std::span<const int32_t> token_ids,
                            std::span<const uint32_t> selected) const {
  const size_t count = selected.size();
  int64_t* const row_positions = positions + row * length;
  int32_t* const row_ids = ids + row * length;
  float* const row_weights = weights + row * length;
  for (size_t i = 0; i < count; ++i) {
    row_positions[i] = selected[i];
    row_ids[i] = token_ids[selected[i]];
  }
  std::fill_n(row_positions + count, length - count, 0);
  std::fill_n(row_ids + count, length - count, 0);
  std::fill_n(row_weights, count, 1.0F);
  std::fill_n(row_weights + count, length - count, 0.0F);
}

Status mask_tokens(const Model& model, const Rows& rows, int num_threads, int32_t* masked,
                   const DenseSelections& out) try {
  const auto take = [&](size_t row, std::span<const int32_t> ids, std::span<const uint32_t> positions) {
    out.write(model.selection_length, row, ids, positions);
  };
  const std::vector<size_t> bounds = chunks_of(rows.row_splits);
  return for_each(bounds.size() - 1, num_threads, [&] {
    return [&](size_t chunk) { return mask_rows(model, rows, bounds[chunk], bounds[chunk + 1], masked, take); };
  });
} catch (const std::bad_alloc&) {
  return Status::error(Code::kOutOfMemory, "out of memory");
}

Status mask_tokens(const Model& model, const Rows& rows, int num_threads, int32_t* masked, RaggedSelections& out) try {
  const auto mask_part = [&](size_t begin, size_t end, RaggedSelections& part, auto) {
    return mask_rows(model, rows, begin, end, masked,
                     [&](size_t, std::span<const int32_t> ids, std::span<const uint32_t> positions) {
                       part.positions.reserve_more(positions.size());
                       part.ids.reserve_more(positions.size());
                       for (const uint32_t position : positions) {
                         part.positions.push_back(position);
                         part.ids.push_back(ids[position]);
                       }
                       part.row_splits.push_back(static_cast<int64_t>(part.ids.size()));
                     });
  };
  const std::vector<size_t> bounds = chunks_of(rows.row_splits);
  constexpr size_t kTokensPerSelection = 4;  // more are rare
  reserve(rows.token_ids.size() / kTokensPerSelection, out);
  return encode_parts(bounds, num_threads, out, [&] { return mask_part; });
} catch (const std::bad_alloc&) {
  return Status::error(Code::kOutOfMemory, "out of memory");
}

}  // namespace fastnlp::masking
