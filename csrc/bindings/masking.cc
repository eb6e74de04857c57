#include "bindings/masking.h"

#include <pybind11/numpy.h>

#include <algorithm>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings/arrays.h"
#include "bindings/packing.h"
#include "bindings/results.h"
#include "core/masking/mask_tokens.h"
#include "core/masking/model.h"
#include "core/masking/pack_documents.h"

namespace py = pybind11;

namespace fastnlp {
namespace {

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

template <typename Id>
py::tuple pack_documents(const Array<Id>& ids, const Array<int64_t>& starts, const Array<int64_t>& lengths,
                         size_t sequence_length, std::vector<int32_t> start_value, std::vector<int32_t> end_value,
                         std::vector<int32_t> sep_value, int32_t pad_value, std::string_view truncate,
                         std::string_view padding_side, const std::optional<py::bytes>& dumped, uint64_t seed,
                         uint64_t epoch, const Array<int64_t>& examples, int num_threads) {
  const packing::Packing packing = as_packing(sequence_length, std::move(start_value), std::move(end_value),
                                              std::move(sep_value), pad_value, truncate, padding_side);
  const auto rows = static_cast<size_t>(starts.size());
  masking::Masking masking{{}, seed, epoch, span_of(examples)};
  if (dumped) {
    if (const Status status = masking::load(std::string_view(*dumped), masking.model); !status.ok()) {
      throw py::value_error(status.message);
    }
  }
  Buffer<int64_t> positions;
  Buffer<int32_t> selected_ids;
  Buffer<float> weights;
  std::optional<PackedBuffers> packed;
  Status status;
  {
    const py::gil_scoped_release release;
    packed.emplace(rows * sequence_length, false);
    const size_t size = dumped ? rows * masking.model.selection_length : 0;
    positions.resize(size);
    selected_ids.resize(size);
    weights.resize(size);
    status = masking::pack_documents<Id>({span_of(ids), span_of(starts), span_of(lengths)}, packing,
                                         dumped ? &masking : nullptr, num_threads, packed->rows(),
                                         {positions.data(), selected_ids.data(), weights.data()});
  }
  if (status.code == Code::kOutOfMemory) throw std::bad_alloc();
  if (!status.ok()) throw py::value_error(status.message);
  return packed->release() + py::make_tuple(to_numpy(positions), to_numpy(selected_ids), to_numpy(weights));
}

template <typename Id>
void register_pack_documents(py::module_& module) {
  module.def("pack_documents", &pack_documents<Id>, py::arg("ids").noconvert(), py::arg("starts"), py::arg("lengths"),
             py::arg("sequence_length"), py::arg("start_value"), py::arg("end_value"), py::arg("sep_value"),
             py::arg("pad_value"), py::arg("truncate"), py::arg("padding_side"), py::arg("dumped"), py::arg("seed"),
             py::arg("epoch"), py::arg("examples"), py::arg("num_threads"),
             "Token ids, nothing, and padding mask of documents, each packed into a row; and the positions, ids and "
             "weights of the tokens that were selected, which are empty where there is no model. All flat.");
}

}  // namespace

void register_masking(py::module_& module) {
  module.def("mask_tokens", &mask_tokens, py::arg("dumped"), py::arg("token_ids"), py::arg("row_splits"),
             py::arg("special_tokens_mask"), py::arg("seed"), py::arg("examples"), py::arg("epochs"),
             py::arg("num_threads"),
             "The token ids, and the positions, ids, weights and row splits of those that were selected: flat, and "
             "without row splits where the model gives them one length.");
  register_pack_documents<uint16_t>(module);
  register_pack_documents<int32_t>(module);
}

}  // namespace fastnlp
