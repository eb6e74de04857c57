#include "core/cpu.h"

#include <atomic>

namespace fastnlp {
namespace {

std::vector<Target> detect() {
  std::vector<Target> targets;
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi") &&
      __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2")) {
    targets.push_back(Target::kAvx512);
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) targets.push_back(Target::kAvx2);
#elif defined(__aarch64__)
  targets.push_back(Target::kNeon);
#endif
  targets.push_back(Target::kScalar);
  return targets;
}

std::atomic<Target>& chosen() {
  static std::atomic<Target> target = available_targets().front();
  return target;
}

}  // namespace

std::string_view name(Target target) {
  switch (target) {
    case Target::kNeon: return "neon";
    case Target::kAvx2: return "avx2";
    case Target::kAvx512: return "avx512";
    default: return "scalar";
  }
}

std::optional<Target> target_by_name(std::string_view wanted) {
  for (const Target target : available_targets()) {
    if (name(target) == wanted) return target;
  }
  return std::nullopt;
}

const std::vector<Target>& available_targets() {
  static const std::vector<Target> targets = detect();
  return targets;
}

Target current_target() { return chosen().load(std::memory_order_relaxed); }

void use_target(Target target) { chosen().store(target, std::memory_order_relaxed); }

}  // namespace fastnlp
