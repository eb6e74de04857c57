#include "core/wordpiece/alphabet.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace fastnlp::wordpiece {

Alphabet::Alphabet(std::span<const std::string> tokens) {
  unicode::CodePointMap<uint32_t> counts;
  std::vector<char32_t> found;
  for (const std::string& token : tokens) {
    for (const char* p = token.data(); p < token.data() + token.size();) {
      const utf8::Decoded decoded = utf8::decode_valid(p);
      if (counts.at(decoded.code_point)++ == 0) found.push_back(decoded.code_point);
      p += decoded.size;
    }
  }
  std::vector<std::pair<uint32_t, char32_t>> order;
  for (const char32_t code_point : found) order.emplace_back(counts[code_point], code_point);
  std::sort(order.rbegin(), order.rend());
  for (const auto& [count, code_point] : order) symbols_.at(code_point) = static_cast<Symbol>(size_++);
}

}  // namespace fastnlp::wordpiece
