#include "core/text/lines.h"

#include <cstring>

namespace fastnlp {

void split_lines(std::string_view text, char delimiter, std::vector<std::string_view>& lines) {
  while (!text.empty()) {
    // memchr is SIMD code in every C library that matters.
    const auto* const found = static_cast<const char*>(std::memchr(text.data(), delimiter, text.size()));
    if (found == nullptr) {
      lines.push_back(text);
      return;
    }
    const auto size = static_cast<size_t>(found - text.data());
    std::string_view line = text.substr(0, size);
    if (delimiter == '\n' && line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(size + 1);
  }
}

}  // namespace fastnlp
