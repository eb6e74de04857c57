// Vocabulary learning, in Python.
#pragma once

#include <pybind11/pybind11.h>

namespace fastnlp {

void register_learn(pybind11::module_& module);

}  // namespace fastnlp
