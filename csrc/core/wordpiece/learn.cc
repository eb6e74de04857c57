#include "core/wordpiece/learn.h"

#include <algorithm>
#include <new>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#include "core/parallel.h"
#include "core/wordpiece/learning_words.h"
#include "core/wordpiece/piece_trie.h"

namespace fastnlp::wordpiece {
namespace {

using Longest = PieceTrie::Longest;

// Vocabularies of the same words at one threshold after another.
class Learner {
 public:
  Learner(const LearningWords& words, int64_t min_threshold, const LearnOptions& options)
      : words_(words),
        trie_(words, min_threshold, longest_),
        indicator_size_(static_cast<uint32_t>(words.indicator.size())),
        subtract_kept_(options.subtract_kept),
        num_threads_(static_cast<size_t>(std::max(options.num_threads, 1))) {
    count_all_places();
    choose_candidates(min_threshold);
    list_head(options.reserved_tokens);
  }

  // What every vocabulary begins with: the reserved tokens and the characters that are not among them.
  size_t size_of_head() const { return head_.size(); }

  // The size of the vocabulary that is learned at a threshold.
  size_t evaluate(int64_t threshold, int64_t num_iterations) {
    keep(threshold, counts_of_all_places_);
    for (int64_t i = 1; i < num_iterations; ++i) {
      const std::vector<uint32_t> before = size_of_longest_;
      keep(threshold, count_pieces());
      if (size_of_longest_ == before) break;  // from here on, words are cut in the same way
    }
    size_t size = head_.size();
    for (const Candidate& candidate : candidates_) size += candidate.count > 0 && !candidate.is_listed;
    return size;
  }

  // The first tokens of the vocabulary that was evaluated last.
  std::vector<std::string> tokens(size_t max_size) const {
    std::vector<std::pair<int64_t, std::string>> kept;
    for (const Candidate& candidate : candidates_) {
      if (candidate.count > 0 && !candidate.is_listed) {
        kept.emplace_back(-candidate.count, trie_.spell(candidate.node, words_));
      }
    }
    std::sort(kept.begin(), kept.end());
    std::vector<std::string> tokens = head_;
    for (auto& [count, token] : kept) tokens.push_back(std::move(token));
    if (tokens.size() > max_size) tokens.resize(max_size);
    return tokens;
  }

 private:
  // What can become a token at one of the thresholds.
  struct Candidate {
    uint32_t node;    // of the trie
    uint32_t prefix;  // the longest other candidate that it begins with: a smaller number
    uint32_t size;    // in characters, the indicator among them
    bool is_character;
    bool is_listed;  // in the head of the vocabulary
    int64_t count;   // as of the last iteration; 0 where it was not kept
  };

  // How often pieces come that reach to the end of a word, at its begin or from inside it; by node, then by candidate.
  // Of words' other pieces, `subtract_kept` counts the longest nodes: what is longer is never kept.
  struct Counts {
    std::vector<int64_t> plain, joined;
  };

  void count_all_places() {
    if (subtract_kept_) {
      for (Longest& longest : longest_) longest.is_counted = true;
    }
    const size_t num_nodes = trie_.nodes().size();
    counts_of_all_places_ = count_words(num_nodes);
    for (size_t word = 0; word < words_.size(); ++word) {
      for (uint32_t place = words_.begins[word] + 1; place < words_.end(word); ++place) {
        const Longest longest = longest_[place];
        if (longest.is_counted) counts_of_all_places_.joined[longest.node] += words_.counts[word];
      }
    }
  }

  // Counts from the begin of every word.
  Counts count_words(size_t size) const {
    Counts counts = {std::vector<int64_t>(size), std::vector<int64_t>(size)};
    // Without an indicator, it makes no difference where a piece comes.
    std::vector<int64_t>& plain = indicator_size_ > 0 ? counts.plain : counts.joined;
    for (size_t word = 0; word < words_.size(); ++word) {
      const Longest longest = longest_[words_.begins[word]];
      if (longest.is_counted) plain[longest.node] += words_.counts[word];
    }
    return counts;
  }

  // Leaves out the nodes that never become tokens, for counts do not grow from here on.
  void choose_candidates(int64_t min_threshold) {
    const std::vector<PieceTrie::Node>& nodes = trie_.nodes();
    Counts& counts = counts_of_all_places_;
    const auto is_candidate = [&](uint32_t node) {
      return subtract_kept_ || nodes[node].is_character || counts.plain[node] >= min_threshold ||
             counts.joined[node] >= min_threshold;
    };
    candidates_ = {{PieceTrie::kRoot, 0, 0, false, false, 0}};
    std::vector<uint32_t> candidate_of(nodes.size());  // of the node, or of the longest one that it begins with
    for (uint32_t node = 1; node < nodes.size(); ++node) {
      const uint32_t prefix = candidate_of[nodes[node].parent];
      candidate_of[node] = prefix;
      if (!is_candidate(node)) continue;
      candidate_of[node] = static_cast<uint32_t>(candidates_.size());
      candidates_.push_back({node, prefix, nodes[node].size, nodes[node].is_character != 0, false, 0});
    }
    for (Longest& longest : longest_) {
      const uint32_t candidate = candidate_of[longest.node];
      longest = {candidate & 0x7FFFFFFF, longest.is_counted && candidates_[candidate].node == longest.node};
    }
    for (std::vector<int64_t>* of_nodes : {&counts.plain, &counts.joined}) {
      std::vector<int64_t> of_candidates;
      for (const Candidate& candidate : candidates_) of_candidates.push_back((*of_nodes)[candidate.node]);
      *of_nodes = std::move(of_candidates);
    }
    counts_of_words_ = count_words(candidates_.size());
  }

  // The vocabulary begins with the reserved tokens and the alphabet; marks the candidates that are among them.
  void list_head(const std::vector<std::string>& reserved_tokens) {
    head_ = reserved_tokens;
    const std::vector<bool> is_reserved = find(reserved_tokens);
    for (Candidate& candidate : candidates_) {
      const bool is_letter = candidate.is_character && candidate.size == 1;
      candidate.is_listed = is_letter || is_reserved[candidate.node];
      if (is_letter && !is_reserved[candidate.node]) head_.push_back(trie_.spell(candidate.node, words_));
    }
  }

  // Which nodes of the trie are some tokens.
  std::vector<bool> find(const std::vector<std::string>& tokens) const {
    const std::unordered_set<std::string> wanted(tokens.begin(), tokens.end());
    std::unordered_set<std::string> beginnings;
    for (const std::string& token : tokens) {
      for (size_t size = 1; size <= token.size(); ++size) beginnings.insert(token.substr(0, size));
    }
    std::vector<bool> is_wanted(trie_.nodes().size()), is_beginning(trie_.nodes().size());
    is_beginning[PieceTrie::kRoot] = true;
    for (uint32_t node = 1; node < trie_.nodes().size(); ++node) {
      if (!is_beginning[trie_.nodes()[node].parent]) continue;
      const std::string spelt = trie_.spell(node, words_);
      is_beginning[node] = beginnings.contains(spelt);
      is_wanted[node] = wanted.contains(spelt);
    }
    return is_wanted;
  }

  // Keeps the candidates whose counts reach a threshold, and all characters.
  void keep(int64_t threshold, Counts counts) {
    for (size_t i = candidates_.size(); --i > 0;) {
      Candidate& candidate = candidates_[i];
      const int64_t plain = counts.plain[i], joined = counts.joined[i];
      const bool keeps_plain = plain >= threshold;
      const bool keeps_joined = joined >= threshold && candidate.size > indicator_size_;
      candidate.count = keeps_joined ? joined : keeps_plain ? plain : candidate.is_character;
      if (!subtract_kept_) continue;
      // What was not kept comes as what it begins with.
      if (!keeps_plain) counts.plain[candidate.prefix] += plain;
      if (!keeps_joined) counts.joined[candidate.prefix] += joined;
    }
    size_of_longest_.resize(candidates_.size());
    for (size_t i = 1; i < candidates_.size(); ++i) {
      const Candidate& candidate = candidates_[i];
      size_of_longest_[i] = candidate.count > 0 ? candidate.size : size_of_longest_[candidate.prefix];
    }
  }

  // Counts the pieces of all words, cut greedily into the longest tokens that are kept.
  Counts count_pieces() {
    std::vector<std::vector<int64_t>> joined(num_threads_);
    // Parts with about as many characters each.
    const auto first_word = [this](size_t part) {
      const size_t place = words_.symbols.size() * part / num_threads_;
      return static_cast<size_t>(std::lower_bound(words_.begins.begin(), words_.begins.end() - 1, place) -
                                 words_.begins.begin());
    };
    const bool done = parallel_for(num_threads_, static_cast<int>(num_threads_), [&] {
      return [&](size_t part) {
        joined[part].assign(candidates_.size(), 0);
        const size_t end = first_word(part + 1);
        for (size_t word = first_word(part); word < end; ++word) count_pieces_of(word, joined[part].data());
      };
    });
    if (!done) throw std::bad_alloc();
    Counts counts = counts_of_words_;
    for (const std::vector<int64_t>& part : joined) {
      for (size_t i = 0; i < candidates_.size(); ++i) counts.joined[i] += part[i];
    }
    return counts;
  }

  void count_pieces_of(size_t word, int64_t* joined) const {
    const int64_t count = words_.counts[word];
    uint32_t place = words_.begins[word];
    const uint32_t end = words_.end(word);
    place += size_of_longest_[longest_[place].node];
    while (place < end) {
      const Longest piece = longest_[place];
      joined[piece.node] += piece.is_counted ? count : 0;
      place += size_of_longest_[piece.node] - indicator_size_;
    }
  }

  const LearningWords& words_;
  std::vector<Longest> longest_;  // by place in the words
  PieceTrie trie_;
  uint32_t indicator_size_;
  bool subtract_kept_;
  size_t num_threads_;
  std::vector<Candidate> candidates_;  // the first one stands for none
  Counts counts_of_words_;             // of pieces that are whole words
  Counts counts_of_all_places_;        // and of those from every place inside them: before the first tokens are kept
  std::vector<std::string> head_;
  std::vector<uint32_t> size_of_longest_;  // of the longest kept token that a candidate begins with, or is
};

LearningWords select_words(std::span<const std::string_view> words, std::span<const int64_t> counts,
                           const LearnOptions& options) {
  const std::unordered_set<std::string_view> reserved(options.reserved_tokens.begin(), options.reserved_tokens.end());
  return LearningWords(words, counts, reserved, options.suffix_indicator,
                       {static_cast<size_t>(options.max_input_tokens), static_cast<size_t>(options.max_token_length),
                        static_cast<size_t>(options.max_unique_characters)});
}

}  // namespace

Status learn(std::span<const std::string_view> words, std::span<const int64_t> counts, const LearnOptions& options,
             const OnEvaluate& on_evaluate, std::vector<std::string>& tokens) try {
  tokens.clear();
  const auto [min_count, max_count] = std::minmax_element(counts.begin(), counts.end());
  int64_t high = std::min(*max_count, options.upper_threshold);
  int64_t low = std::max(*min_count, options.lower_threshold);
  // The search goes one below `low`, at most.
  const int64_t min_threshold = std::max(std::min(low - 1, (low + high) / 2), int64_t{1});
  const LearningWords selected = select_words(words, counts, options);
  Learner learner(selected, min_threshold, options);
  const size_t num_reserved = options.reserved_tokens.size();
  if (static_cast<int64_t>(learner.size_of_head()) > options.vocabulary_size) {
    return Status::error(Code::kInvalidSize,
                         "`vocabulary_size` must be at least " + std::to_string(learner.size_of_head()) + ", for " +
                             std::to_string(num_reserved) + " reserved tokens and " +
                             std::to_string(learner.size_of_head() - num_reserved) + " characters; received " +
                             std::to_string(options.vocabulary_size) + ".");
  }

  while (true) {
    const int64_t threshold = (low + high) / 2;
    const auto size = static_cast<int64_t>(learner.evaluate(threshold, options.num_iterations));
    if (!on_evaluate(threshold, size)) return {};
    const bool fits = size <= options.vocabulary_size;
    const auto missing = static_cast<double>(options.vocabulary_size - size);
    const bool is_close = fits && missing <= options.slack_ratio * static_cast<double>(options.vocabulary_size);
    if (is_close || low >= high || threshold <= 1) break;
    if (fits) {
      high = threshold - 1;
    } else {
      low = threshold + 1;
    }
  }
  tokens = learner.tokens(static_cast<size_t>(options.vocabulary_size));
  return {};
} catch (const std::bad_alloc&) {
  return Status::error(Code::kOutOfMemory, "out of memory");
} catch (const std::length_error& error) {
  return Status::error(Code::kOutOfMemory, error.what());
}

}  // namespace fastnlp::wordpiece
