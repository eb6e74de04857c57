#include "bindings/packing.h"

#include <pybind11/numpy.h>

#include <new>
#include <utility>

#include "bindings/arrays.h"
#include "bindings/results.h"

namespace py = pybind11;

namespace fastnlp {

packing::Packing as_packing(size_t sequence_length, std::vector<int32_t> start_value, std::vector<int32_t> end_value,
                            std::vector<int32_t> sep_value, int32_t pad_value, std::string_view truncate,
                            std::string_view padding_side) {
  return {
      sequence_length,
      std::move(start_value),
      std::move(end_value),
      std::move(sep_value),
      pad_value,
      truncate == "waterfall" ? packing::Truncate::kWaterfall : packing::Truncate::kRoundRobin,
      padding_side == "left" ? packing::PaddingSide::kLeft : packing::PaddingSide::kRight,
  };
}

PackedBuffers::PackedBuffers(size_t tokens, bool with_segment_ids) : with_segment_ids_(with_segment_ids) {
  const auto resize = [tokens](auto& buffer) {
    SpareMemory::get().lend(tokens * sizeof(*buffer.data()), buffer);
    buffer.resize(tokens);
  };
  resize(token_ids_);
  if (with_segment_ids) resize(segment_ids_);
  resize(padding_mask_);
}

packing::PackedRows PackedBuffers::rows() {
  return {token_ids_.data(), with_segment_ids_ ? segment_ids_.data() : nullptr, padding_mask_.data()};
}

py::tuple PackedBuffers::release() {
  return py::make_tuple(to_numpy(token_ids_), to_numpy(segment_ids_), to_numpy(padding_mask_));
}

namespace {

py::tuple pack_segments(const std::vector<std::pair<Array<int32_t>, Array<int64_t>>>& segments, size_t sequence_length,
                        std::vector<int32_t> start_value, std::vector<int32_t> end_value,
                        std::vector<int32_t> sep_value, int32_t pad_value, std::string_view truncate,
                        std::string_view padding_side, bool return_segment_ids, int num_threads) {
  const packing::Packing packing = as_packing(sequence_length, std::move(start_value), std::move(end_value),
                                              std::move(sep_value), pad_value, truncate, padding_side);
  std::vector<packing::Segment> views;
  for (const auto& [values, row_splits] : segments) {
    views.push_back({{values.data(), static_cast<size_t>(values.size())},
                     {row_splits.data(), static_cast<size_t>(row_splits.size())}});
  }
  PackedBuffers packed((views.front().row_splits.size() - 1) * sequence_length, return_segment_ids);
  Status status;
  {
    const py::gil_scoped_release release;
    status = packing::pack_segments(views, packing, num_threads, packed.rows());
  }
  if (!status.ok()) throw std::bad_alloc();
  return packed.release();
}

}  // namespace

void register_packing(py::module_& module) {
  module.def(
      "pack_segments", &pack_segments, py::arg("segments"), py::arg("sequence_length"), py::arg("start_value"),
      py::arg("end_value"), py::arg("sep_value"), py::arg("pad_value"), py::arg("truncate"), py::arg("padding_side"),
      py::arg("return_segment_ids"), py::arg("num_threads"),
      "Token ids, segment ids (empty where not asked for) and padding mask of rows of values and row splits, flat.");
}

}  // namespace fastnlp
