#include "tf_ops/c_api.h"

#include <dlfcn.h>

#include <vector>

namespace fastnlp::tf_ops {
namespace {

#ifdef __APPLE__
constexpr const char* kLibraries[] = {"libtensorflow_framework.2.dylib", "libtensorflow_cc.2.dylib"};
#else
constexpr const char* kLibraries[] = {"libtensorflow_framework.so.2", "libtensorflow_cc.so.2"};
#endif

// Where to look: TensorFlow's libraries that the process has loaded, and what is visible to all.
std::vector<void*> loaded_libraries() {
  std::vector<void*> handles;
  for (const char* library : kLibraries) {
    if (void* handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD)) handles.push_back(handle);
  }
  handles.push_back(RTLD_DEFAULT);
  return handles;
}

// Sets `function` where one of the libraries has it.
template <typename Function>
bool find(const std::vector<void*>& libraries, const char* name, Function& function) {
  for (void* library : libraries) {
    if (void* symbol = dlsym(library, name)) {
      function = reinterpret_cast<Function>(symbol);
      return true;
    }
  }
  return false;
}

}  // namespace

CApi c_api;

std::string load_c_api() {
  const std::vector<void*> libraries = loaded_libraries();
  std::string missing;
#define FASTNLP_TF_FIND(result, name, parameters) \
  if (!find(libraries, #name, c_api.name)) missing += missing.empty() ? #name : ", " #name;
  FASTNLP_TF_REQUIRED(FASTNLP_TF_FIND)
#undef FASTNLP_TF_FIND
#define FASTNLP_TF_FIND(result, name, parameters) find(libraries, #name, c_api.name);
  FASTNLP_TF_OPTIONAL(FASTNLP_TF_FIND)
#undef FASTNLP_TF_FIND
  return missing.empty() ? missing : "the TensorFlow in this process lacks " + missing;
}

}  // namespace fastnlp::tf_ops
