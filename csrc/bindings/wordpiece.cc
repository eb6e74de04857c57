#include "bindings/wordpiece.h"

#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings/arrays.h"
#include "bindings/packing.h"
#include "bindings/results.h"
#include "bindings/texts.h"
#include "core/masking/model.h"
#include "core/text/source.h"
#include "core/wordpiece/decode.h"
#include "core/wordpiece/encode.h"
#include "core/wordpiece/encode_and_mask.h"
#include "core/wordpiece/encode_and_pack.h"
#include "core/wordpiece/encode_with_offsets.h"
#include "core/wordpiece/ladder.h"
#include "core/wordpiece/model.h"

namespace py = pybind11;

namespace fastnlp {
namespace {

using wordpiece::Model;

std::shared_ptr<const Model> load(const py::bytes& dumped) {
  std::shared_ptr<const Model> model;
  if (const Status status = wordpiece::load(std::string_view(dumped), model); !status.ok()) raise(status);
  return model;
}

// Texts of Python, read with the GIL, which is free from then on but to let texts go.
class ReleasingTexts final : public TextSource {
 public:
  // Calls at_end(bytes) when all are read.
  ReleasingTexts(Texts& texts, std::function<void(size_t)> at_end) : texts_(texts), at_end_(std::move(at_end)) {}

  Read read(size_t bytes) override {
    const Read read = texts_.read(bytes);
    if (read.is_all) {
      release_.emplace();
      at_end_(read.bytes);
    }
    return read;
  }

  void let_go(size_t row) override {
    if (!texts_.lets_go()) return;
    release_.reset();
    texts_.let_go(row);
    release_.emplace();
  }

 private:
  Texts& texts_;
  const std::function<void(size_t)> at_end_;
  std::optional<py::gil_scoped_release> release_;
};

py::tuple encode(const Model& model, Texts& texts, int num_threads, bool strict) {
  wordpiece::RaggedIds ids;
  Status status;
  {
    // As many bytes as the ids have, or so.
    ReleasingTexts source(texts, [&](size_t bytes) { SpareMemory::get().lend(bytes, ids.values); });
    status = wordpiece::encode(model, source, {num_threads, strict}, ids);
  }
  if (!status.ok()) raise(status);
  return py::make_tuple(to_numpy(ids.values), to_numpy(ids.row_splits));
}

py::tuple encode_and_pack(const Model& model, const std::vector<Texts*>& segments, size_t sequence_length,
                          std::vector<int32_t> start_value, std::vector<int32_t> end_value,
                          std::vector<int32_t> sep_value, int32_t pad_value, std::string_view truncate,
                          std::string_view padding_side, int num_threads, bool strict) {
  const packing::Packing packing = as_packing(sequence_length, std::move(start_value), std::move(end_value),
                                              std::move(sep_value), pad_value, truncate, padding_side);
  std::vector<std::span<const std::string_view>> views;
  for (Texts* const texts : segments) views.emplace_back(texts->views());
  PackedBuffers packed(views.front().size() * sequence_length, /*with_segment_ids=*/true);
  Status status;
  {
    const py::gil_scoped_release release;
    status = wordpiece::encode_and_pack(model, views, {num_threads, strict}, packing, packed.rows());
  }
  if (!status.ok()) raise(status);
  return packed.release();
}

py::tuple encode_and_mask(const Model& model, const std::vector<Texts*>& segments, size_t sequence_length,
                          std::vector<int32_t> start_value, std::vector<int32_t> end_value,
                          std::vector<int32_t> sep_value, int32_t pad_value, std::string_view truncate,
                          std::string_view padding_side, const py::bytes& masking, uint64_t seed,
                          const Array<int64_t>& examples, const Array<int64_t>& epochs, int num_threads, bool strict) {
  const packing::Packing packing = as_packing(sequence_length, std::move(start_value), std::move(end_value),
                                              std::move(sep_value), pad_value, truncate, padding_side);
  masking::Model masking_model;
  if (const Status status = masking::load(std::string_view(masking), masking_model); !status.ok()) raise(status);
  const wordpiece::MaskNumbers numbers = {seed, span_of(examples), span_of(epochs)};
  std::vector<std::span<const std::string_view>> views;
  for (Texts* const texts : segments) views.emplace_back(texts->views());
  PackedBuffers packed(views.front().size() * sequence_length, /*with_segment_ids=*/true);
  Buffer<int64_t> positions;
  Buffer<int32_t> ids;
  Buffer<float> weights;
  const size_t selected = views.front().size() * masking_model.selection_length;
  positions.resize(selected);
  ids.resize(selected);
  weights.resize(selected);
  Status status;
  {
    const py::gil_scoped_release release;
    status = wordpiece::encode_and_mask(model, views, {num_threads, strict}, packing, masking_model, numbers,
                                        packed.rows(), {positions.data(), ids.data(), weights.data()});
  }
  if (!status.ok()) raise(status);
  return py::make_tuple(packed.release(), py::make_tuple(to_numpy(positions), to_numpy(ids), to_numpy(weights)));
}

py::tuple encode_with_offsets(const Model& model, Texts& texts, int num_threads, bool strict) {
  wordpiece::RaggedTokens tokens;
  Status status;
  {
    ReleasingTexts source(texts, [](size_t) {});
    status = wordpiece::encode_with_offsets(model, source, {num_threads, strict}, tokens);
  }
  if (!status.ok()) raise(status);
  return py::make_tuple(to_numpy(tokens.ids), to_numpy(tokens.byte_offsets), to_numpy(tokens.char_offsets),
                        to_numpy(tokens.word_ids), to_numpy(tokens.row_splits));
}

py::list decode(const Model& model, const py::array_t<int32_t, py::array::c_style>& ids,
                const py::array_t<int64_t, py::array::c_style>& row_splits, int num_threads) {
  const std::span<const int32_t> id_span(ids.data(), static_cast<size_t>(ids.size()));
  const std::span<const int64_t> split_span(row_splits.data(), static_cast<size_t>(row_splits.size()));
  std::vector<py::object> rows(split_span.size() - 1);
  const auto take = [&](size_t first_row, const wordpiece::RaggedText& texts) {
    const py::gil_scoped_acquire acquire;
    for (size_t row = 0; row < texts.rows(); ++row) {
      PyObject* const str = to_str(texts[row]);
      if (str == nullptr) {
        PyErr_Clear();
        throw std::bad_alloc();
      }
      rows[first_row + row] = py::reinterpret_steal<py::object>(str);
    }
  };
  Status status;
  {
    const py::gil_scoped_release release;
    status = wordpiece::decode(model, id_span, split_span, num_threads, take);
  }
  if (!status.ok()) raise(status);
  py::list list(rows.size());
  for (size_t row = 0; row < rows.size(); ++row) {
    PyList_SET_ITEM(list.ptr(), static_cast<Py_ssize_t>(row), rows[row].release().ptr());
  }
  return list;
}

// The texts are kept alive by the binding.
class Ladder {
 public:
  Ladder(std::shared_ptr<const Model> model, Texts& texts) : model_(std::move(model)) {
    if (const Status status = wordpiece::Ladder::check(*model_); !status.ok()) raise(status);
    const auto views = texts.views();
    const py::gil_scoped_release release;
    ladder_.emplace(*model_, views);
  }

  size_t run(wordpiece::Step step) {
    const py::gil_scoped_release release;
    return ladder_->run(step);
  }

  py::array_t<int32_t> ids() const {
    return py::array_t<int32_t>(static_cast<py::ssize_t>(ladder_->ids().size()), ladder_->ids().data());
  }

  size_t pieces() const { return ladder_->pieces(); }
  size_t missed() const { return ladder_->missed(); }

 private:
  std::shared_ptr<const Model> model_;
  std::optional<wordpiece::Ladder> ladder_;
};

}  // namespace

void register_wordpiece(py::module_& module) {
  py::class_<Model, std::shared_ptr<Model>>(module, "WordPieceModel", "A vocabulary and the rules that go with it.")
      .def(py::init([](const py::bytes& dumped) { return std::const_pointer_cast<Model>(load(dumped)); }),
           py::arg("dumped"))
      .def("encode", &encode, py::arg("texts"), py::arg("num_threads"), py::arg("strict"),
           "Token ids, int32, and row splits, int64, of all texts.")
      .def("encode_with_offsets", &encode_with_offsets, py::arg("texts"), py::arg("num_threads"), py::arg("strict"),
           "Token ids, int32; byte offsets and character offsets, two a token; word numbers and row splits, int64.")
      .def("encode_and_pack", &encode_and_pack, py::arg("segments"), py::arg("sequence_length"), py::arg("start_value"),
           py::arg("end_value"), py::arg("sep_value"), py::arg("pad_value"), py::arg("truncate"),
           py::arg("padding_side"), py::arg("num_threads"), py::arg("strict"),
           "Token ids, segment ids and padding mask of rows of texts, flat.")
      .def("encode_and_mask", &encode_and_mask, py::arg("segments"), py::arg("sequence_length"), py::arg("start_value"),
           py::arg("end_value"), py::arg("sep_value"), py::arg("pad_value"), py::arg("truncate"),
           py::arg("padding_side"), py::arg("masking"), py::arg("seed"), py::arg("examples"), py::arg("epochs"),
           py::arg("num_threads"), py::arg("strict"),
           "The same with tokens masked; and the positions, ids and weights of those that were selected, flat.")
      .def(
          "forget", [](const Model& self) { self.scratch_pool.forget(); },
          "Empties all caches, as they are before the first call: what they know of texts, not of the vocabulary.")
      .def("decode", &decode, py::arg("ids"), py::arg("row_splits"), py::arg("num_threads"),
           "The text of every row of ids.");

  auto ladder = py::class_<Ladder>(module, "WordPieceLadder", "The steps of `encode`, to be timed one by one.");
  ladder.def(py::init<std::shared_ptr<const Model>, Texts&>(), py::arg("model"), py::arg("texts"),
             py::keep_alive<1, 3>());
  for (const auto& [name, step] : {std::pair{"copy", wordpiece::Step::kCopy},
                                   {"fill", wordpiece::Step::kFill},
                                   {"find_pieces", wordpiece::Step::kFindPieces},
                                   {"make_keys", wordpiece::Step::kMakeKeys},
                                   {"look_up", wordpiece::Step::kLookUp}}) {
    ladder.def(
        name, [step = step](Ladder& self) { return self.run(step); },
        "Does this step and those before it; the number of what it deals with.");
  }
  ladder.def("ids", &Ladder::ids, "The ids of all texts.")
      .def_property_readonly("pieces", &Ladder::pieces)
      .def_property_readonly("missed", &Ladder::missed,
                             "The pieces whose line in the cache lacks them, warm as it is.");
}

}  // namespace fastnlp
