#include "core/wordpiece/learn.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "check.h"

namespace fastnlp::tests {
namespace {

using wordpiece::LearnOptions;

struct WordCounts {
  std::vector<std::string> words;
  std::vector<int64_t> counts;
};

// The vocabulary at one threshold, as the reference learns it: of words of ASCII, all of which are taken.
std::vector<std::string> learn_simply(const WordCounts& input, int64_t threshold, const LearnOptions& options) {
  using Piece = std::pair<size_t, std::string>;  // the size without the indicator, and the token
  const std::string& indicator = options.suffix_indicator;
  std::set<std::string> alphabet;
  for (const std::string& word : input.words) {
    for (const char c : word) alphabet.insert(std::string(1, c));
  }
  std::map<std::string, int64_t> tokens;
  for (int64_t iteration = 0; iteration < options.num_iterations; ++iteration) {
    std::map<Piece, int64_t, std::greater<>> pieces;
    for (size_t i = 0; i < input.words.size(); ++i) {
      const std::string& word = input.words[i];
      for (size_t start = 0, next; start < word.size(); start = next) {
        const std::string prefix = start > 0 ? indicator : "";
        next = start + 1;
        for (size_t end = word.size(); iteration > 0 && end > start; --end) {
          if (!tokens.contains(prefix + word.substr(start, end - start))) continue;
          next = end;
          break;
        }
        for (size_t size = 1; start + size <= word.size(); ++size) {
          pieces[{size, prefix + word.substr(start, size)}] += input.counts[i];
        }
      }
    }
    tokens.clear();
    for (const auto& [piece, count] : pieces) {  // the longest first
      const auto& [size, token] = piece;
      if (count >= threshold) tokens[token] = count;
      if (options.subtract_kept && count < threshold) continue;
      for (size_t cut = 1; cut < size; ++cut) pieces[{size - cut, token.substr(0, token.size() - cut)}] -= count;
    }
    for (const std::string& character : alphabet) {
      tokens.emplace(character, 1);
      tokens.emplace(indicator + character, 1);
    }
  }
  std::vector<std::pair<int64_t, std::string>> by_count;
  for (const auto& [token, count] : tokens) by_count.emplace_back(-count, token);
  std::sort(by_count.begin(), by_count.end());
  std::vector<std::string> vocabulary = options.reserved_tokens;
  const auto add = [&](const std::string& token) {
    if (std::find(vocabulary.begin(), vocabulary.end(), token) == vocabulary.end()) vocabulary.push_back(token);
  };
  for (const std::string& character : alphabet) add(character);
  for (const auto& [count, token] : by_count) add(token);
  return vocabulary;
}

std::vector<std::string> learn(const WordCounts& input, const LearnOptions& options,
                               const wordpiece::OnEvaluate& on_evaluate) {
  const std::vector<std::string_view> views(input.words.begin(), input.words.end());
  std::vector<std::string> tokens;
  CHECK(wordpiece::learn(views, input.counts, options, on_evaluate, tokens).ok());
  return tokens;
}

WordCounts random_words(Random& random) {
  static constexpr std::string_view kParts[] = {"a", "b", "c", "#", "##", "ab", "ing", "play"};
  std::map<std::string, int64_t> counts;
  for (size_t left = 1 + below(random, 40); left > 0; --left) {
    std::string word;
    for (size_t parts = 1 + below(random, 4); parts > 0; --parts) word += kParts[below(random, std::size(kParts))];
    counts[word] = static_cast<int64_t>(1 + below(random, below(random, 2) ? 400 : 12));
  }
  WordCounts input;
  for (const auto& [word, count] : counts) {
    input.words.push_back(word);
    input.counts.push_back(count);
  }
  return input;
}

void test_every_threshold() {
  Random random(5);
  static constexpr std::string_view kIndicators[] = {"##", "", "#", "a", "ab", "~"};
  for (int round = 0; round < 150; ++round) {
    const WordCounts input = random_words(random);
    LearnOptions options{static_cast<int64_t>(12 + below(random, 109)), {"[UNK]", "@"}, "##"};
    options.suffix_indicator = kIndicators[below(random, std::size(kIndicators))];
    options.num_iterations = static_cast<int64_t>(1 + below(random, 5));
    options.lower_threshold = static_cast<int64_t>(1 + below(random, 20));
    options.subtract_kept = below(random, 2) == 1;
    options.num_threads = static_cast<int>(1 + below(random, 4));
    std::vector<std::string> expected;
    const std::vector<std::string> tokens = learn(input, options, [&](int64_t threshold, int64_t size) {
      expected = learn_simply(input, threshold, options);
      CHECK(expected.size() == static_cast<size_t>(size));
      return true;
    });
    expected.resize(std::min(expected.size(), static_cast<size_t>(options.vocabulary_size)));
    CHECK(tokens == expected);
  }
}

void test_words_that_are_left_out() {
  const LearnOptions options{100, {"[UNK]"}, "##"};
  const auto always = [](int64_t, int64_t) { return true; };
  CHECK(learn({{""}, {3}}, options, always) == std::vector<std::string>({"[UNK]"}));
  CHECK(learn({{"[UNK]"}, {3}}, options, always) == std::vector<std::string>({"[UNK]"}));
  CHECK(learn({{std::string(51, 'a'), "b"}, {30, 3}}, options, always) ==
        std::vector<std::string>({"[UNK]", "b", "##b"}));
  const std::string longest(100, 'a');
  CHECK(learn({{"\xC3\xA9", longest}, {30, 3}}, options, always) ==
        std::vector<std::string>({"[UNK]", "\xC3\xA9", "##\xC3\xA9"}));
}

void test_no_room_for_the_alphabet() {
  const std::vector<std::string_view> words = {"ab", "ac"};
  const std::vector<int64_t> counts = {30, 20};
  const auto status_at = [&](int64_t size) {
    std::vector<std::string> tokens;
    const auto always = [](int64_t, int64_t) { return true; };
    return wordpiece::learn(words, counts, {size, {"[UNK]", "b"}, "##"}, always, tokens);
  };
  CHECK(status_at(4).ok());
  CHECK(status_at(3).code == Code::kInvalidSize);
  CHECK(status_at(3).message ==
        "`vocabulary_size` must be at least 4, for 2 reserved tokens and 2 characters; received 3.");
}

void test_the_search_can_be_ended() {
  const WordCounts input = {{"ab", "abc", "b"}, {100, 20, 1}};
  int calls = 0;
  CHECK(learn(input, {100, {}, "##"}, [&](int64_t, int64_t) { return ++calls < 2; }).empty());
  CHECK(calls == 2);
}

}  // namespace

void test_learn() {
  test_every_threshold();
  test_words_that_are_left_out();
  test_no_room_for_the_alphabet();
  test_the_search_can_be_ended();
}

}  // namespace fastnlp::tests
