#include "core/wordpiece/encode_with_offsets.h"

#include <algorithm>
#include <new>
#include <string>
#include <vector>

#include "core/parallel.h"
#include "core/text/aligned_words.h"
#include "core/text/rows.h"

namespace fastnlp::wordpiece {
namespace {

constexpr size_t kMaxBytesPerWord = 100;       // "keras": a longer word is unknown
constexpr size_t kMaxCharactersPerWord = 100;  // "bert": the same, in characters

size_t utf8_size(char32_t c) { return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; }

class Encoder {
 public:
  Encoder(const Model& model, RaggedTokens& out) : model_(model), scanner_(model.rules), out_(out) {}

  // Appends the tokens of a text, and a row split.
  void encode(std::string_view text) {
    int64_t word_id = 0;
    scanner_.scan(text, [&](const AlignedWord& word) {
      encode_word(word);
      append_offsets(word);
      for (size_t i = out_.word_ids.size(); i < out_.ids.size(); ++i) out_.word_ids.push_back(word_id);
      ++word_id;
    });
    out_.row_splits.push_back(static_cast<int64_t>(out_.ids.size()));
  }

 private:
  // Appends the ids of a word.
  void encode_word(const AlignedWord& word) {
    if (word.special != WordScanner::kNotSpecial && model_.rules.rules == Rules::kBert) {
      out_.ids.push_back(model_.special_ids[static_cast<size_t>(word.special)]);
      return;
    }
    const size_t before = out_.ids.size();
    if (!is_too_long(word)) {
      std::string_view rest = word.text;
      const Trie* trie = &model_.initial;
      while (!rest.empty()) {
        const Trie::Match match = trie->longest_match(rest);
        if (match.value == Trie::kNone) break;
        out_.ids.push_back(match.value);
        rest.remove_prefix(match.size);
        trie = &model_.suffix;
      }
      if (rest.empty()) return;
    }
    out_.ids.resize(before);
    out_.ids.push_back(model_.oov_id);
  }

  bool is_too_long(const AlignedWord& word) const {
    if (word.text.size() <= kMaxBytesPerWord) return false;
    if (model_.rules.rules == Rules::kKeras) return true;
    return (word.characters.empty() ? word.text.size() : word.characters.size()) > kMaxCharactersPerWord;
  }

  // Appends the offsets of the ids that have none: those of a word. A word's only id, which may be that of the unknown
  // token, has all of it.
  void append_offsets(const AlignedWord& word) {
    const size_t first = out_.word_ids.size();
    const size_t count = out_.ids.size() - first;
    size_t begin = 0;
    auto character = word.characters.begin();
    for (size_t i = 0; i < count; ++i) {
      size_t end = word.text.size();
      if (i + 1 < count) {
        end = begin + model_.tokens[static_cast<size_t>(out_.ids.data()[first + i])].size();
        if (i > 0) end -= model_.suffix_indicator.size();
      }
      if (word.characters.empty()) {
        append(at(word.start, begin), at(word.start, end));
      } else {
        const Position start = character->start;
        Position stop = character->end;
        for (; begin < end; ++character) {
          begin += utf8_size(character->code_point);
          if (character->end.byte > stop.byte) stop = character->end;
        }
        append(start, stop);
      }
      begin = end;
    }
  }

  static Position at(const Position& start, size_t ascii) {
    return {start.byte + static_cast<int64_t>(ascii), start.character + static_cast<int64_t>(ascii)};
  }

  void append(const Position& start, const Position& end) {
    out_.byte_offsets.push_back(start.byte);
    out_.byte_offsets.push_back(end.byte);
    out_.char_offsets.push_back(start.character);
    out_.char_offsets.push_back(end.character);
  }

  const Model& model_;
  AlignedWordScanner scanner_;
  RaggedTokens& out_;
};

// Encodes texts[begin, end) and appends to `out`; a row's splits are counted from the ids that `out` began with.
Status encode_rows(const Model& model, std::span<const std::string_view> texts, size_t begin, size_t end, bool strict,
                   RaggedTokens& out) {
  if (strict) {
    if (Status status = check_utf8(texts, begin, end); !status.ok()) return status;
  }
  Encoder encoder(model, out);
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
