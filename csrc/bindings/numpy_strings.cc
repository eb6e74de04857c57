// NumPy's StringDType has no buffer protocol: its strings are reached through NumPy's own C API, from NumPy 2.0 on. The
// API is looked up when the first such array comes, so that the extension itself also runs on older versions.
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#define NPY_TARGET_VERSION NPY_2_0_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL fastnlp_numpy_api
#include <pybind11/pybind11.h>
// After pybind11, which includes Python.h as it must come first.
#include <numpy/arrayobject.h>

#include <memory>
#include <string>

#include "bindings/texts.h"

namespace py = pybind11;

namespace fastnlp {

void add_numpy_strings(const py::object& source, Texts& texts) {
  if (PyArray_API == nullptr && _import_array() < 0) throw py::error_already_set();
  auto* const array = reinterpret_cast<PyArrayObject*>(source.ptr());
  auto* const descr = reinterpret_cast<PyArray_StringDTypeObject*>(PyArray_DESCR(array));
  const auto rows = static_cast<size_t>(PyArray_SIZE(array));
  const char* const items = static_cast<const char*>(PyArray_DATA(array));
  const auto item_size = static_cast<size_t>(PyArray_ITEMSIZE(array));

  // Views hold only while the allocator is locked; short strings lie in the array itself. One copy of all of them frees
  // the array for other threads.
  const auto bytes = std::make_shared<std::string>();
  std::vector<size_t> ends;
  ends.reserve(rows);
  npy_string_allocator* const allocator = NpyString_acquire_allocator(descr);
  int64_t bad_row = -1;
  for (size_t row = 0; row < rows && bad_row < 0; ++row) {
    npy_static_string text = {0, nullptr};
    const auto* packed = reinterpret_cast<const npy_packed_static_string*>(items + row * item_size);
    if (NpyString_load(allocator, packed, &text) != 0) bad_row = static_cast<int64_t>(row);
    bytes->append(text.buf == nullptr ? "" : text.buf, text.size);
    ends.push_back(bytes->size());
  }
  NpyString_release_allocator(allocator);
  if (bad_row >= 0) {
    throw py::type_error("`texts` must hold text; row " + std::to_string(bad_row) + " of the array is missing.");
  }
  size_t begin = 0;
  for (const size_t end : ends) {
    texts.views_.emplace_back(bytes->data() + begin, end - begin);
    begin = end;
  }
  texts.resources_.push_back(bytes);
}

}  // namespace fastnlp
