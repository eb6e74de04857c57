#include "core/wordpiece/scratch.h"

namespace fastnlp::wordpiece {

ScratchPool::~ScratchPool() {
  for (auto& place : free_) delete place.load();
}

std::unique_ptr<Scratch> ScratchPool::take(const Model& model) {
  for (auto& place : free_) {
    if (place.load(std::memory_order_relaxed) == nullptr) continue;
    if (Scratch* const scratch = place.exchange(nullptr)) return std::unique_ptr<Scratch>(scratch);
  }
  return std::make_unique<Scratch>(model);
}

void ScratchPool::give_back(std::unique_ptr<Scratch> scratch) {
  for (auto& place : free_) {
    Scratch* expected = nullptr;
    if (place.compare_exchange_strong(expected, scratch.get())) {
      (void)scratch.release();
      return;
    }
  }
}

void ScratchPool::forget() {
  for (auto& place : free_) {
    std::unique_ptr<Scratch> scratch(place.exchange(nullptr));
    if (scratch == nullptr) continue;
    scratch->forget();
    give_back(std::move(scratch));
  }
}

}  // namespace fastnlp::wordpiece
