// What kernels are written with: tensors that free themselves, and errors that stop at the border.
#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/buffer.h"
#include "core/status.h"
#include "tf_ops/c_api.h"

namespace fastnlp::tf_ops {

// An error with one of TensorFlow's codes. It ends at `guarded`.
class Error : public std::runtime_error {
 public:
  Error(TF_Code code, const std::string& message) : std::runtime_error(message), code_(code) {}
  TF_Code code() const { return code_; }

 private:
  TF_Code code_;
};

// What core reports, as TensorFlow's users shall read it.
inline Error as_error(const Status& status) {
  if (status.code == Code::kOutOfMemory) return {TF_RESOURCE_EXHAUSTED, status.message};
  if (status.code == Code::kInvalidModel) return {TF_INVALID_ARGUMENT, "`model`: " + status.message};
  if (status.code == Code::kInvalidId) return {TF_INVALID_ARGUMENT, status.message};
  return {TF_INVALID_ARGUMENT, "`texts` row " + std::to_string(status.row) + ": " + status.message + " at byte " +
                                   std::to_string(status.byte_offset) + " (errors='strict')."};
}

class OwnedStatus {
 public:
  OwnedStatus() : status_(c_api.TF_NewStatus(), c_api.TF_DeleteStatus) {}
  TF_Status* get() const { return status_.get(); }
  bool ok() const { return c_api.TF_GetCode(get()) == TF_OK; }
  void check() const {
    if (!ok()) throw Error(c_api.TF_GetCode(get()), c_api.TF_Message(get()));
  }

 private:
  std::unique_ptr<TF_Status, void (*)(TF_Status*)> status_;
};

// A reference to a tensor: while it lives, so does the tensor's memory.
class Tensor {
 public:
  Tensor() = default;

  static Tensor input(TF_OpKernelContext* context, int index) {
    OwnedStatus status;
    TF_Tensor* tensor = nullptr;
    c_api.TF_GetInput(context, index, &tensor, status.get());
    status.check();
    return Tensor(tensor);
  }

  // A new output of rank 1.
  template <typename T>
  static Tensor output(TF_OpKernelContext* context, int index, TF_DataType type, size_t size) {
    OwnedStatus status;
    const auto dimension = static_cast<int64_t>(size);
    Tensor tensor(c_api.TF_AllocateOutput(context, index, type, &dimension, 1, size * sizeof(T), status.get()));
    status.check();
    return tensor;
  }

  // The elements, of whatever rank, one after another.
  template <typename T>
  std::span<T> flat() const {
    return {static_cast<T*>(c_api.TF_TensorData(tensor_.get())),
            static_cast<size_t>(c_api.TF_TensorElementCount(tensor_.get()))};
  }

 private:
  struct Delete {
    void operator()(TF_Tensor* tensor) const { c_api.TF_DeleteTensor(tensor); }
  };
  explicit Tensor(TF_Tensor* tensor) : tensor_(tensor) {}

  std::unique_ptr<TF_Tensor, Delete> tensor_;
};

template <typename T>
void copy_to_output(TF_OpKernelContext* context, int index, TF_DataType type, const Buffer<T>& buffer) {
  const Tensor tensor = Tensor::output<T>(context, index, type, buffer.size());
  std::copy_n(buffer.data(), buffer.size(), tensor.flat<T>().data());
}

// Runs `body` and hands what it throws to `fail(TF_Status*)`.
template <typename Body, typename Fail>
void guarded(Body body, Fail fail) noexcept {
  const auto report = [&](TF_Code code, const char* message) {
    OwnedStatus status;
    c_api.TF_SetStatus(status.get(), code, message);
    fail(status.get());
  };
  try {
    body();
  } catch (const Error& error) {
    report(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    report(TF_RESOURCE_EXHAUSTED, "out of memory");
  } catch (const std::exception& error) {
    report(TF_INTERNAL, error.what());
  }
}

// Registers `Kernel` as the CPU kernel of an op: `Kernel(TF_OpKernelConstruction*)` reads the attributes, and
// `compute(TF_OpKernelContext*)` runs, from many threads at once. Both may throw.
template <typename Kernel>
void register_kernel(const char* op) {
  const auto create = [](TF_OpKernelConstruction* construction) -> void* {
    Kernel* kernel = nullptr;
    guarded([&] { kernel = new Kernel(construction); },
            [&](TF_Status* status) { c_api.TF_OpKernelConstruction_Failure(construction, status); });
    return kernel;
  };
  const auto compute = [](void* kernel, TF_OpKernelContext* context) {
    guarded([&] { static_cast<Kernel*>(kernel)->compute(context); },
            [&](TF_Status* status) { c_api.TF_OpKernelContext_Failure(context, status); });
  };
  const auto destroy = [](void* kernel) { delete static_cast<Kernel*>(kernel); };
  OwnedStatus status;
  c_api.TF_RegisterKernelBuilder(op, c_api.TF_NewKernelBuilder(op, "CPU", create, compute, destroy), status.get());
  status.check();
}

}  // namespace fastnlp::tf_ops
