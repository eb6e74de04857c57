#include "core/wordpiece/encode.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "core/parallel.h"
#include "core/wordpiece/scratch.h"

namespace fastnlp::wordpiece {
namespace {

constexpr size_t kMaxBytesPerWord = 100;       // "keras": a longer word is unknown
constexpr size_t kMaxCharactersPerWord = 100;  // "bert": the same, in characters
constexpr size_t kBytesPerChunk = 1 << 18;     // what a thread takes at a time: far longer than its start takes
constexpr size_t kBytesPerId = 3;              // fewer are rare

bool is_too_long(std::string_view word, Rules rules) {
  if (word.size() <= kMaxBytesPerWord) return false;
  if (rules == Rules::kKeras) return true;
  const auto begins_character = [](char c) { return (c & 0xC0) != 0x80; };
  return static_cast<size_t>(std::count_if(word.begin(), word.end(), begins_character)) > kMaxCharactersPerWord;
}

void encode_word(const Model& model, std::string_view word, Buffer<int32_t>& ids) {
  const size_t before = ids.size();
  const Trie* trie = &model.initial;
  if (!is_too_long(word, model.rules.rules)) {
    while (!word.empty()) {
      const Trie::Match match = trie->longest_match(word);
      if (match.value == Trie::kNone) break;
      ids.push_back(match.value);
      word.remove_prefix(match.size);
      trie = &model.suffix;
    }
    if (word.empty()) return;
  }
  ids.resize(before);
  ids.push_back(model.oov_id);
}

// The bytes of a key: ones where a piece of each size has bytes.
struct KeyMask {
  uint64_t low, high;
};
constexpr std::array<KeyMask, PieceKey::kMaxSize + 1> kKeyMasks = [] {
  std::array<KeyMask, PieceKey::kMaxSize + 1> masks{};
  for (size_t size = 0; size <= PieceKey::kMaxSize; ++size) {
    const auto ones = [](size_t bytes) { return bytes >= 8 ? ~uint64_t{0} : (uint64_t{1} << 8 * bytes) - 1; };
    masks[size] = {ones(std::min<size_t>(size, 8)), size > 8 ? ones(size - 8) : 0};
  }
  return masks;
}();

// Pieces that are looked up at a time: few enough that their cache lines stay in the first-level cache till they are
// read.
constexpr size_t kGroup = 128;

// No piece has this key, and no free entry either.
constexpr PieceKey kNoKey = {0, 1};

inline uint64_t load(const char* p) {
  uint64_t value;
  std::memcpy(&value, p, sizeof(value));
  return value;
}

// Encodes one text after another, through a window in which the texts lie one behind the other.
class Engine {
 public:
  Engine(const Model& model, Scratch& scratch, RaggedIds& out)
      : model_(model), scratch_(scratch), find_pieces_(find_pieces(current_target())), out_(out) {}

  // Appends the ids of all texts, and a row split for each.
  void encode(std::span<const std::string_view> texts) {
    const TextRules& rules = model_.rules;
    if (rules.split && rules.special_tokens.empty()) {
      encode_pieces(texts, /*split_rows=*/true);
      return;
    }
    for (const std::string_view text : texts) {
      scratch_.cutter.cut(
          text,
          [&](std::string_view part) {
            if (rules.split) {
              encode_pieces({&part, 1}, /*split_rows=*/false);
            } else {
              encode_slowly(part);
            }
          },
          [&](std::string_view token, int special) {
            if (rules.rules == Rules::kBert) {
              out_.values.push_back(model_.special_ids[static_cast<size_t>(special)]);
            } else {
              encode_word(model_, token, out_.values);
            }
          });
      out_.row_splits.push_back(static_cast<int64_t>(out_.values.size()));
    }
  }

 private:
  // Texts without special tokens.
  void encode_pieces(std::span<const std::string_view> texts, bool split_rows) {
    row_ = offset_ = 0;
    while (row_ < texts.size()) {
      fill(texts, split_rows);
      find_pieces_(scratch_.window.data(), size_, model_.byte_classes, scratch_.pieces);
      if (cut_) finish_cut(texts[row_]);
      emit();
    }
  }

  // What the cache does not hold: from the definition.
  void encode_slowly(std::string_view text) {
    scratch_.scanner.scan(text, [this](std::string_view word, int) { encode_word(model_, word, out_.values); });
  }

  // Copies texts into the window, a space behind each, until it is full: then the last one may be cut.
  void fill(std::span<const std::string_view> texts, bool split_rows) {
    char* const window = scratch_.window.data();
    size_ = 0;
    rows_ = 0;
    cut_ = false;
    for (; row_ < texts.size(); ++row_) {
      const std::string_view rest = texts[row_].substr(offset_);
      if (rest.size() >= kWindowSize - size_) {
        const size_t part = kWindowSize - size_;
        std::memcpy(window + size_, rest.data(), part);
        size_ += part;
        offset_ += part;
        cut_ = true;
        return;
      }
      std::memcpy(window + size_, rest.data(), rest.size());
      size_ += rest.size();
      window[size_++] = ' ';
      if (split_rows) scratch_.row_ends[rows_++] = static_cast<uint16_t>(size_);
      offset_ = 0;
    }
  }

  // The last piece of a cut text may go on: it is left for the next window, or, where it fills this one, encoded whole.
  void finish_cut(std::string_view text) {
    Pieces& pieces = scratch_.pieces;
    if (pieces.count == 0 || pieces.ends[pieces.count - 1] != size_) return;
    const size_t begin = pieces.begins[--pieces.count];
    offset_ -= size_ - begin;
    if (begin > 0) return;
    const auto* entries = model_.byte_classes.entries.data();
    size_t end = offset_ + size_;
    while (end < text.size() && entries[static_cast<uint8_t>(text[end])].byte_class == ByteClasses::kPart) ++end;
    encode_slowly(text.substr(offset_, end - offset_));
    offset_ = end;
  }

  // Makes the keys of pieces[begin, end), and asks memory for what the cache holds of them.
  void make_keys(size_t begin, size_t end) {
    const Pieces& pieces = scratch_.pieces;
    const char* const window = scratch_.window.data();
    for (size_t i = begin; i < end; ++i) {
      const size_t size = static_cast<size_t>(pieces.ends[i] - pieces.begins[i]);
      const char* const p = window + pieces.begins[i];
      const KeyMask mask = kKeyMasks[std::min(size, PieceKey::kMaxSize)];
      PieceKey key = {load(p) & mask.low, load(p + 8) & mask.high};
      if (size > PieceKey::kMaxSize) key = kNoKey;
      PieceCache::Line* const line = &scratch_.cache.line(key.hash());
      __builtin_prefetch(line);
      scratch_.keys[i] = key;
      scratch_.lines[i] = line;
    }
  }

  // Appends the ids of all pieces, and the splits of the rows that end in the window.
  void emit() {
    const size_t count = scratch_.pieces.count;
    const auto* const begins = scratch_.pieces.begins.data();
    size_t piece = 0, row = 0;
    make_keys(0, std::min(kGroup, count));
    do {
      const size_t stop = std::min(piece + kGroup, count);
      make_keys(stop, std::min(stop + kGroup, count));
      for (; row < rows_; ++row) {
        const auto* const row_stop = std::lower_bound(begins + piece, begins + stop, scratch_.row_ends[row]);
        const auto row_end = static_cast<size_t>(row_stop - begins);
        if (row_end == stop && stop < count) break;  // it may go on in the next group
        emit(piece, row_end);
        piece = row_end;
        out_.row_splits.push_back(static_cast<int64_t>(out_.values.size()));
      }
      emit(piece, stop);
      piece = stop;
    } while (piece < count);
  }

  void emit(size_t piece, size_t end) {
    Buffer<int32_t>& values = out_.values;
    values.reserve_more((end - piece + 1) * PieceCache::kMaxIds);
    int32_t* out = values.data() + values.size();
    for (; piece < end; ++piece) {
      const PieceKey key = scratch_.keys[piece];
      const PieceCache::Line& line = *scratch_.lines[piece];
      const auto& entry = line.entries[line.entries[1].key == key];
      if (!(entry.key == key)) [[unlikely]] {
        values.resize(static_cast<size_t>(out - values.data()));
        encode_piece(piece);
        values.reserve_more((end - piece + 1) * PieceCache::kMaxIds);
        out = values.data() + values.size();
        continue;
      }
      std::memcpy(out, entry.ids.data(), sizeof(entry.ids));
      out += (entry.ids[0] >= 0) + (entry.ids[1] >= 0) + (entry.ids[2] >= 0) + (entry.ids[3] >= 0);
    }
    values.resize(static_cast<size_t>(out - values.data()));
  }

  void encode_piece(size_t piece) {
    const Pieces& pieces = scratch_.pieces;
    const size_t size = static_cast<size_t>(pieces.ends[piece] - pieces.begins[piece]);
    const size_t before = out_.values.size();
    encode_slowly({scratch_.window.data() + pieces.begins[piece], size});
    const size_t count = out_.values.size() - before;
    if (size <= PieceKey::kMaxSize && count <= PieceCache::kMaxIds) {
      scratch_.lines[piece]->insert(scratch_.keys[piece], out_.values.data() + before, count);
    }
  }

  const Model& model_;
  Scratch& scratch_;
  const FindPieces find_pieces_;
  RaggedIds& out_;
  size_t row_ = 0;     // the text that comes next,
  size_t offset_ = 0;  // and how much of it has been in a window
  size_t size_ = 0;    // of what is in the window
  size_t rows_ = 0;    // that end in the window
  bool cut_ = false;   // whether the window ends inside a text
};

// Encodes texts[begin, end) and appends to `out`; a row's splits are counted from the values that `out` began with.
Status encode_rows(const Model& model, std::span<const std::string_view> texts, size_t begin, size_t end, bool strict,
                   RaggedIds& out) {
  size_t bytes = 0;
  for (size_t row = begin; row < end; ++row) {
    const std::string_view text = texts[row];
    bytes += text.size();
    if (strict && !utf8::is_ascii(text)) {
      const size_t offset = utf8::first_invalid(text);
      if (offset != text.size()) {
        return Status::error(Code::kInvalidUtf8, "invalid UTF-8", static_cast<int64_t>(row),
                             static_cast<int64_t>(offset));
      }
    }
  }
  out.values.reserve(bytes / kBytesPerId);  // memory that is not written costs nothing
  auto scratch = model.scratch_pool.take(model.rules);
  Engine(model, *scratch, out).encode(texts.subspan(begin, end - begin));
  model.scratch_pool.give_back(std::move(scratch));
  return {};
}

// The rows at which chunks of about kBytesPerChunk begin, and the number of rows: whatever the number of threads.
std::vector<size_t> chunk_rows(std::span<const std::string_view> texts) {
  std::vector<size_t> bounds = {0};
  size_t bytes = 0;
  for (size_t row = 0; row < texts.size(); ++row) {
    bytes += texts[row].size() + 1;
    if (bytes >= kBytesPerChunk) {
      bounds.push_back(row + 1);
      bytes = 0;
    }
  }
  if (bounds.back() != texts.size()) bounds.push_back(texts.size());
  return bounds;
}

}  // namespace

Status encode(const Model& model, std::span<const std::string_view> texts, const EncodeOptions& options,
              RaggedIds& out) try {
  out.values.clear();
  out.row_splits.clear();
  out.row_splits.reserve(texts.size() + 1);
  out.row_splits.push_back(0);
  const std::vector<size_t> bounds = options.num_threads > 1 ? chunk_rows(texts) : std::vector<size_t>{};
  if (bounds.size() <= 2) return encode_rows(model, texts, 0, texts.size(), options.strict, out);

  const size_t chunks = bounds.size() - 1;
  std::vector<RaggedIds> parts(chunks);
  std::vector<Status> statuses(chunks);
  const bool done = parallel_for(chunks, options.num_threads, [&](size_t chunk) {
    statuses[chunk] = encode_rows(model, texts, bounds[chunk], bounds[chunk + 1], options.strict, parts[chunk]);
  });
  if (!done) return Status::error(Code::kOutOfMemory, "out of memory");
  size_t total = 0;
  for (size_t chunk = 0; chunk < chunks; ++chunk) {
    if (!statuses[chunk].ok()) return statuses[chunk];
    total += parts[chunk].values.size();
  }
  out.values.reserve(total);
  for (const RaggedIds& part : parts) {
    const auto offset = static_cast<int64_t>(out.values.size());
    out.values.append(part.values.data(), part.values.size());
    for (size_t i = 0; i < part.row_splits.size(); ++i) out.row_splits.push_back(part.row_splits.data()[i] + offset);
  }
  return {};
} catch (const std::bad_alloc&) {
  return Status::error(Code::kOutOfMemory, "out of memory");
}

}  // namespace fastnlp::wordpiece
