#include "tf_ops/model_cache.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace fastnlp::tf_ops {
namespace {

constexpr size_t kCapacity = 8;

struct Entry {
  std::string dumped;
  std::shared_ptr<const wordpiece::Model> model;
};

struct Cache {
  std::mutex mutex;
  std::vector<Entry> entries;  // the one used last comes first
};

// Never destroyed: TensorFlow's threads may still run when the process ends.
Cache& shared_cache() {
  static Cache& cache = *new Cache;
  return cache;
}

}  // namespace

std::shared_ptr<const wordpiece::Model> cached_model(std::string_view dumped) {
  Cache& cache = shared_cache();
  std::vector<Entry>& entries = cache.entries;
  const std::lock_guard lock(cache.mutex);
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.dumped == dumped; });
  if (found != entries.end()) {
    std::rotate(entries.begin(), found, found + 1);
    return entries.front().model;
  }
  std::shared_ptr<const wordpiece::Model> model;
  if (const Status status = wordpiece::load(dumped, model); !status.ok()) throw as_error(status);
  if (entries.size() == kCapacity) entries.pop_back();
  entries.insert(entries.begin(), {std::string(dumped), model});
  return model;
}

std::shared_ptr<const wordpiece::Model> LastModel::get(Tensor tensor) {
  const std::span<const char> bytes = tensor.flat<const char>();
  const std::string_view dumped(bytes.data(), bytes.size());
  {
    const std::lock_guard lock(mutex_);
    if (model_ != nullptr && dumped.data() == dumped_.data() && dumped.size() == dumped_.size()) return model_;
  }
  std::shared_ptr<const wordpiece::Model> model = cached_model(dumped);
  const std::lock_guard lock(mutex_);
  std::swap(tensor_, tensor);
  dumped_ = dumped;
  model_ = model;
  return model;
}

}  // namespace fastnlp::tf_ops
