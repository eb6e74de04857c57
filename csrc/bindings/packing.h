// How rows are packed and where they go, as Python hands them over and takes them.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/buffer.h"
#include "core/packing/pack_segments.h"

namespace fastnlp {

packing::Packing as_packing(size_t sequence_length, std::vector<int32_t> start_value, std::vector<int32_t> end_value,
                            std::vector<int32_t> sep_value, int32_t pad_value, std::string_view truncate,
                            std::string_view padding_side);

// Memory that NumPy takes over.
class PackedBuffers {
 public:
  PackedBuffers(size_t tokens, bool with_segment_ids);

  packing::PackedRows rows();

  // Token ids, segment ids (empty where there are none) and padding mask, flat.
  pybind11::tuple release();

 private:
  const bool with_segment_ids_;
  Buffer<int32_t> token_ids_, segment_ids_;
  Buffer<bool> padding_mask_;
};

void register_packing(pybind11::module_& module);

}  // namespace fastnlp
