#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>
#include <vector>

#include "bindings/count_words.h"
#include "bindings/learn.h"
#include "bindings/masking.h"
#include "bindings/packing.h"
#include "bindings/texts.h"
#include "bindings/wordpiece.h"
#include "core/cpu.h"
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
  module.def(
      "targets",
      [] {
        std::vector<std::string> names;
        for (const fastnlp::Target target : fastnlp::available_targets()) names.emplace_back(name(target));
        return names;
      },
      "CPU targets of this machine, best first.");
  module.def(
      "use_target",
      [](const std::string& wanted) {
        const auto target = fastnlp::target_by_name(wanted);
        if (!target) throw py::value_error("`target` must be one of targets(); received '" + wanted + "'.");
        fastnlp::use_target(*target);
      },
      py::arg("name"), "Runs all kernels on one of the targets.");
  module.def("compiler", &compiler, "The compiler that built the extension.");
  module.def("unicode_version", &fastnlp::unicode::version, "The version of the Unicode table compiled in.");
  fastnlp::register_learn(module);
  fastnlp::register_masking(module);
  fastnlp::register_packing(module);
  fastnlp::register_texts(module);
  fastnlp::register_wordpiece(module);
  fastnlp::register_count_words(module);
}
