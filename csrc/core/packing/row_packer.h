// One row of tokens of a fixed length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/packing/pack_segments.h"

namespace fastnlp::packing {

// Packs one row after another; each thread has its own.
class RowPacker {
 public:
  // Both outlive it.
  RowPacker(size_t num_segments, const Packing& packing, const PackedRows& out);

  // How many tokens of a segment can be kept at most: what is behind them changes nothing.
  size_t budget() const { return budget_; }

  // Packs the segments of a row, `num_segments` of them.
  void pack(std::span<const std::span<const int32_t>> segments, size_t row);

 private:
  void append(std::span<const int32_t> tokens, size_t segment);
  void pad(size_t count);

  const Packing& packing_;
  const PackedRows& out_;
  const size_t num_special_tokens_;
  const size_t budget_;
  std::vector<size_t> lengths_, unfilled_;
  size_t at_ = 0;  // the place of the next token
};

}  // namespace fastnlp::packing
