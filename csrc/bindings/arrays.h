// NumPy's arrays as arguments.
#pragma once

#include <pybind11/numpy.h>

#include <cstddef>
#include <span>

namespace fastnlp {

template <typename T>
using Array = pybind11::array_t<T, pybind11::array::c_style>;

template <typename T>
std::span<const T> span_of(const Array<T>& array) {
  return {array.data(), static_cast<size_t>(array.size())};
}

}  // namespace fastnlp
