#include "core/text/rows.h"

#include <algorithm>

#include "core/text/utf8.h"

namespace fastnlp {

std::vector<size_t> chunk_rows(std::span<const std::string_view> texts, int num_threads) {
  constexpr size_t kLeast = 1 << 14, kMost = 1 << 17;  // bytes
  const auto shares = 4 * static_cast<size_t>(std::max(num_threads, 1));
  size_t left = count_bytes(texts) + texts.size();
  if (left < kMost) return {0, texts.size()};
  std::vector<size_t> bounds = {0};
  size_t bytes = 0, enough = 0;
  for (size_t row = 0; row < texts.size(); ++row) {
    if (bytes == 0) enough = std::clamp(left / shares, kLeast, kMost);
    bytes += texts[row].size() + 1;
    left -= texts[row].size() + 1;
    if (bytes >= enough) {
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
