// Segments of tokens, with special tokens around them, as rows of one length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/status.h"

namespace fastnlp::packing {

enum class Truncate { kRoundRobin, kWaterfall };
enum class PaddingSide { kRight, kLeft };

// A row is: start, segment 0, separator, segment 1, separator, …, end, and padding on one side.
struct Packing {
  size_t sequence_length = 0;
  std::vector<int32_t> start_value;
  std::vector<int32_t> end_value;
  std::vector<int32_t> sep_value;
  int32_t pad_value = 0;
  Truncate truncate = Truncate::kRoundRobin;
  PaddingSide padding_side = PaddingSide::kRight;

  size_t num_special_tokens(size_t num_segments) const {
    return start_value.size() + (num_segments - 1) * sep_value.size() + end_value.size();
  }
};

// One segment of every row: that of row i is values[row_splits[i]] up to values[row_splits[i + 1]].
struct Segment {
  std::span<const int32_t> values;
  std::span<const int64_t> row_splits;

  std::span<const int32_t> operator[](size_t row) const {
    const auto begin = static_cast<size_t>(row_splits[row]);
    return values.subspan(begin, static_cast<size_t>(row_splits[row + 1]) - begin);
  }
};

// Where the rows go, [rows, sequence_length] each.
struct PackedRows {
  int32_t* token_ids;
  int32_t* segment_ids;  // which segment a token is of; null where nobody asks
  bool* padding_mask;    // true where there is a token
};

// Packs the segments of every row, of which there is at least one. All have the same number of rows, and their row
// splits begin with 0, do not decrease and end with the number of values. The special tokens fit into a row.
Status pack_segments(std::span<const Segment> segments, const Packing& packing, int num_threads, const PackedRows& out);

}  // namespace fastnlp::packing
