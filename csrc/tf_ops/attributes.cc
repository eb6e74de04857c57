#include "tf_ops/attributes.h"

#include "tf_ops/kernel.h"

namespace fastnlp::tf_ops {
namespace {

int32_t narrow(int64_t value, const char* name) {
  if (static_cast<int32_t>(value) != value) {
    throw Error(TF_INVALID_ARGUMENT,
                "`" + std::string(name) + "` must fit int32; received " + std::to_string(value) + ".");
  }
  return static_cast<int32_t>(value);
}

}  // namespace

std::string string_attribute(TF_OpKernelConstruction* construction, const char* name) {
  char value[16] = {};
  const OwnedStatus status;
  c_api.TF_OpKernelConstruction_GetAttrString(construction, name, value, sizeof(value) - 1, status.get());
  status.check();
  return value;
}

int32_t int32_attribute(TF_OpKernelConstruction* construction, const char* name) {
  int64_t value = 0;
  const OwnedStatus status;
  c_api.TF_OpKernelConstruction_GetAttrInt64(construction, name, &value, status.get());
  status.check();
  return narrow(value, name);
}

std::vector<int32_t> int32s_attribute(TF_OpKernelConstruction* construction, const char* name) {
  int32_t size = 0, total_size = 0;
  const OwnedStatus status;
  c_api.TF_OpKernelConstruction_GetAttrSize(construction, name, &size, &total_size, status.get());
  status.check();
  std::vector<int64_t> values(static_cast<size_t>(size));
  c_api.TF_OpKernelConstruction_GetAttrInt64List(construction, name, values.data(), size, status.get());
  status.check();
  std::vector<int32_t> narrowed;
  for (const int64_t value : values) narrowed.push_back(narrow(value, name));
  return narrowed;
}

}  // namespace fastnlp::tf_ops
