#include "core/wordpiece/count_words.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "core/parallel.h"
#include "core/text/chunks.h"
#include "core/text/rows.h"
#include "core/text/utf8.h"
#include "core/wordpiece/lookup.h"
#include "core/wordpiece/piece_counts.h"
#include "core/wordpiece/text_window.h"
#include "core/wordpiece/word_table.h"

namespace fastnlp::wordpiece {
namespace {

// A piece that is in a table, with all its bytes.
struct Piece {
  int64_t first;
  int64_t count;
  std::string_view bytes;
};

TextRules without_special_tokens(TextRules rules) {
  rules.special_tokens.clear();
  return rules;
}

int64_t count_ill_formed(std::string_view text) {
  int64_t count = 0;
  for (const char* p = text.data(); p < text.data() + text.size();) {
    const utf8::Decoded decoded = utf8::decode(p, text.data() + text.size());
    count += !decoded.valid;
    p += decoded.size;
  }
  return count;
}

}  // namespace

// What one thread counted: pieces as they are. What words they become is asked once for each, at the end.
class WordCounter::Tally {
 public:
  Tally(const TextRules& rules, const ByteClasses& classes) : rules_(rules), classes_(classes) {}

  // Counts texts, the first of which begins at `position`. Positions only ever grow.
  void add(std::span<const std::string_view> texts, int64_t position) {
    if (rules_.split) {
      add_pieces(texts, position);
    } else {
      add_whole(texts, position);
    }
  }

  size_t memory() const { return short_.memory() + long_.memory(); }
  size_t size() const { return short_.size() + long_.size(); }

  void append_to(std::vector<Piece>& pieces) const {
    short_.for_each([&](const PieceKey& key, int64_t count, int64_t first) {
      const char* const bytes = reinterpret_cast<const char*>(&key);
      pieces.push_back({first, count, {bytes, std::char_traits<char>::length(bytes)}});
    });
    for (size_t i = 0; i < long_.size(); ++i) {
      pieces.push_back({long_.firsts().data()[i], long_.counts().data()[i], long_[i]});
    }
  }

 private:
  void add_pieces(std::span<const std::string_view> texts, int64_t position) {
    const Target target = current_target();
    const FindPieces find = find_pieces(target);
    const MakeKeys make = make_keys(target);
    window_.start();
    while (window_.row < texts.size()) {
      short_.grow();
      const std::string_view long_piece = window_.fill(texts, classes_, find);
      const int64_t begin = position + window_.position;
      if (!long_piece.empty()) long_.add(long_piece, 1, begin);
      const size_t count = window_.pieces.count;
      const auto prepare = [&](size_t from) {
        make(window_.bytes.data(), window_.pieces, std::min(from, count), std::min(from + kGroup, count),
             short_.lines(), keys_);
      };
      prepare(0);
      for (size_t piece = 0; piece < count; piece += kGroup) {
        prepare(piece + kGroup);
        const size_t stop = std::min(piece + kGroup, count);
        for (size_t i = piece; (i = short_.count(keys_, i, stop)) < stop; ++i) add_piece(i, begin);
      }
    }
  }

  // A piece that is not in its line.
  void add_piece(size_t i, int64_t begin) {
    const int64_t position = begin + window_.pieces.begins[i];
    const std::string_view piece = window_.piece(i);
    if (piece.size() <= PieceKey::kMaxSize) {
      short_.add(keys_.keys[i], position);
    } else {
      long_.add(piece, 1, position);
    }
  }

  // Texts that are words as they are.
  void add_whole(std::span<const std::string_view> texts, int64_t position) {
    for (const std::string_view text : texts) {
      if (!text.empty() && text.size() <= PieceKey::kMaxSize && text.find('\0') == text.npos) {
        PieceKey key = {0, 0};
        std::memcpy(&key, text.data(), text.size());
        short_.grow();
        short_.add(key, position);
      } else {
        long_.add(text, 1, position);
      }
      position += static_cast<int64_t>(text.size()) + 1;
    }
  }

  const TextRules& rules_;
  const ByteClasses& classes_;
  PieceCounts short_;
  WordTable long_;
  TextWindow window_;
  PieceKeys keys_;
};

WordCounter::WordCounter(TextRules rules)
    : rules_(without_special_tokens(std::move(rules))), classes_(byte_classes(rules_)) {}

WordCounter::~WordCounter() = default;

Status WordCounter::add(std::span<const std::string_view> texts, int num_threads, bool strict) try {
  const std::vector<size_t> bounds = chunk_rows(texts, num_threads);
  const size_t chunks = bounds.size() - 1;
  if (strict) {
    const auto check = [&](size_t chunk) {
      return check_utf8(texts.subspan(bounds[chunk], bounds[chunk + 1] - bounds[chunk]), bounds[chunk]);
    };
    Status status = for_each(chunks, num_threads, [&] { return check; });
    if (!status.ok()) return status;
  }
  std::vector<int64_t> positions;
  for (size_t chunk = 0; chunk < chunks; ++chunk) {
    positions.push_back(position_);
    for (size_t row = bounds[chunk]; row < bounds[chunk + 1]; ++row) {
      position_ += static_cast<int64_t>(texts[row].size()) + 1;
    }
  }
  if (chunks == 0) return {};
  const size_t threads = std::min(chunks, static_cast<size_t>(std::max(num_threads, 1)));
  while (tallies_.size() < threads) tallies_.push_back(std::make_unique<Tally>(rules_, classes_));
  std::atomic<size_t> next{0};
  const bool done = parallel_for(chunks, num_threads, [&] {
    return [&, &tally = *tallies_[next.fetch_add(1)]](size_t chunk) {
      tally.add(texts.subspan(bounds[chunk], bounds[chunk + 1] - bounds[chunk]), positions[chunk]);
    };
  });
  return done ? Status() : Status::error(Code::kOutOfMemory, "out of memory");
} catch (const std::bad_alloc&) {
  return Status::error(Code::kOutOfMemory, "out of memory");
}

size_t WordCounter::memory() const {
  size_t bytes = 0;
  for (const auto& tally : tallies_) bytes += tally->memory();
  return bytes;
}

Status WordCounter::take(CountedWords& out) try {
  std::vector<Piece> pieces;
  size_t size = 0;
  for (const auto& tally : tallies_) size += tally->size();
  pieces.reserve(size);
  for (const auto& tally : tallies_) tally->append_to(pieces);
  // Words come in the order of the pieces that hold them: a word's first occurrence is in the first occurrence of one.
  std::ranges::sort(pieces, {}, &Piece::first);

  constexpr size_t kAhead = 8;
  WordTable words(pieces.size());
  WordScanner scanner(rules_);
  out.replaced = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (i + kAhead < pieces.size()) __builtin_prefetch(pieces[i + kAhead].bytes.data());
    const auto& [first, count, bytes] = pieces[i];
    out.replaced += count * (utf8::is_ascii(bytes) ? 0 : count_ill_formed(bytes));
    if (rules_.split) {
      scanner.scan(bytes, [&](std::string_view word, int) { words.add(word, count, first); });
      continue;
    }
    // A text is one word, but under "bert" rules none where nothing is left of it.
    std::string whole;
    scanner.scan(bytes, [&](std::string_view word, int) { whole = word; });
    if (rules_.rules == Rules::kKeras || !whole.empty()) words.add(whole, count, first);
  }
  out.bytes = std::move(words.bytes());
  out.splits = std::move(words.splits());
  out.counts = std::move(words.counts());
  tallies_.clear();
  return {};
} catch (const std::bad_alloc&) {
  return Status::error(Code::kOutOfMemory, "out of memory");
}

}  // namespace fastnlp::wordpiece
