#include "core/wordpiece/encode_with_offsets.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "core/parallel.h"
#include "core/text/aligned_words.h"
#include "core/text/rows.h"

namespace fastnlp::wordpiece {
namespace {

constexpr size_t kMaxBytesPerWord = 100;       // "keras": a longer word is unknown
constexpr size_t kMaxCharactersPerWord = 100;  // "bert": the same, in characters

constexpr size_t kBytesPerToken = 4;  // about

size_t utf8_size(char32_t c) { return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; }

// What a short ASCII word became.
struct Memo {
  static constexpr size_t kMaxSize = 16;
  static constexpr size_t kMaxTokens = 4;

  uint64_t low, high;  // the word, with zeros behind it
  std::array<int32_t, kMaxTokens> ids;
  std::array<uint8_t, kMaxTokens> ends;  // of the tokens in the word
  uint8_t count;                         // of tokens; 0 where the memo is free
};

class Encoder {
 public:
  // `bytes` is the size of all texts.
  Encoder(const Model& model, size_t bytes, RaggedTokens& out)
      : model_(model),
        scanner_(model.rules),
        out_(out),
        memos_(std::clamp<size_t>(std::bit_ceil(bytes / 16), 16, size_t{1} << kMemoBits)) {
    const size_t tokens = bytes / kBytesPerToken;  // memory that is not written costs nothing
    out.ids.reserve(tokens);
    out.byte_offsets.reserve(2 * tokens);
    out.char_offsets.reserve(2 * tokens);
    out.word_ids.reserve(tokens);
  }

  // Appends the tokens of a text, and a row split.
  void encode(std::string_view text) {
    text_end_ = text.data() + text.size();
    word_id_ = 0;
    scanner_.scan(text, *this);
    out_.row_splits.push_back(static_cast<int64_t>(out_.ids.size()));
  }

  // For AlignedWordScanner.
  void ascii_word(std::string_view word, const Position& start) {
    // A zero may be in a word without `split` alone: white space and control characters are in none with it.
    if (word.size() > Memo::kMaxSize || !model_.rules.split) {
      spell_ascii(word);
      append(ids_.data(), ends_.data(), ids_.size(), start);
      return;
    }
    const auto [low, high] = key_of(word);
    const uint64_t mixed = (low ^ high * 0x9E3779B97F4A7C15u) * 0xD6E8FEB86659FD93u;
    Memo& memo = memos_[(mixed >> (64 - kMemoBits)) & (memos_.size() - 1)];
    if (memo.low != low || memo.high != high || memo.count == 0) {
      spell_ascii(word);
      if (ids_.size() > Memo::kMaxTokens) {
        append(ids_.data(), ends_.data(), ids_.size(), start);
        return;
      }
      memo.low = low;
      memo.high = high;
      for (memo.count = 0; memo.count < ids_.size(); ++memo.count) {
        memo.ids[memo.count] = ids_.data()[memo.count];
        memo.ends[memo.count] = static_cast<uint8_t>(ends_.data()[memo.count]);
      }
    }
    append(memo.ids.data(), memo.ends.data(), memo.count, start);
  }

  void word(const AlignedWord& word) {
    if (word.special != WordScanner::kNotSpecial && model_.rules.rules == Rules::kBert) {
      ids_.clear();
      ids_.push_back(model_.special_ids[static_cast<size_t>(word.special)]);
      find_ends(word.text);
    } else {
      spell(word.text, word.characters.size());
    }
    auto character = word.characters.begin();
    size_t size = 0;
    for (size_t i = 0; i < ids_.size(); ++i) {
      const Position start = character->start;
      Position end = character->end;
      for (; size < ends_.data()[i]; ++character) {
        size += utf8_size(character->code_point);
        if (character->end.byte > end.byte) end = character->end;
      }
      append(ids_.data()[i], start, end);
    }
    ++word_id_;
  }

 private:
  static constexpr int kMemoBits = 15;

  struct Key {
    uint64_t low, high;
  };

  Key key_of(std::string_view word) const {
    std::array<char, Memo::kMaxSize> bytes{};
    if (static_cast<size_t>(text_end_ - word.data()) < bytes.size()) {
      word.copy(bytes.data(), word.size());
    } else {
      std::memcpy(bytes.data(), word.data(), bytes.size());
    }
    uint64_t low, high;
    std::memcpy(&low, bytes.data(), 8);
    std::memcpy(&high, bytes.data() + 8, 8);
    const auto mask = [](size_t size) { return size >= 8 ? ~uint64_t{0} : (uint64_t{1} << 8 * size) - 1; };
    return {low & mask(word.size()), high & mask(word.size() > 8 ? word.size() - 8 : 0)};
  }

  void spell_ascii(std::string_view word) {
    if (model_.rules.lowercase) {
      lowered_.resize(word.size());
      std::transform(word.begin(), word.end(), lowered_.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
      word = lowered_;
    }
    spell(word, word.size());
  }

  // Sets ids_ and ends_ to those of a normalised word.
  void spell(std::string_view word, size_t characters) {
    ids_.clear();
    const bool too_long =
        model_.rules.rules == Rules::kKeras ? word.size() > kMaxBytesPerWord : characters > kMaxCharactersPerWord;
    std::string_view rest = word;
    const Trie* trie = &model_.initial;
    while (!too_long && !rest.empty()) {
      const Trie::Match match = trie->longest_match(rest);
      if (match.value == Trie::kNone) break;
      ids_.push_back(match.value);
      rest.remove_prefix(match.size);
      trie = &model_.suffix;
    }
    if (!rest.empty()) {
      ids_.clear();
      ids_.push_back(model_.oov_id);
    }
    find_ends(word);
  }

  // Sets ends_ to where in a word its tokens end. An only token, which may be the unknown one, has all of it.
  void find_ends(std::string_view word) {
    ends_.clear();
    size_t end = 0;
    for (size_t i = 0; i + 1 < ids_.size(); ++i) {
      end += model_.tokens[static_cast<size_t>(ids_.data()[i])].size() - (i > 0 ? model_.suffix_indicator.size() : 0);
      ends_.push_back(end);
    }
    ends_.push_back(word.size());
  }

  // Appends the tokens of an ASCII word.
  template <typename End>
  void append(const int32_t* ids, const End* ends, size_t count, const Position& start) {
    int64_t begin = 0;
    for (size_t i = 0; i < count; ++i) {
      const auto end = static_cast<int64_t>(ends[i]);
      append(ids[i], {start.byte + begin, start.character + begin}, {start.byte + end, start.character + end});
      begin = end;
    }
    ++word_id_;
  }

  void append(int32_t id, const Position& start, const Position& end) {
    out_.ids.push_back(id);
    out_.byte_offsets.push_back(start.byte);
    out_.byte_offsets.push_back(end.byte);
    out_.char_offsets.push_back(start.character);
    out_.char_offsets.push_back(end.character);
    out_.word_ids.push_back(word_id_);
  }

  const Model& model_;
  AlignedWordScanner scanner_;
  RaggedTokens& out_;
  std::vector<Memo> memos_;
  const char* text_end_ = nullptr;
  int64_t word_id_ = 0;
  Buffer<int32_t> ids_;  // of a word
  Buffer<size_t> ends_;  // of its tokens
  std::string lowered_;
};

// Encodes texts[begin, end) and appends to `out`; a row's splits are counted from the ids that `out` began with.
Status encode_rows(const Model& model, std::span<const std::string_view> texts, size_t begin, size_t end, bool strict,
                   RaggedTokens& out) {
  if (strict) {
    if (Status status = check_utf8(texts, begin, end); !status.ok()) return status;
  }
  size_t bytes = 0;
  for (size_t row = begin; row < end; ++row) bytes += texts[row].size();
  Encoder encoder(model, bytes, out);
  for (size_t row = begin; row < end; ++row) encoder.encode(texts[row]);
  return {};
}

template <typename T>
void copy(const Buffer<T>& from, Buffer<T>& to, size_t offset) {
  std::copy_n(from.data(), from.size(), to.data() + offset);
}

}  // namespace

Status encode_with_offsets(const Model& model, std::span<const std::string_view> texts, const EncodeOptions& options,
                           RaggedTokens& out) try {
  out = {};
  out.row_splits.reserve(texts.size() + 1);
  out.row_splits.push_back(0);
  const std::vector<size_t> bounds = options.num_threads > 1 ? chunk_rows(texts) : std::vector<size_t>{};
  if (bounds.size() <= 2) return encode_rows(model, texts, 0, texts.size(), options.strict, out);

  const size_t chunks = bounds.size() - 1;
  std::vector<RaggedTokens> parts(chunks);
  std::vector<Status> statuses(chunks);
  const Status out_of_memory = Status::error(Code::kOutOfMemory, "out of memory");
  const bool encoded = parallel_for(chunks, options.num_threads, [&](size_t chunk) {
    statuses[chunk] = encode_rows(model, texts, bounds[chunk], bounds[chunk + 1], options.strict, parts[chunk]);
  });
  if (!encoded) return out_of_memory;
  std::vector<size_t> offsets = {0};
  for (size_t chunk = 0; chunk < chunks; ++chunk) {
    if (!statuses[chunk].ok()) return statuses[chunk];
    offsets.push_back(offsets.back() + parts[chunk].ids.size());
  }
  out.ids.resize(offsets.back());
  out.byte_offsets.resize(2 * offsets.back());
  out.char_offsets.resize(2 * offsets.back());
  out.word_ids.resize(offsets.back());
  out.row_splits.resize(texts.size() + 1);
  const bool joined = parallel_for(chunks, options.num_threads, [&](size_t chunk) {
    const RaggedTokens part = std::move(parts[chunk]);
    copy(part.ids, out.ids, offsets[chunk]);
    copy(part.byte_offsets, out.byte_offsets, 2 * offsets[chunk]);
    copy(part.char_offsets, out.char_offsets, 2 * offsets[chunk]);
    copy(part.word_ids, out.word_ids, offsets[chunk]);
    const auto offset = static_cast<int64_t>(offsets[chunk]);
    std::transform(part.row_splits.data(), part.row_splits.data() + part.row_splits.size(),
                   out.row_splits.data() + bounds[chunk] + 1, [offset](int64_t split) { return split + offset; });
  });
  return joined ? Status{} : out_of_memory;
} catch (const std::bad_alloc&) {
  return Status::error(Code::kOutOfMemory, "out of memory");
}

}  // namespace fastnlp::wordpiece
