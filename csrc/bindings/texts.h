// Python's containers of text, seen as views.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <string_view>
#include <vector>

namespace fastnlp {

// Views of every text of one container, and what keeps them alive. Immutable.
class Texts {
 public:
  explicit Texts(const pybind11::object& source);

  // The lines of a buffer of bytes.
  Texts(const pybind11::buffer& buffer, char delimiter);

  Texts(const Texts&) = delete;
  Texts& operator=(const Texts&) = delete;
  ~Texts();

  const std::vector<std::string_view>& views() const { return views_; }

 private:
  friend class ArrowTexts;
  friend void add_numpy_strings(const pybind11::object& array, Texts& texts);

  void add_sequence(const pybind11::object& sequence);
  void add_item(PyObject* item, Py_ssize_t i);
  void add_numpy(const pybind11::object& array);
  void add_arrow(const pybind11::object& column);

  std::vector<std::string_view> views_;
  std::vector<pybind11::object> objects_;         // that own the bytes
  std::vector<std::shared_ptr<void>> resources_;  // the same, outside Python
};

// Adds the texts of a NumPy array of dtype StringDType.
void add_numpy_strings(const pybind11::object& array, Texts& texts);

void register_texts(pybind11::module_& module);

}  // namespace fastnlp
