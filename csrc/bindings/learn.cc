#include "bindings/learn.h"

#include <pybind11/stl.h>

#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/wordpiece/learn.h"

namespace py = pybind11;

namespace fastnlp {
namespace {

// Views of the UTF-8 of many str, which it keeps alive. Lone surrogates are encoded as if they were characters.
class Words {
 public:
  explicit Words(const py::list& words) : words_(words) {
    views_.reserve(words.size());
    for (const py::handle word : words) views_.push_back(view(word));
  }

  const std::vector<std::string_view>& views() const { return views_; }

 private:
  std::string_view view(py::handle word) {
    Py_ssize_t size = 0;
    if (const char* const text = PyUnicode_AsUTF8AndSize(word.ptr(), &size)) return {text, static_cast<size_t>(size)};
    PyErr_Clear();
    PyObject* const encoded = PyUnicode_AsEncodedString(word.ptr(), "utf-8", "surrogatepass");
    if (encoded == nullptr) throw py::error_already_set();
    encoded_.push_back(py::reinterpret_steal<py::bytes>(encoded));
    return encoded_.back();
  }

  py::list words_;
  std::vector<py::bytes> encoded_;
  std::vector<std::string_view> views_;
};

py::list to_list(const std::vector<std::string>& tokens) {
  py::list list(tokens.size());
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::string& token = tokens[i];
    PyObject* const str = PyUnicode_DecodeUTF8(token.data(), static_cast<Py_ssize_t>(token.size()), "surrogatepass");
    if (str == nullptr) throw py::error_already_set();
    PyList_SET_ITEM(list.ptr(), static_cast<Py_ssize_t>(i), str);
  }
  return list;
}

py::list learn(const py::dict& counts, int64_t vocabulary_size, const py::list& reserved_tokens,
               const py::str& suffix_indicator, int64_t upper_threshold, int64_t lower_threshold,
               int64_t num_iterations, int64_t max_input_tokens, int64_t max_token_length,
               int64_t max_unique_characters, double slack_ratio, const py::object& on_evaluate, bool subtract_kept,
               int num_threads) {
  const Words words(py::reinterpret_steal<py::list>(PyDict_Keys(counts.ptr())));
  const auto numbers = py::reinterpret_steal<py::list>(PyDict_Values(counts.ptr())).cast<std::vector<int64_t>>();
  const Words reserved(reserved_tokens);
  py::list indicator;
  indicator.append(suffix_indicator);

  wordpiece::LearnOptions options;
  options.vocabulary_size = vocabulary_size;
  options.reserved_tokens.assign(reserved.views().begin(), reserved.views().end());
  options.suffix_indicator = Words(indicator).views().front();
  options.upper_threshold = upper_threshold;
  options.lower_threshold = lower_threshold;
  options.num_iterations = num_iterations;
  options.max_input_tokens = max_input_tokens;
  options.max_token_length = max_token_length;
  options.max_unique_characters = max_unique_characters;
  options.slack_ratio = slack_ratio;
  options.subtract_kept = subtract_kept;
  options.num_threads = num_threads;

  // Between two thresholds: Python is told of the one, and may end the search with an error, or with Ctrl-C.
  std::optional<py::error_already_set> error;
  const auto report = [&](int64_t threshold, int64_t size) {
    const py::gil_scoped_acquire acquire;
    try {
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
      if (!on_evaluate.is_none()) on_evaluate(threshold, size);
    } catch (py::error_already_set& raised) {
      error = raised;
    }
    return !error;
  };
  std::vector<std::string> tokens;
  Status status;
  {
    const py::gil_scoped_release release;
    status = wordpiece::learn(words.views(), numbers, options, report, tokens);
  }
  if (error) throw *error;
  if (status.code == Code::kInvalidSize) throw py::value_error(status.message);
  if (!status.ok()) throw std::bad_alloc();
  return to_list(tokens);
}

}  // namespace

void register_learn(py::module_& module) {
  module.def("learn", &learn, py::arg("counts"), py::arg("vocabulary_size"), py::arg("reserved_tokens"),
             py::arg("suffix_indicator"), py::kw_only(), py::arg("upper_threshold"), py::arg("lower_threshold"),
             py::arg("num_iterations"), py::arg("max_input_tokens"), py::arg("max_token_length"),
             py::arg("max_unique_characters"), py::arg("slack_ratio"), py::arg("on_evaluate"), py::arg("subtract_kept"),
             py::arg("num_threads"), "The tokens of a vocabulary, by token id.");
}

}  // namespace fastnlp
