// What core made, as an array that NumPy owns.
#pragma once

#include <pybind11/numpy.h>

#include <cstdlib>

#include "core/buffer.h"

namespace fastnlp {

template <typename T>
pybind11::array_t<T> to_numpy(Buffer<T>& buffer) {
  const size_t size = buffer.size();
  T* const data = buffer.release();
  const pybind11::capsule owner(data, [](void* memory) { std::free(memory); });
  return pybind11::array_t<T>(static_cast<pybind11::ssize_t>(size), data, owner);
}

}  // namespace fastnlp
