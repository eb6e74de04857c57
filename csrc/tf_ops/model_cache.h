// Models by content: graphs carry them as bytes, and to read those takes far longer than to encode a text.
#pragma once

#include <memory>
#include <mutex>
#include <string_view>

#include "core/wordpiece/model.h"
#include "tf_ops/kernel.h"

namespace fastnlp::tf_ops {

// The model of these bytes, out of a cache that the process shares and that keeps the few used last.
// Throws Error where the bytes hold none.
std::shared_ptr<const wordpiece::Model> cached_model(std::string_view dumped);

// The model that one kernel used last. A graph hands its kernel the same constant at every call, and keeping a
// reference to that tensor keeps its address from being used again: an equal address means an equal model.
class LastModel {
 public:
  std::shared_ptr<const wordpiece::Model> get(Tensor tensor);

 private:
  std::mutex mutex_;
  Tensor tensor_;
  std::string_view dumped_;
  std::shared_ptr<const wordpiece::Model> model_;
};

}  // namespace fastnlp::tf_ops
