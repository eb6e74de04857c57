#include "core/wordpiece/alphabet.h"

#include <algorithm>
#include <tuple>
#include <vector>

namespace fastnlp::wordpiece {

Alphabet::Alphabet(std::span<const std::string> tokens, std::string_view suffix_indicator) {
  struct Count {
    uint32_t count = 0;
    bool follows = false;  // another character
  };
  unicode::CodePointMap<Count> counts;
  std::vector<char32_t> found;
  for (const std::string& token : tokens) {
    const size_t begin = token.starts_with(suffix_indicator) ? suffix_indicator.size() : 0;
    for (size_t i = 0; i < token.size();) {
      const utf8::Decoded decoded = utf8::decode_valid(token.data() + i);
      Count& count = counts.at(decoded.code_point);
      if (count.count++ == 0) found.push_back(decoded.code_point);
      count.follows |= i > begin;
      i += decoded.size;
    }
  }
  std::vector<std::tuple<bool, uint32_t, char32_t>> order;
  for (const char32_t code_point : found) {
    const Count count = counts[code_point];
    order.emplace_back(count.follows, count.count, code_point);
  }
  std::sort(order.rbegin(), order.rend());
  for (const auto& [follows, count, code_point] : order) symbols_.at(code_point) = static_cast<Symbol>(size_++);
}

}  // namespace fastnlp::wordpiece
