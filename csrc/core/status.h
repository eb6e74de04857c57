// What a kernel returns: success, or what is wrong with which row. The core throws nothing across its border.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace fastnlp {

enum class Code { kOk, kInvalidUtf8, kInvalidId, kInvalidModel, kInvalidSize, kOutOfMemory };

struct Status {
  Code code = Code::kOk;
  int64_t row = -1;          // of the text, where one is to blame
  int64_t byte_offset = -1;  // in that text
  std::string message;

  bool ok() const { return code == Code::kOk; }

  static Status error(Code code, std::string message, int64_t row = -1, int64_t byte_offset = -1) {
    return {code, row, byte_offset, std::move(message)};
  }
};

}  // namespace fastnlp
