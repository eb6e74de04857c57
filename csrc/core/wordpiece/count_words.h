// How often each word comes in texts. reference/wordpiece/count_words.py is the definition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/buffer.h"
#include "core/status.h"
#include "core/text/words.h"
#include "core/wordpiece/pieces.h"

namespace fastnlp::wordpiece {

// In the order in which the words first came. Word i is bytes[splits[i]] up to bytes[splits[i + 1]].
struct CountedWords {
  Buffer<char> bytes;
  Buffer<int64_t> splits;
  Buffer<int64_t> counts;
  int64_t replaced = 0;  // ill-formed sequences for which U+FFFD stands
};

// Counts the words of one batch of texts after another. How the texts are cut into batches, and how many threads count
// them, changes nothing in the result.
class WordCounter {
 public:
  // Special tokens are words like any other.
  explicit WordCounter(TextRules rules);
  ~WordCounter();

  // Not for several threads at once. With `strict`, invalid UTF-8 is an error, and no text of the batch is counted.
  Status add(std::span<const std::string_view> texts, int num_threads, bool strict);

  // What the counts take, in bytes.
  size_t memory() const;

  // Hands the counts out, and begins anew. Needs about as much memory again.
  Status take(CountedWords& out);

 private:
  class Tally;

  TextRules rules_;
  ByteClasses classes_;
  std::vector<std::unique_ptr<Tally>> tallies_;  // one a thread
  int64_t position_ = 0;                         // where the next text begins
};

}  // namespace fastnlp::wordpiece
