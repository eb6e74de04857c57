#include "bindings/masking.h"

#include <pybind11/numpy.h>

#include <algorithm>
#include <cstdint>
#include <new>
#include <span>
#include <string_view>

#include "bindings/results.h"
#include "core/masking/mask_tokens.h"
#include "core/masking/model.h"

namespace py = pybind11;

namespace fastnlp {
namespace {

template <typename T>
using Array = py::array_t<T, py::array::c_style>;

template <typename T>
std::span<const T> span_of(const Array<T>& array) {
  return {array.data(), static_cast<size_t>(array.size())};
}

py::tuple mask_tokens(const py::bytes& dumped, const Array<int32_t>& token_ids, const Array<int64_t>& row_splits,
                      const Array<uint8_t>& special_tokens_mask, uint64_t seed, const Array<int64_t>& examples,
                      const Array<int64_t>& epochs, int num_threads) {
  masking::Model model;
  if (const Status status = masking::load(std::string_view(dumped), model); !status.ok()) {
    throw py::value_error(status.message);
  }
  const masking::Rows rows = {span_of(token_ids), span_of(row_splits), span_of(special_tokens_mask), seed,
                              span_of(examples),  span_of(epochs)};
  Buffer<int32_t> masked;
  Buffer<float> weights;
  masking::RaggedSelections selections;
  Status status;
  {
    const py::gil_scoped_release release;
    masked.resize(rows.token_ids.size());
    if (model.selection_length > 0) {
      const size_t size = (rows.row_splits.size() - 1) * model.selection_length;
      selections.positions.resize(size);
      selections.ids.resize(size);
      weights.resize(size);
      status = masking::mask_tokens(model, rows, num_threads, masked.data(),
                                    {selections.positions.data(), selections.ids.data(), weights.data()});
    } else {
      status = masking::mask_tokens(model, rows, num_threads, masked.data(), selections);
      weights.resize(selections.ids.size());
      std::fill_n(weights.data(), weights.size(), 1.0F);
    }
  }
  if (status.code == Code::kOutOfMemory) throw std::bad_alloc();
  if (!status.ok()) throw py::value_error(status.message);
  return py::make_tuple(to_numpy(masked), to_numpy(selections.positions), to_numpy(selections.ids), to_numpy(weights),
                        to_numpy(selections.row_splits));
}

}  // namespace

void register_masking(py::module_& module) {
  module.def("mask_tokens", &mask_tokens, py::arg("dumped"), py::arg("token_ids"), py::arg("row_splits"),
             py::arg("special_tokens_mask"), py::arg("seed"), py::arg("examples"), py::arg("epochs"),
             py::arg("num_threads"),
             "The token ids, and the positions, ids, weights and row splits of those that were selected: flat, and "
             "without row splits where the model gives them one length.");
}

}  // namespace fastnlp
