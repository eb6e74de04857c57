// The attributes that a kernel is made with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tf_ops/c_api.h"

namespace fastnlp::tf_ops {

// Each throws Error where the op has no such attribute, or an int does not fit. A string may have 15 bytes.
std::string string_attribute(TF_OpKernelConstruction* construction, const char* name);
int32_t int32_attribute(TF_OpKernelConstruction* construction, const char* name);
std::vector<int32_t> int32s_attribute(TF_OpKernelConstruction* construction, const char* name);

}  // namespace fastnlp::tf_ops
