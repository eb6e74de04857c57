#include "core/wordpiece/ladder.h"

#include <algorithm>
#include <cstring>

#include "core/cpu.h"
#include "core/wordpiece/lookup.h"

namespace fastnlp::wordpiece {
Status Ladder::check(const Model& model) {
  if (model.rules.split && model.rules.special_tokens.empty()) return {};
  return Status::error(Code::kInvalidModel, "A ladder needs `split=True` and `special_tokens_in_strings=False`.");
}

Ladder::Ladder(const Model& model, std::span<const std::string_view> texts)
    : scratch_(model), classes_(model.byte_classes), width_(id_width(model.tokens.size())) {
  for (const std::string_view text : texts) {
    text_.append(text.data(), text.size());
    cut(text, classes_);
  }
  end_window();
  copy_.resize(text_.size());

  // Twice: what the second run finds is what a warm cache holds.
  for (int round = 0; round < 2; ++round) {
    ids_.clear();
    pieces_ = missed_ = 0;
    for (const Window& window : windows_) {
      scratch_.cache.grow(scratch_.window.pieces.count);
      const size_t size = fill(window);
      find_pieces(current_target())(scratch_.window.bytes.data(), size, classes_, {}, scratch_.window.pieces);
      pieces_ += scratch_.window.pieces.count;
      look_up_all(ids_, [&](size_t piece) {
        put_ids(ids_);
        const size_t before = ids_.size();
        const size_t begin = scratch_.window.pieces.begins[piece], end = scratch_.window.pieces.ends[piece];
        scratch_.speller.spell({scratch_.window.bytes.data() + begin, end - begin}, scratch_.window.readable(), ids_);
        const size_t count = ids_.size() - before;
        ids_.reserve_more(kMaxIdsPerGroup);
        const uint32_t offset = scratch_.keys.offsets[piece];
        const PieceKey& key = scratch_.keys.keys[piece];
        const bool fits = end - begin <= PieceKey::kMaxSize && count <= ids_per_group(width_);
        if (fits && !scratch_.cache.holds(offset, key)) {
          IdGroup group;
          pack(ids_.data() + before, count, width_, &group);
          scratch_.cache.insert(offset, key, {&group, 1});
        }
        ++missed_;
      });
      if (!window.too_large.empty()) {
        scratch_.speller.spell(window.too_large, window.too_large.data() + window.too_large.size(), ids_);
        ++pieces_;
        ++missed_;
      }
    }
  }
}

// Cuts a text into parts that fill windows, and end with a piece.
void Ladder::cut(std::string_view text, const ByteClasses& classes) {
  const auto is_part = [&](size_t i) {
    return classes.entries[static_cast<uint8_t>(text[i])].byte_class == ByteClasses::kPart;
  };
  while (text.size() >= free_) {
    size_t size = std::max<size_t>(free_, 1) - 1;  // and a space
    while (size > 0 && is_part(size) && is_part(size - 1)) --size;
    if (size > 0) {
      parts_.push_back(text.substr(0, size));
      text.remove_prefix(size);
      end_window();
    } else if (free_ < kWindowSize) {
      end_window();
    } else {
      size_t end = free_;
      while (end < text.size() && is_part(end)) ++end;
      end_window(text.substr(0, end));
      text.remove_prefix(end);
    }
  }
  parts_.push_back(text);
  free_ -= text.size() + 1;
}

void Ladder::end_window(std::string_view too_large) {
  windows_.push_back({windows_.empty() ? 0 : windows_.back().end, parts_.size(), too_large});
  free_ = kWindowSize;
}

// Returns the size of the window's text.
size_t Ladder::fill(const Window& window) {
  char* const begin = scratch_.window.bytes.data();
  char* p = begin;
  for (size_t i = window.begin; i < window.end; ++i) {
    std::memcpy(p, parts_[i].data(), parts_[i].size());
    p += parts_[i].size();
    *p++ = ' ';
  }
  return static_cast<size_t>(p - begin);
}

// Makes keys and looks them up, group by group as `encode` does. Calls miss(piece) for what the cache lacks.
template <typename Miss>
void Ladder::look_up_all(Buffer<int32_t>& ids, Miss miss) {
  const Target target = current_target();
  const MakeKeys make = make_keys(target);
  const LookUp look = look_up(target);
  const size_t count = scratch_.window.pieces.count;
  const auto make_group = [&](size_t begin) {
    make(scratch_.window.bytes.data(), scratch_.window.pieces, begin, std::min(begin + kGroup, count),
         scratch_.cache.lines(), scratch_.keys);
  };
  make_group(0);
  for (size_t piece = 0; piece < count;) {
    const size_t stop = std::min(piece + kGroup, count);
    make_group(stop);
    while (piece < stop) {
      piece = look(scratch_.cache, scratch_.keys, piece, stop, scratch_.found);
      if (piece < stop) miss(piece++);
    }
    put_ids(ids);
  }
}

void Ladder::put_ids(Buffer<int32_t>& ids) {
  move_ids(wordpiece::put_ids(current_target(), width_), scratch_.found, ids, no_rows_);
}

size_t Ladder::run(Step step) {
  if (step == Step::kCopy) {
    std::memcpy(copy_.data(), text_.data(), text_.size());
    return text_.size();
  }
  const Target target = current_target();
  size_t bytes = 0, pieces = 0;
  out_.clear();
  for (const Window& window : windows_) {
    const size_t size = fill(window);
    bytes += size;
    if (step == Step::kFill) continue;
    find_pieces(target)(scratch_.window.bytes.data(), size, classes_, {}, scratch_.window.pieces);
    pieces += scratch_.window.pieces.count;
    if (step == Step::kFindPieces) continue;
    if (step == Step::kMakeKeys) {
      make_keys(target)(scratch_.window.bytes.data(), scratch_.window.pieces, 0, scratch_.window.pieces.count,
                        scratch_.cache.lines(), scratch_.keys);
    } else {
      look_up_all(out_, [](size_t) {});
    }
  }
  if (step == Step::kFill) return bytes;
  return step == Step::kLookUp ? out_.size() : pieces;
}

}  // namespace fastnlp::wordpiece
