// What kernels return, as Python sees it.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include "bindings/spare_memory.h"
#include "core/buffer.h"
#include "core/status.h"
#include "core/text/utf8.h"

namespace fastnlp {

[[noreturn]] inline void raise(const Status& status) {
  switch (status.code) {
    case Code::kOutOfMemory: throw std::bad_alloc();
    case Code::kInvalidUtf8:
      throw pybind11::value_error("`texts` row " + std::to_string(status.row) + ": invalid UTF-8 at byte " +
                                  std::to_string(status.byte_offset) + " (errors='strict').");
    default: throw pybind11::value_error(status.message);
  }
}

// Hands the memory of a buffer to NumPy.
template <typename T>
pybind11::array_t<T> to_numpy(Buffer<T>& buffer) {
  const size_t size = buffer.size();
  auto block = std::make_unique<MemoryBlock>();
  *block = buffer.release();
  auto* const data = static_cast<T*>(block->memory);
  const pybind11::capsule owner(block.release(),
                                [](void* kept) { SpareMemory::get().give(static_cast<MemoryBlock*>(kept)); });
  return pybind11::array_t<T>(static_cast<pybind11::ssize_t>(size), data, owner);
}

// A str of valid UTF-8; null where memory ran out. ASCII, which needs no second look, is copied as it is.
inline PyObject* to_str(std::string_view text) {
  const auto size = static_cast<Py_ssize_t>(text.size());
  if (!utf8::is_ascii(text)) return PyUnicode_DecodeUTF8(text.data(), size, nullptr);
  PyObject* const str = PyUnicode_New(size, 127);
  if (str != nullptr && size > 0) std::memcpy(PyUnicode_DATA(str), text.data(), text.size());
  return str;
}

}  // namespace fastnlp
