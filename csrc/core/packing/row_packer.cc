#include "core/packing/row_packer.h"

#include <algorithm>
#include <numeric>

namespace fastnlp::packing {
namespace {

// Cuts lengths down to `budget` in all: places go round, one at a time, to the segments that still have a token.
// `unfilled` is scratch of the same size.
void round_robin(std::span<size_t> lengths, size_t budget, std::span<size_t> unfilled) {
  if (std::reduce(lengths.begin(), lengths.end()) <= budget) return;
  // The shortest are filled first. Once one can no longer be, the places that are left are shared out evenly.
  std::iota(unfilled.begin(), unfilled.end(), size_t{0});
  std::ranges::sort(unfilled, {}, [&](size_t segment) { return lengths[segment]; });
  while (lengths[unfilled.front()] * unfilled.size() <= budget) {
    budget -= lengths[unfilled.front()];
    unfilled = unfilled.subspan(1);
  }
  const size_t share = budget / unfilled.size();
  const size_t rest = budget % unfilled.size();
  std::ranges::sort(unfilled);
  for (size_t i = 0; i < unfilled.size(); ++i) lengths[unfilled[i]] = share + (i < rest);
}

// Cuts lengths down to `budget` in all: the first segment takes what it can, the second what is left, and so on.
void waterfall(std::span<size_t> lengths, size_t budget) {
  for (size_t& length : lengths) {
    length = std::min(length, budget);
    budget -= length;
  }
}

}  // namespace

RowPacker::RowPacker(size_t num_segments, const Packing& packing, const PackedRows& out)
    : packing_(packing),
      out_(out),
      num_special_tokens_(packing.num_special_tokens(num_segments)),
      budget_(packing.sequence_length - num_special_tokens_),
      lengths_(num_segments),
      unfilled_(num_segments) {}

void RowPacker::pack(std::span<const std::span<const int32_t>> segments, size_t row) {
  std::ranges::transform(segments, lengths_.begin(), [](const auto& segment) { return segment.size(); });
  if (packing_.truncate == Truncate::kRoundRobin) {
    round_robin(lengths_, budget_, unfilled_);
  } else {
    waterfall(lengths_, budget_);
  }
  const size_t used = std::reduce(lengths_.begin(), lengths_.end(), num_special_tokens_);
  const size_t padding = packing_.sequence_length - used;
  at_ = row * packing_.sequence_length;
  if (packing_.padding_side == PaddingSide::kLeft) pad(padding);
  std::fill_n(out_.padding_mask + at_, used, true);
  append(packing_.start_value, 0);
  for (size_t i = 0; i < segments.size(); ++i) {
    append(segments[i].first(lengths_[i]), i);
    append(i + 1 == segments.size() ? packing_.end_value : packing_.sep_value, i);
  }
  if (packing_.padding_side == PaddingSide::kRight) pad(padding);
}

void RowPacker::append(std::span<const int32_t> tokens, size_t segment) {
  std::copy_n(tokens.data(), tokens.size(), out_.token_ids + at_);
  if (out_.segment_ids != nullptr) {
    std::fill_n(out_.segment_ids + at_, tokens.size(), static_cast<int32_t>(segment));
  }
  at_ += tokens.size();
}

void RowPacker::pad(size_t count) {
  std::fill_n(out_.token_ids + at_, count, packing_.pad_value);
  if (out_.segment_ids != nullptr) std::fill_n(out_.segment_ids + at_, count, 0);
  std::fill_n(out_.padding_mask + at_, count, false);
  at_ += count;
}

}  // namespace fastnlp::packing
