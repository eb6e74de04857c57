// Learns a vocabulary from word counts: the kernels that fastnlp/reference/wordpiece/learn.py and
// learn_subtract_kept.py define.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace fastnlp::wordpiece {

struct LearnOptions {
  int64_t vocabulary_size;
  std::vector<std::string> reserved_tokens;  // every one once
  std::string suffix_indicator;
  int64_t upper_threshold = 10'000'000;
  int64_t lower_threshold = 10;
  int64_t num_iterations = 4;
  int64_t max_input_tokens = 5'000'000;
  int64_t max_token_length = 50;
  int64_t max_unique_characters = 1000;
  double slack_ratio = 0.05;
  bool subtract_kept = false;  // learn_subtract_kept instead of learn
  int num_threads = 1;
};

// Called with every threshold that was tried and the size of its vocabulary. False ends the search.
using OnEvaluate = std::function<bool(int64_t threshold, int64_t size)>;

// Sets `tokens` to the vocabulary; where the search was ended, to nothing. A `vocabulary_size` without room for the
// alphabet is an error. Words are valid UTF-8 or generalised UTF-8, which may hold surrogates, all different, at least
// one; no count is below 1. The counts of all characters add up to less than 2**63; no number in the options is below 1
// or above 2**53.
Status learn(std::span<const std::string_view> words, std::span<const int64_t> counts, const LearnOptions& options,
             const OnEvaluate& on_evaluate, std::vector<std::string>& tokens);

}  // namespace fastnlp::wordpiece
