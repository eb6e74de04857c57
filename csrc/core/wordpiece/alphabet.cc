#include "core/wordpiece/alphabet.h"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

namespace fastnlp::wordpiece {

Alphabet::Alphabet(std::span<const std::string> tokens) {
  std::unordered_map<char32_t, size_t> counts;
  for (const std::string& token : tokens) {
    for (const char* p = token.data(); p < token.data() + token.size();) {
      const utf8::Decoded decoded = utf8::decode_valid(p);
      ++counts[decoded.code_point];
      p += decoded.size;
    }
  }
  std::vector<std::pair<size_t, char32_t>> order;
  for (const auto& [code_point, count] : counts) order.emplace_back(count, code_point);
  std::sort(order.rbegin(), order.rend());
  for (const auto& [count, code_point] : order) symbols_.at(code_point) = static_cast<Symbol>(size_++);
}

}  // namespace fastnlp::wordpiece
