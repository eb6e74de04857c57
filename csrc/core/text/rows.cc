#include "core/text/rows.h"

#include "core/text/utf8.h"

namespace fastnlp {

size_t count_bytes(std::span<const std::string_view> texts) {
  size_t bytes = 0;
  for (const std::string_view text : texts) bytes += text.size();
  return bytes;
}

Status check_utf8(std::span<const std::string_view> texts, size_t first_row) {
  for (size_t i = 0; i < texts.size(); ++i) {
    const size_t offset = utf8::first_invalid(texts[i]);
    if (offset != texts[i].size()) {
      return Status::error(Code::kInvalidUtf8, "invalid UTF-8", static_cast<int64_t>(first_row + i),
                           static_cast<int64_t>(offset));
    }
  }
  return {};
}

}  // namespace fastnlp
