// The elements of TensorFlow's string tensors.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>

#include "tf_ops/c_api.h"

namespace fastnlp::tf_ops {

// `TF_TString`, as tensorflow/c/tf_tstring.h and tsl/platform/ctstring_internal.h publish it. The low two bits of the
// first byte tell the kind. A union as there: each kind reads its own member.
struct TString {
  enum Kind : uint8_t { kSmall, kLarge, kOffset, kView };
  static constexpr size_t kSmallCapacity = 22;

  union {
    struct {
      uint8_t size;
      char bytes[kSmallCapacity + 1];  // and a NUL
    } small;
    struct {
      size_t size;
      size_t capacity;
      char* bytes;  // from malloc, and a NUL
    } large;
    struct {
      uint32_t size;
      uint32_t offset;  // of the bytes, from the element
    } offset;
    struct {
      size_t size;
      const char* bytes;
      void* owner;
    } view;
    uint8_t raw[24];
  };

  Kind kind() const { return static_cast<Kind>(raw[0] & 3); }
};
static_assert(sizeof(TString) == 24);
static_assert(std::endian::native == std::endian::little, "the kind lies elsewhere on big-endian machines");

inline std::string_view read_by_layout(const TString& element) {
  switch (element.kind()) {
    case TString::kSmall: return {element.small.bytes, static_cast<size_t>(element.small.size >> 2)};
    case TString::kLarge: return {element.large.bytes, element.large.size >> 2};
    case TString::kOffset:
      return {reinterpret_cast<const char*>(&element) + element.offset.offset, element.offset.size >> 2};
    default: return {element.view.bytes, element.view.size >> 2};
  }
}

// Fills an element that is still empty.
inline void write_by_layout(TString& element, std::string_view text) {
  char* bytes = element.small.bytes;
  if (text.size() <= TString::kSmallCapacity) {
    element.small.size = static_cast<uint8_t>(text.size() << 2 | TString::kSmall);
  } else {
    bytes = static_cast<char*>(std::malloc(text.size() + 1));
    if (bytes == nullptr) throw std::bad_alloc();
    element.large = {text.size() << 2 | TString::kLarge, text.size(), bytes};
  }
  if (!text.empty()) std::memcpy(bytes, text.data(), text.size());
  bytes[text.size()] = '\0';
}

// TensorFlow's own functions are preferred: they stay right should the layout change.
inline std::string_view read(const TString& element) {
  if (c_api.TF_StringGetDataPointer == nullptr || c_api.TF_StringGetSize == nullptr) return read_by_layout(element);
  return {c_api.TF_StringGetDataPointer(&element), c_api.TF_StringGetSize(&element)};
}

inline void write(TString& element, std::string_view text) {
  if (c_api.TF_StringCopy == nullptr) return write_by_layout(element, text);
  c_api.TF_StringCopy(&element, text.data(), text.size());
}

}  // namespace fastnlp::tf_ops
