#include "core/wordpiece/encode_with_offsets.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "core/text/aligned_words.h"
#include "core/text/parts.h"
#include "core/text/rows.h"
#include "core/wordpiece/speller.h"

namespace fastnlp::wordpiece {
namespace {

constexpr size_t kBytesPerToken = 3;  // fewer are rare

size_t utf8_size(char32_t c) { return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; }

// The tokens of a word: their ids, and where in the word each ends but the last, which ends with it.
struct Tokens {
  const int32_t* ids;
  const uint16_t* ends;
  size_t count;

  size_t end(size_t token, std::string_view word) const { return token + 1 < count ? ends[token] : word.size(); }
};

// What a short word became.
struct Memo {
  static constexpr size_t kMaxSize = 16;
  static constexpr size_t kMaxTokens = 4;

  uint64_t low, high;  // the word, with zeros behind it
  std::array<int32_t, kMaxTokens> ids;
  std::array<uint16_t, kMaxTokens - 1> ends;
  uint8_t count;  // of tokens; 0 where the memo is free

  Tokens tokens() const { return {ids.data(), ends.data(), count}; }
};

class Encoder {
 public:
  // `bytes` is the size of all texts.
  Encoder(const Model& model, size_t bytes, RaggedTokens& out)
      : model_(model),
        scanner_(model.rules),
        speller_(model),
        out_(out),
        memos_(std::clamp<size_t>(std::bit_ceil(bytes / 16), 16, size_t{1} << kMemoBits)) {
    reserve(bytes / kBytesPerToken, out);  // memory that is not written costs nothing
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
    const Tokens tokens = remember(word, text_end_, [&] { return spell_ascii(word); });
    int64_t begin = 0;
    for (size_t i = 0; i < tokens.count; ++i) {
      const auto end = static_cast<int64_t>(tokens.end(i, word));
      append(tokens.ids[i], {start.byte + begin, start.character + begin}, {start.byte + end, start.character + end});
      begin = end;
    }
    ++word_id_;
  }

  // For AlignedWordScanner.
  void word(const AlignedWord& word) {
    const Tokens tokens = spell_aligned(word);
    auto character = word.characters.begin();
    size_t size = 0;
    for (size_t i = 0; i < tokens.count; ++i) {
      const Position start = character->start;
      Position end = character->end;
      for (const size_t token_end = tokens.end(i, word.text); size < token_end; ++character) {
        size += utf8_size(character->code_point);
        if (character->end.byte > end.byte) end = character->end;
      }
      append(tokens.ids[i], start, end);
    }
    ++word_id_;
  }

 private:
  static constexpr int kMemoBits = 15;

  // Spells a word, or remembers what it became. Bytes before `end` can be read. An ASCII word comes before it is
  // lower-cased, the others after it: they hold no capitals that it could be taken for.
  template <typename Spell>
  Tokens remember(std::string_view word, const char* end, Spell spell) {
    // Without `split`, a word may hold the zeros that lie behind a shorter one.
    if (word.size() > Memo::kMaxSize || !model_.rules.split) return spell();
    std::array<uint64_t, 2> key{};
    if (static_cast<size_t>(end - word.data()) >= sizeof(key)) {
      std::memcpy(key.data(), word.data(), sizeof(key));
      const auto ones = [](size_t bytes) { return bytes >= 8 ? ~uint64_t{0} : (uint64_t{1} << 8 * bytes) - 1; };
      key[0] &= ones(word.size());
      key[1] &= ones(word.size() > 8 ? word.size() - 8 : 0);
    } else {
      std::memcpy(key.data(), word.data(), word.size());
    }
    const uint64_t hash = (key[0] ^ key[1] * 0x9E3779B97F4A7C15u) * 0xD6E8FEB86659FD93u;
    Memo& memo = memos_[(hash >> (64 - kMemoBits)) & (memos_.size() - 1)];
    if (memo.low == key[0] && memo.high == key[1] && memo.count > 0) return memo.tokens();
    const Tokens tokens = spell();
    if (tokens.count > Memo::kMaxTokens) return tokens;
    memo.low = key[0];
    memo.high = key[1];
    memo.count = static_cast<uint8_t>(tokens.count);
    for (size_t i = 0; i < tokens.count; ++i) memo.ids[i] = tokens.ids[i];
    for (size_t i = 0; i + 1 < tokens.count; ++i) memo.ends[i] = tokens.ends[i];
    return memo.tokens();
  }

  Tokens spell_aligned(const AlignedWord& word) {
    const auto spell_text = [&] { return spell(word.text); };
    if (word.special == WordScanner::kNotSpecial) {
      return remember(word.text, word.text.data() + word.text.size(), spell_text);
    }
    if (model_.rules.rules == Rules::kKeras) return spell_text();
    return {&model_.special_ids[static_cast<size_t>(word.special)], nullptr, 1};
  }

  Tokens spell_ascii(std::string_view word) {
    if (model_.rules.lowercase) {
      lowered_.resize(word.size());
      std::transform(word.begin(), word.end(), lowered_.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
      word = lowered_;
    }
    return spell(word);
  }

  Tokens spell(std::string_view word) {
    ids_.clear();
    ends_.clear();
    speller_.spell_word(word, ids_);
    size_t end = 0;
    for (size_t i = 0; i + 1 < ids_.size(); ++i) {  // the last ends with the word, as an unknown word's only one does
      end += model_.tokens[static_cast<size_t>(ids_.data()[i])].size() - (i > 0 ? model_.suffix_indicator.size() : 0);
      ends_.push_back(static_cast<uint16_t>(end));
    }
    return {ids_.data(), ends_.data(), ids_.size()};
  }

  void append(int32_t id, const Position& start, const Position& end) {
    const std::array<int64_t, 2> bytes = {start.byte, end.byte};
    const std::array<int64_t, 2> characters = {start.character, end.character};
    out_.ids.push_back(id);
    out_.byte_offsets.append(bytes.data(), 2);
    out_.char_offsets.append(characters.data(), 2);
    out_.word_ids.push_back(word_id_);
  }

  const Model& model_;
  AlignedWordScanner scanner_;
  Speller speller_;
  RaggedTokens& out_;
  std::vector<Memo> memos_;
  const char* text_end_ = nullptr;
  int64_t word_id_ = 0;
  Buffer<int32_t> ids_;
  Buffer<uint16_t> ends_;
  std::string lowered_;
};

}  // namespace

Status encode_with_offsets(const Model& model, TextSource& source, const EncodeOptions& options,
                           RaggedTokens& out) try {
  const auto encode_rows = [&](std::span<const std::string_view> texts, size_t first_row, RaggedTokens& part,
                               auto) -> Status {
    if (options.strict) {
      if (Status status = check_utf8(texts, first_row); !status.ok()) return status;
    }
    Encoder encoder(model, count_bytes(texts), part);
    for (const std::string_view text : texts) encoder.encode(text);
    return {};
  };
  return encode_texts(source, options.num_threads, kBytesPerToken, out, [&] { return encode_rows; });
} catch (const std::bad_alloc&) {
  return Status::error(Code::kOutOfMemory, "out of memory");
}

}  // namespace fastnlp::wordpiece
