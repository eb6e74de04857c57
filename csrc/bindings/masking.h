#pragma once

#include <pybind11/pybind11.h>

namespace fastnlp {

void register_masking(pybind11::module_& module);

}  // namespace fastnlp
