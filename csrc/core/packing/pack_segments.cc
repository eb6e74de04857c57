#include "core/packing/pack_segments.h"

#include <algorithm>
#include <new>
#include <numeric>

#include "core/parallel.h"

namespace fastnlp::packing {
namespace {

constexpr size_t kTokensPerChunk = 1 << 17;  // which take longer than a thread takes to start

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

// Packs one row after another; each thread has its own.
class Packer {
 public:
  Packer(std::span<const Segment> segments, const Packing& packing, const PackedRows& out)
      : segments_(segments),
        packing_(packing),
        out_(out),
        budget_(packing.sequence_length - packing.num_special_tokens(segments.size())),
        lengths_(segments.size()),
        unfilled_(segments.size()) {}

  void pack(size_t row) {
    for (size_t i = 0; i < segments_.size(); ++i) {
      lengths_[i] = static_cast<size_t>(segments_[i].row_splits[row + 1] - segments_[i].row_splits[row]);
    }
    if (packing_.truncate == Truncate::kRoundRobin) {
      round_robin(lengths_, budget_, unfilled_);
    } else {
      waterfall(lengths_, budget_);
    }
    const size_t used = std::reduce(lengths_.begin(), lengths_.end(), packing_.num_special_tokens(segments_.size()));
    const size_t padding = packing_.sequence_length - used;
    at_ = row * packing_.sequence_length;
    if (packing_.padding_side == PaddingSide::kLeft) pad(padding);
    std::fill_n(out_.padding_mask + at_, used, true);
    append(packing_.start_value, 0);
    for (size_t i = 0; i < segments_.size(); ++i) {
      const auto start = static_cast<size_t>(segments_[i].row_splits[row]);
      append(segments_[i].values.subspan(start, lengths_[i]), i);
      append(i + 1 == segments_.size() ? packing_.end_value : packing_.sep_value, i);
    }
    if (packing_.padding_side == PaddingSide::kRight) pad(padding);
  }

 private:
  void append(std::span<const int32_t> tokens, size_t segment) {
    std::copy_n(tokens.data(), tokens.size(), out_.token_ids + at_);
    if (out_.segment_ids != nullptr) {
      std::fill_n(out_.segment_ids + at_, tokens.size(), static_cast<int32_t>(segment));
    }
    at_ += tokens.size();
  }

  void pad(size_t count) {
    std::fill_n(out_.token_ids + at_, count, packing_.pad_value);
    if (out_.segment_ids != nullptr) std::fill_n(out_.segment_ids + at_, count, 0);
    std::fill_n(out_.padding_mask + at_, count, false);
    at_ += count;
  }

  const std::span<const Segment> segments_;
  const Packing& packing_;
  const PackedRows& out_;
  const size_t budget_;  // the places that are left for tokens of segments
  std::vector<size_t> lengths_, unfilled_;
  size_t at_ = 0;  // the place of the next token
};

}  // namespace

Status pack_segments(std::span<const Segment> segments, const Packing& packing, int num_threads,
                     const PackedRows& out) {
  const size_t rows = segments.front().row_splits.size() - 1;
  const size_t rows_per_chunk = std::max<size_t>(kTokensPerChunk / packing.sequence_length, 1);
  const size_t chunks = (rows + rows_per_chunk - 1) / rows_per_chunk;
  const bool done = parallel_for(chunks, num_threads, [&] {
    return [&, packer = Packer(segments, packing, out)](size_t chunk) mutable {
      const size_t end = std::min(rows, (chunk + 1) * rows_per_chunk);
      for (size_t row = chunk * rows_per_chunk; row < end; ++row) packer.pack(row);
    };
  });
  return done ? Status{} : Status::error(Code::kOutOfMemory, "out of memory");
}

}  // namespace fastnlp::packing
