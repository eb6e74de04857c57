#include "core/wordpiece/trie.h"

#include <map>

#include "check.h"

namespace fastnlp::tests {

using wordpiece::Trie;

void test_trie() {
  const std::string_view any("\0\0", 2);
  CHECK(Trie().longest_match(any).value == Trie::kNone);
  Random random(2);
  for (int round = 0; round < 400; ++round) {
    std::map<std::string, int32_t> keys;
    const size_t letters = 1 + below(random, round % 2 ? 3 : 256);
    const auto random_key = [&](size_t max_size) {
      std::string key;
      for (size_t left = below(random, max_size + 1); left > 0; --left)
        key.push_back(static_cast<char>(below(random, letters)));
      return key;
    };
    for (size_t left = below(random, 300); left > 0; --left) {
      const std::string key = random_key(6);
      if (!key.empty()) keys.emplace(key, static_cast<int32_t>(keys.size()));
    }
    const Trie trie(Trie::Entries(keys.begin(), keys.end()));
    for (int i = 0; i < 200; ++i) {
      const Guarded text(random_key(8));
      Trie::Match expected = {Trie::kNone, 0};
      for (size_t size = 1; size <= text.view().size(); ++size) {
        const auto found = keys.find(std::string(text.view().substr(0, size)));
        if (found != keys.end()) expected = {found->second, size};
      }
      const Trie::Match match = trie.longest_match(text.view());
      CHECK(match.value == expected.value && match.size == expected.size);
    }
  }
}

}  // namespace fastnlp::tests
