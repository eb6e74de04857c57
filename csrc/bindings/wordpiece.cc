#include "bindings/wordpiece.h"

#include <pybind11/numpy.h>

#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/texts.h"
#include "bindings/to_numpy.h"
#include "core/text/utf8.h"
#include "core/wordpiece/decode.h"
#include "core/wordpiece/encode.h"
#include "core/wordpiece/encode_with_offsets.h"
#include "core/wordpiece/model.h"

namespace py = pybind11;

namespace fastnlp {
namespace {

using wordpiece::Model;

[[noreturn]] void raise(const Status& status) {
  switch (status.code) {
    case Code::kOutOfMemory: throw std::bad_alloc();
    case Code::kInvalidUtf8:
      throw py::value_error("`texts` row " + std::to_string(status.row) + ": invalid UTF-8 at byte " +
                            std::to_string(status.byte_offset) + " (errors='strict').");
    default: throw py::value_error(status.message);
  }
}

std::shared_ptr<const Model> load(const py::bytes& dumped) {
  std::shared_ptr<const Model> model;
  if (const Status status = wordpiece::load(std::string_view(dumped), model); !status.ok()) raise(status);
  return model;
}

py::tuple encode(const Model& model, const Texts& texts, int num_threads, bool strict) {
  wordpiece::RaggedIds ids;
  Status status;
  {
    const py::gil_scoped_release release;
    status = wordpiece::encode(model, texts.views(), {num_threads, strict}, ids);
  }
  if (!status.ok()) raise(status);
  return py::make_tuple(to_numpy(ids.values), to_numpy(ids.row_splits));
}

// A str of valid UTF-8; null where memory ran out. ASCII, which needs no second look, is copied as it is.
PyObject* to_str(std::string_view text) {
  const auto size = static_cast<Py_ssize_t>(text.size());
  if (!utf8::is_ascii(text)) return PyUnicode_DecodeUTF8(text.data(), size, nullptr);
  PyObject* const str = PyUnicode_New(size, 127);
  if (str != nullptr && size > 0) std::memcpy(PyUnicode_DATA(str), text.data(), text.size());
  return str;
}

py::tuple encode_with_offsets(const Model& model, const Texts& texts, int num_threads, bool strict) {
  wordpiece::RaggedTokens tokens;
  Status status;
  {
    const py::gil_scoped_release release;
    status = wordpiece::encode_with_offsets(model, texts.views(), {num_threads, strict}, tokens);
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

}  // namespace

void register_wordpiece(py::module_& module) {
  py::class_<Model, std::shared_ptr<Model>>(module, "WordPieceModel", "A vocabulary and the rules that go with it.")
      .def(py::init([](const py::bytes& dumped) { return std::const_pointer_cast<Model>(load(dumped)); }),
           py::arg("dumped"))
      .def("encode", &encode, py::arg("texts"), py::arg("num_threads"), py::arg("strict"),
           "Token ids, int32, and row splits, int64, of all texts.")
      .def("encode_with_offsets", &encode_with_offsets, py::arg("texts"), py::arg("num_threads"), py::arg("strict"),
           "Token ids, int32; byte offsets and character offsets, two a token; word numbers and row splits, int64.")
      .def("decode", &decode, py::arg("ids"), py::arg("row_splits"), py::arg("num_threads"),
           "The text of every row of ids.");
}

}  // namespace fastnlp
