#include "core/wordpiece/count_words.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "check.h"
#include "core/cpu.h"
#include "core/wordpiece/word_table.h"

namespace fastnlp::tests {

using wordpiece::CountedWords;
using wordpiece::WordCounter;
using wordpiece::WordTable;

namespace {

using Counts = std::vector<std::pair<std::string, int64_t>>;  // in the order in which the words first came

// Text by text through the definition of words.
Counts expected_counts(const std::vector<std::string>& texts, const TextRules& rules) {
  WordScanner scanner(rules);
  Counts counts;
  std::map<std::string, size_t> places;
  const auto count = [&](std::string_view word) {
    const auto [place, is_new] = places.emplace(word, counts.size());
    if (is_new) counts.emplace_back(word, 0);
    ++counts[place->second].second;
  };
  for (const std::string& text : texts) {
    size_t words = 0;
    scanner.scan(text, [&](std::string_view word, int) {
      if (rules.split || rules.rules == Rules::kKeras || !word.empty()) count(word);
      ++words;
    });
    if (!rules.split && rules.rules == Rules::kKeras && words == 0) count("");
  }
  return counts;
}

Counts take(WordCounter& counter) {
  CountedWords words;
  CHECK(counter.take(words).ok());
  CHECK(words.splits.size() == words.counts.size() + 1);
  Counts counts;
  for (size_t i = 0; i < words.counts.size(); ++i) {
    const int64_t begin = words.splits.data()[i];
    const int64_t size = words.splits.data()[i + 1] - begin;
    counts.emplace_back(std::string(words.bytes.data() + begin, static_cast<size_t>(size)), words.counts.data()[i]);
  }
  return counts;
}

void test_word_table() {
  Random random(7);
  for (int round = 0; round < 20; ++round) {
    WordTable table(below(random, 2) * below(random, 1000));
    Counts expected;
    std::map<std::string, size_t> places;
    for (size_t i = 0; i < 5000; ++i) {
      const std::string word = random_text(random, 1 + below(random, 4));
      const auto count = static_cast<int64_t>(1 + below(random, 9));
      const auto [place, is_new] = places.emplace(word, expected.size());
      if (is_new) {
        expected.emplace_back(word, 0);
        table.add(word, count, static_cast<int64_t>(i));
        CHECK(table.firsts().data()[table.size() - 1] == static_cast<int64_t>(i));
      } else {
        table.add(word, count, -1);
      }
      expected[place->second].second += count;
    }
    CHECK(table.size() == expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      CHECK(table[i] == expected[i].first && table.counts().data()[i] == expected[i].second);
      CHECK(table.firsts().data()[i] >= 0);
    }
  }
}

}  // namespace

void test_count_words() {
  test_word_table();
  Random random(6);
  for (int round = 0; round < 200; ++round) {
    TextRules rules;
    rules.rules = below(random, 2) ? Rules::kBert : Rules::kKeras;
    rules.lowercase = below(random, 2);
    rules.strip_accents = below(random, 2);
    rules.split = below(random, 4);
    rules.split_on_cjk = below(random, 2);
    std::vector<std::string> texts(below(random, 30));
    for (std::string& text : texts) text = random_text(random, below(random, 10) ? 30 : 6000);
    const Counts expected = expected_counts(texts, rules);
    // Exactly as much memory as each text has, so that a sanitizer sees what is touched behind it.
    std::vector<std::unique_ptr<Guarded>> guarded;
    std::vector<std::string_view> views;
    for (const std::string& text : texts) {
      guarded.push_back(std::make_unique<Guarded>(text));
      views.push_back(guarded.back()->view());
    }
    const Target best = current_target();
    for (const Target target : available_targets()) {
      use_target(target);
      WordCounter counter(rules);
      for (size_t begin = 0; begin < views.size();) {
        const size_t size = 1 + below(random, views.size() - begin);
        CHECK(counter.add({views.data() + begin, size}, 1 + static_cast<int>(below(random, 3)), false).ok());
        begin += size;
      }
      CHECK(take(counter) == expected);
      CHECK(take(counter).empty());
    }
    use_target(best);
  }
  // More pieces than the first table holds, in chunks that threads share.
  std::vector<std::string> words;
  for (int i = 0; i < 100'000; ++i) words.push_back(std::to_string(i * 7919 % 60'013) + std::string(i % 17, 'x'));
  const std::vector<std::string_view> views(words.begin(), words.end());
  const Counts expected = expected_counts(words, {});
  for (const int threads : {1, 4}) {
    WordCounter counter({});
    CHECK(counter.add(views, threads, true).ok());
    CHECK(counter.memory() > 0);
    CHECK(take(counter) == expected);
    CHECK(counter.memory() == 0);
  }
}

}  // namespace fastnlp::tests
