#include "core/text/rows.h"

#include "core/text/utf8.h"

namespace fastnlp {

std::vector<size_t> chunk_rows(std::span<const std::string_view> texts) {
  constexpr size_t kBytesPerChunk = 1 << 17;
  std::vector<size_t> bounds = {0};
  size_t bytes = 0;
  for (size_t row = 0; row < texts.size(); ++row) {
    bytes += texts[row].size() + 1;
    if (bytes >= kBytesPerChunk) {
      bounds.push_back(row + 1);
      bytes = 0;
    }
  }
  if (bounds.back() != texts.size()) bounds.push_back(texts.size());
  return bounds;
}

size_t count_bytes(std::span<const std::string_view> texts) {
  size_t bytes = 0;
  for (const std::string_view text : texts) bytes += text.size();
  return bytes;
}

Status check_utf8(std::span<const std::string_view> texts, size_t begin, size_t end) {
  for (size_t row = begin; row < end; ++row) {
    const size_t offset = utf8::first_invalid(texts[row]);
    if (offset != texts[row].size()) {
      return Status::error(Code::kInvalidUtf8, "invalid UTF-8", static_cast<int64_t>(row),
                           static_cast<int64_t>(offset));
    }
  }
  return {};
}

}  // namespace fastnlp
