// Python's containers of text, seen as views.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/text/source.h"

namespace fastnlp {

// Views of the texts of one container, and what keeps them alive. The items of a list or tuple are read when they are
// asked for. All members need the GIL.
class Texts final : public TextSource {
 public:
  explicit Texts(const pybind11::object& source);

  // The lines of a buffer of bytes.
  Texts(const pybind11::buffer& buffer, char delimiter);

  ~Texts() override;

  Read read(size_t bytes) override;
  void let_go(size_t row) override;
  bool lets_go() const { return !held_.empty(); }  // or has nothing to let go

  // All of them.
  std::span<const std::string_view> views() { return read(kAll).texts; }

 private:
  friend class ArrowTexts;
  friend void add_numpy_strings(const pybind11::object& array, Texts& texts);

  bool add_item(PyObject* item, Py_ssize_t i);
  void add_numpy(const pybind11::object& array);
  void add_arrow(const pybind11::object& column);

  std::vector<std::string_view> views_;
  std::vector<pybind11::object> objects_;         // that own the bytes
  std::vector<std::shared_ptr<void>> resources_;  // the same, outside Python

  pybind11::object sequence_;    // that is read
  size_t most_ = kAll;           // texts of it, as many as it had at first
  size_t bytes_ = 0;             // of what was read of it
  std::vector<PyObject*> held_;  // items of a list, which may change
  size_t let_go_ = 0;            // of them
};

// Adds the texts of a NumPy array of dtype StringDType.
void add_numpy_strings(const pybind11::object& array, Texts& texts);

void register_texts(pybind11::module_& module);

}  // namespace fastnlp
