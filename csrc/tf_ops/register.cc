// What happens when the library is loaded: `tf.load_op_library` finds the ops that are registered here.

#include <exception>
#include <string>

#include "tf_ops/c_api.h"
#include "tf_ops/masking.h"
#include "tf_ops/packing.h"
#include "tf_ops/wordpiece.h"

namespace fastnlp::tf_ops {
namespace {

std::string register_all() noexcept {
  std::string missing = load_c_api();
  if (!missing.empty()) return missing;
  try {
    register_masking();
    register_packing();
    register_wordpiece();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

const std::string load_error = register_all();

}  // namespace
}  // namespace fastnlp::tf_ops

// Why the ops are not there, as UTF-8; empty where they are.
extern "C" __attribute__((visibility("default"))) const char* fastnlp_tf_ops_error() {
  return fastnlp::tf_ops::load_error.c_str();
}
