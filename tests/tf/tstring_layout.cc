// Compares our reading and writing of string elements with TensorFlow's own header, for every kind.

#include <tensorflow/core/platform/ctstring.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tf_ops/tstring.h"

using fastnlp::tf_ops::TString;

static_assert(sizeof(TString) == sizeof(TF_TString));

namespace {

void check(bool holds, const char* what, size_t size) {
  if (holds) return;
  std::fprintf(stderr, "%s, %zu bytes\n", what, size);
  std::exit(1);
}

void check_read(const TF_TString& theirs, TF_TString_Type type, const std::string& text) {
  check(TF_TString_GetType(&theirs) == type, "another kind than the test means", text.size());
  check(fastnlp::tf_ops::read_by_layout(reinterpret_cast<const TString&>(theirs)) == text, "read", text.size());
}

void check_size(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7);

  TF_TString element;
  TF_TString_Init(&element);
  TF_TString_Copy(&element, text.data(), size);
  check_read(element, size <= TString::kSmallCapacity ? TF_TSTR_SMALL : TF_TSTR_LARGE, text);
  TF_TString_Dealloc(&element);

  TF_TString_Init(&element);
  TF_TString_AssignView(&element, text.data(), size);
  check_read(element, TF_TSTR_VIEW, text);

  struct {
    TF_TString element;
    char bytes[4096];
  } mapped;
  std::memcpy(mapped.bytes, text.data(), size);
  mapped.element.u.offset.size = static_cast<uint32_t>(size << 2 | TF_TSTR_OFFSET);
  mapped.element.u.offset.offset = sizeof(TF_TString);
  check_read(mapped.element, TF_TSTR_OFFSET, text);

  TF_TString written;
  TF_TString_Init(&written);
  fastnlp::tf_ops::write_by_layout(reinterpret_cast<TString&>(written), text);
  check(std::string(TF_TString_GetDataPointer(&written), TF_TString_GetSize(&written)) == text, "write", size);
  check(TF_TString_GetCapacity(&written) >= size, "capacity", size);
  TF_TString_AppendN(&written, "more", 4);
  check(std::string(TF_TString_GetDataPointer(&written), TF_TString_GetSize(&written)) == text + "more", "grow", size);
  TF_TString_Dealloc(&written);
}

}  // namespace

int main() {
  for (size_t size = 0; size <= 64; ++size) check_size(size);
  check_size(4000);
}
