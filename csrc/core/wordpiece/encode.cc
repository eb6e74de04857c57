#include "core/wordpiece/encode.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <new>
#include <utility>
#include <vector>

#include "core/text/parts.h"
#include "core/text/rows.h"
#include "core/wordpiece/scratch.h"

namespace fastnlp::wordpiece {
namespace {

using Step = std::function<void()>;

constexpr size_t kBytesPerId = 3;           // fewer are rare
constexpr size_t kManyMissed = kGroup / 8;  // pieces, of a group

// Encodes one text after another, through a window in which the texts lie one behind the other.
class Engine {
 public:
  // Calls step() behind every window.
  Engine(const Model& model, Scratch& scratch, RaggedIds& out, const Step& step)
      : Engine(model, scratch, out, step, current_target()) {}

  // Appends the ids of all texts, and a row split for each.
  void encode(std::span<const std::string_view> texts) {
    const TextRules& rules = model_.rules;
    if (rules.special_tokens.empty()) {
      encode_parts(texts, /*split_rows=*/true);
      return;
    }
    for (const std::string_view text : texts) {
      scratch_.speller.cut(
          text, [&](std::string_view part) { encode_parts({&part, 1}, /*split_rows=*/false); },
          [&](std::string_view token, int special) {
            if (rules.rules == Rules::kBert) {
              out_.values.push_back(model_.special_ids[static_cast<size_t>(special)]);
            } else {
              scratch_.speller.spell_word(token, out_.values);
            }
          });
      end_row();
    }
  }

 private:
  Engine(const Model& model, Scratch& scratch, RaggedIds& out, const Step& step, Target target)
      : model_(model),
        scratch_(scratch),
        find_pieces_(find_pieces(target)),
        make_keys_(wordpiece::make_keys(target)),
        look_up_(wordpiece::look_up(target)),
        width_(id_width(model.tokens.size())),
        put_ids_(wordpiece::put_ids(target, width_)),
        out_(out),
        step_(step) {}

  // Texts without special tokens.
  void encode_parts(std::span<const std::string_view> texts, bool split_rows) {
    TextWindow& window = scratch_.window;
    window.start();
    while (window.row < texts.size()) {
      // Where most text is not ASCII, what is learned would push out more than it is worth.
      if (scratch_.cache.grow(window.pieces.count) && is_mostly_ascii()) learn_tokens();
      if (model_.rules.split) {
        const std::string_view long_piece = window.fill(texts, model_.byte_classes, find_pieces_);
        if (!long_piece.empty()) spell_long(long_piece);
      } else {
        fill_whole(texts, split_rows);
      }
      const size_t rows = split_rows ? window.rows : 0;
      if (scratch_.by_letter || would_spell_by_letter()) {
        spell_by_letter(rows);
      } else {
        emit(rows);
      }
      step_();
    }
  }

  // Puts the tokens into the cache that are surely their own only id as pieces: of printable ASCII without capitals
  // that would have been lower-cased.
  void learn_tokens() {
    const auto is_plain = [&](char c) {
      const auto byte = static_cast<uint8_t>(c);
      const ByteClasses::Entry entry = model_.byte_classes.entries[byte];
      return byte > ' ' && byte < 0x7F && entry.byte_class == ByteClasses::kPart && entry.mapped == byte;
    };
    struct Plain {
      PieceKey key;
      uint32_t offset;
      int32_t id;
    };
    // Some at a time: memory fetches all their lines at once.
    std::array<Plain, 64> batch;
    const size_t size = model_.rules.split ? model_.tokens.size() : 0;
    for (size_t id = 0; id < size;) {
      size_t count = 0;
      for (; id < size && count < batch.size(); ++id) {
        const std::string& token = model_.tokens[id];
        if (token.size() > PieceKey::kMaxSize || !std::ranges::all_of(token, is_plain)) continue;
        PieceKey key = {0, 0};
        std::memcpy(&key, token.data(), token.size());
        batch[count++] = {key, scratch_.cache.prefetch(key), static_cast<int32_t>(id)};
      }
      for (const Plain& plain : std::span(batch).first(count)) {
        if (scratch_.cache.holds(plain.offset, plain.key)) continue;
        const IdGroup ids = pack_one(plain.id, width_);
        scratch_.cache.insert(plain.offset, plain.key, {&ids, 1});
      }
    }
  }

  // Fills the window with texts that are words as they are: each is one piece. What cannot be one is spelt at once.
  void fill_whole(std::span<const std::string_view> texts, bool split_rows) {
    TextWindow& window = scratch_.window;
    Pieces& pieces = window.pieces;
    window.size = window.rows = pieces.count = 0;
    for (; window.row < texts.size(); ++window.row) {
      const std::string_view text = texts[window.row];
      const bool is_piece = text.size() <= LongPieceCache::kMaxSize && text.find('\0') == text.npos;
      if (!is_piece) {
        if (pieces.count > 0 || window.rows > 0) return;  // they come first
        scratch_.speller.spell(text, text.data() + text.size(), out_.values);
        if (split_rows) end_row();
        continue;
      }
      if (text.size() > kWindowSize - window.size || window.rows == kWindowSize) return;
      if (!text.empty()) {
        std::memcpy(window.bytes.data() + window.size, text.data(), text.size());
        pieces.begins[pieces.count] = static_cast<uint16_t>(window.size);
        window.size += text.size();
        pieces.ends[pieces.count++] = static_cast<uint16_t>(window.size);
      }
      pieces.row_ends[window.rows++] = static_cast<uint16_t>(pieces.count);
    }
  }

  // Whether much of the window is beyond ASCII, and most of some pieces, taken here and there, is spelt letter by
  // letter.
  bool would_spell_by_letter() {
    constexpr size_t kProbes = 16, kSample = 4;
    const TextWindow& window = scratch_.window;
    if (window.pieces.count < kSample || !model_.rules.split) return false;
    const size_t before = out_.values.size();
    size_t taken = 0, bytes = 0, spelt = 0;
    for (size_t i = 0; i < kProbes && taken < kSample; ++i) {
      const std::string_view piece = window.piece(i * window.pieces.count / kProbes);
      if (begins_with_ascii(piece)) continue;
      const char* const begin = piece.data();
      const char* const stop =
          scratch_.speller.spell_by_letter(begin, begin + piece.size(), window.readable(), out_.values);
      spelt += static_cast<size_t>(stop - begin);
      bytes += piece.size();
      ++taken;
    }
    out_.values.resize(before);
    return taken == kSample && 4 * spelt > 3 * bytes;
  }

  // Does what emit() does, letter by letter as far as that goes: such text is spelt sooner than looked up.
  void spell_by_letter(size_t rows) {
    constexpr size_t kKeyed = 32;  // pieces
    const TextWindow& window = scratch_.window;
    const Pieces& pieces = window.pieces;
    const char* const begin = window.bytes.data();
    const char* const end = pieces.count > 0 ? begin + pieces.ends[pieces.count - 1] : begin;
    size_t piece = 0, row = 0;
    size_t searched = 0;  // bytes
    size_t keyed = 0;     // the piece behind the last that has a key
    for (const char* p = begin; p < end || row < rows;) {
      const char* const stop = row < rows ? begin + window.row_ends[row] : end;
      p = scratch_.speller.spell_by_letter(p, stop, window.readable(), out_.values);
      if (p == stop) {
        if (row++ < rows) end_row();
        continue;
      }
      while (begin + pieces.ends[piece] <= p) ++piece;
      const char* const word = p;
      const std::string_view whole = window.piece(piece);
      if (p == whole.data() && whole.size() <= PieceKey::kMaxSize) {
        if (piece >= keyed) {
          keyed = std::min(piece + kKeyed, pieces.count);  // where one is looked up, others are soon
          make_keys(piece, keyed);
        }
        size_t last = piece;  // of those that go the same way
        while (last + 1 < keyed && begin + pieces.ends[last + 1] <= stop && begins_with_ascii(window.piece(last + 1))) {
          ++last;
        }
        find(piece, last + 1);
        put_ids();
        p = begin + pieces.ends[last];
      } else {
        p = scratch_.speller.spell_first_word(p, whole.data() + whole.size(), out_.values);
      }
      searched += static_cast<size_t>(p - word);
    }
    scratch_.by_letter = 2 * searched < window.size;
  }

  // A piece that no window holds.
  void spell_long(std::string_view piece) {
    const char* const end = piece.data() + piece.size();
    for (const char* p = piece.data(); p < end;) {
      p = scratch_.speller.spell_by_letter(p, end, end, out_.values);
      if (p < end) p = scratch_.speller.spell_first_word(p, end, out_.values);
    }
  }

  // Whether half of the pieces begin with ASCII at least.
  bool is_mostly_ascii() const {
    const TextWindow& window = scratch_.window;
    size_t ascii = 0;
    for (size_t i = 0; i < window.pieces.count; ++i) ascii += begins_with_ascii(window.piece(i));
    return 2 * ascii >= window.pieces.count;
  }

  static bool begins_with_ascii(std::string_view piece) { return static_cast<uint8_t>(piece.front()) < 0x80; }

  void end_row() { out_.row_splits.push_back(static_cast<int64_t>(out_.values.size())); }

  // Appends the ids of all pieces, and the splits of `rows` rows that end in the window.
  void emit(size_t rows) {
    const size_t count = scratch_.window.pieces.count;
    size_t piece = 0;
    row_ = 0;
    rows_ = rows;
    make_keys(0, std::min(kGroup, count));
    do {
      const size_t stop = std::min(piece + kGroup, count);
      make_keys(stop, std::min(stop + kGroup, count));
      if (std::exchange(missed_, 0) >= kManyMissed && !scratch_.cache.is_near()) prefetch_missing(piece, stop);
      find(piece, stop);
      end_rows(stop);
      put_ids();
      piece = stop;
    } while (piece < count);
  }

  void make_keys(size_t begin, size_t end) {
    make_keys_(scratch_.window.bytes.data(), scratch_.window.pieces, begin, end, scratch_.cache.lines(), scratch_.keys);
  }

  // Finds the ids of at most kGroup pieces. What was found before them has been put.
  void find(size_t piece, size_t end) {
    while (piece < end) {
      piece = look_up_(scratch_.cache, scratch_.keys, piece, end, scratch_.found);
      if (piece < end) encode_piece(piece++);
    }
  }

  // Notes the rows that end before a piece. Each piece behind the last rows that were noted has one place so far; this
  // is called before that changes.
  void end_rows(size_t piece) {
    FoundIds& found = scratch_.found;
    const auto& row_ends = scratch_.window.pieces.row_ends;
    for (; row_ < rows_ && row_ends[row_] <= piece; ++row_) {
      found.row_ends[found.rows++] = static_cast<uint16_t>(found.size - (piece - row_ends[row_]));
    }
  }

  // Appends what was found.
  void put_ids() { move_ids(put_ids_, scratch_.found, out_.values, out_.row_splits); }

  // Asks memory for what encode_piece will read.
  void prefetch_missing(size_t piece, size_t end) {
    for (; piece < end; ++piece) {
      const std::string_view text = scratch_.window.piece(piece);
      if (text.size() <= PieceKey::kMaxSize) {
        scratch_.cache.prefetch_beside(scratch_.keys.offsets[piece]);
      } else if (text.size() <= LongPieceCache::kMaxSize) {
        scratch_.long_cache.prefetch(text);
      }
    }
  }

  // A piece that is not in its line. Not inlined: what is rare should not shape the loop around it.
  [[gnu::noinline]] void encode_piece(size_t piece) {
    ++missed_;
    const std::string_view text = scratch_.window.piece(piece);
    if (text.size() > LongPieceCache::kMaxSize) {
      end_rows(piece);
      put_ids();
      scratch_.speller.spell(text, scratch_.window.readable(), out_.values);
    } else if (text.size() > PieceKey::kMaxSize) {
      encode_long(piece, text);
    } else {
      encode_short(piece, text);
    }
  }

  void encode_short(size_t piece, std::string_view text) {
    const PieceKey& key = scratch_.keys.keys[piece];
    const uint32_t offset = scratch_.keys.offsets[piece];
    if (const IdGroup* const known = scratch_.cache.find_beside(offset, key)) {
      *make_places(piece, 1) = *known;
      return;
    }
    const auto spell_key = [&](Buffer<int32_t>& ids) {
      scratch_.speller.spell_padded({reinterpret_cast<const char*>(&key), text.size()}, ids);
    };
    scratch_.cache.insert(offset, key, add(piece, spell_key));
  }

  void encode_long(size_t piece, std::string_view text) {
    if (const LongPieceCache::Entry* const known = scratch_.long_cache.find(text)) {
      std::memcpy(make_places(piece, known->count), known->ids.data(), sizeof(known->ids));  // all: the size is known
      return;
    }
    const auto spell = [&](Buffer<int32_t>& ids) { scratch_.speller.spell(text, scratch_.window.readable(), ids); };
    scratch_.long_cache.insert(text, add(piece, spell));
  }

  // Adds the ids that spell(ids) appends for a piece, and returns them; if they need more places than a piece may have,
  // they are appended to all others, and none are returned.
  template <typename Spell>
  std::span<const IdGroup> add(size_t piece, Spell spell) {
    Buffer<int32_t>& ids = scratch_.spelt;
    ids.clear();
    spell(ids);
    const size_t count = count_groups(ids.size(), width_);
    if (count > FoundIds::kPlacesPerPiece) {
      end_rows(piece);
      put_ids();
      out_.values.append(ids.data(), ids.size());
      return {};
    }
    ids.reserve_more(kMaxIdsPerGroup);
    IdGroup* const places = make_places(piece, count);
    pack(ids.data(), ids.size(), width_, places);
    return {places, count};
  }

  // Places for the ids of a piece, to be filled; all that a piece may have can be written.
  IdGroup* make_places(size_t piece, size_t count) {
    FoundIds& found = scratch_.found;
    if (count != 1) end_rows(piece);
    found.size += count;
    return &found.places[found.size - count];
  }

  const Model& model_;
  Scratch& scratch_;
  const FindPieces find_pieces_;
  const MakeKeys make_keys_;
  const LookUp look_up_;
  const IdWidth width_;
  const PutIds put_ids_;
  RaggedIds& out_;
  const Step& step_;
  size_t row_ = 0, rows_ = 0;  // the row of the window that ends next, and how many do; equal but in emit()
  size_t missed_ = 0;          // pieces, of the last group
};

}  // namespace

Status encode(const Model& model, TextSource& source, const EncodeOptions& options, RaggedIds& out) try {
  const auto make_encode = [&] {
    return [&, lease = ScratchLease(model.scratch_pool, model)](
               std::span<const std::string_view> texts, size_t first_row, RaggedIds& part, const Step& step) mutable {
      if (options.strict) {
        if (Status status = check_utf8(texts, first_row); !status.ok()) return status;
      }
      auto scratch = lease.take();
      Engine(model, *scratch, part, step).encode(texts);
      lease.keep(std::move(scratch));
      return Status();
    };
  };
  return encode_texts(source, options.num_threads, kBytesPerId, out, make_encode);
} catch (const std::bad_alloc&) {
  return Status::error(Code::kOutOfMemory, "out of memory");
}

Status encode(const Model& model, std::span<const std::string_view> texts, const EncodeOptions& options,
              RaggedIds& out) {
  KnownTexts source(texts);
  return encode(model, source, options, out);
}

}  // namespace fastnlp::wordpiece
