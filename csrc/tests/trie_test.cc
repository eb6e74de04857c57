#include "core/wordpiece/trie.h"

#include <algorithm>
#include <map>
#include <vector>

#include "check.h"

namespace fastnlp::tests {

using wordpiece::Symbol;
using wordpiece::Trie;

void test_trie() {
  const std::vector<Symbol> unknown(1 + Trie::kPadding, wordpiece::kUnknown);
  CHECK(Trie().longest_match(unknown.data()).size == 0);
  Random random(2);
  for (int round = 0; round < 400; ++round) {
    std::map<std::vector<Symbol>, uint32_t> keys;
    const size_t first_value = below(random, 2) ? 0 : 1 << 29;  // large ones need wide cells
    const size_t symbols = 2 + below(random, round % 2 ? 3 : 2000);
    const auto random_key = [&](size_t max_size, size_t lowest) {
      std::vector<Symbol> key(below(random, max_size + 1));
      for (Symbol& symbol : key) symbol = static_cast<Symbol>(lowest + below(random, symbols - lowest));
      return key;
    };
    for (size_t left = below(random, 300); left > 0; --left) {
      const std::vector<Symbol> key = random_key(6, 1);
      if (!key.empty()) keys.emplace(key, static_cast<uint32_t>(first_value + keys.size()));
    }
    const Trie trie({keys.begin(), keys.end()}, symbols);
    for (int i = 0; i < 200; ++i) {
      std::vector<Symbol> word = random_key(8, 0);
      Trie::Match expected = {0, 0};
      for (size_t size = 1; size <= word.size(); ++size) {
        const auto found = keys.find({word.begin(), word.begin() + static_cast<ptrdiff_t>(size)});
        if (found != keys.end()) expected = {found->second, size};
      }
      word.resize(word.size() + Trie::kPadding, wordpiece::kUnknown);
      const Trie::Match match = trie.longest_match(word.data());
      CHECK(match.size == expected.size && (match.size == 0 || match.value == expected.value));
      word.resize(word.size() - Trie::kPadding);
      if (word.empty()) continue;
      CHECK(trie.goes_on(word) == std::ranges::any_of(keys, [&](const auto& key) {
              return key.first.size() > word.size() && std::equal(word.begin(), word.end(), key.first.begin());
            }));
    }
  }
}

}  // namespace fastnlp::tests
