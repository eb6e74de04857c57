#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>
#include <vector>

#include "bindings/texts.h"
#include "bindings/wordpiece.h"
#include "core/text/unicode.h"

namespace py = pybind11;

namespace {

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#elif defined(__GNUC__)
  return "gcc " __VERSION__;
#elif defined(_MSC_VER)
  return "msvc " + std::to_string(_MSC_VER);
#else
  return "unknown";
#endif
}

}  // namespace

PYBIND11_MODULE(_native, module, py::mod_gil_not_used()) {
  module.doc() = "The C++ kernels of fastnlp; use fastnlp.ops instead.";
  module.def("targets", [] { return std::vector<std::string>{"scalar"}; }, "CPU targets of this machine, best first.");
  module.def("compiler", &compiler, "The compiler that built the extension.");
  module.def("unicode_version", &fastnlp::unicode::version, "The version of the Unicode table compiled in.");
  fastnlp::register_texts(module);
  fastnlp::register_wordpiece(module);
}
