// CPU targets: which there are in this build, which this machine can run, and which one is in use.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace fastnlp {

enum class Target : uint8_t { kScalar, kNeon, kAvx2, kAvx512 };

std::string_view name(Target target);
std::optional<Target> target_by_name(std::string_view name);

// What this machine can run, best first; the last is kScalar.
const std::vector<Target>& available_targets();

// The target that kernels use: the best one, until another is chosen. For all threads.
Target current_target();
void use_target(Target target);

}  // namespace fastnlp
