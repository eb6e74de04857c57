#include "core/wordpiece/piece_counts.h"

#include <new>

namespace fastnlp::wordpiece {

std::pair<PieceCounts::Line*, size_t> PieceCounts::find(const PieceKey& key) const {
  for (size_t i = lines().offset(key) / sizeof(Line);; i = (i + 1) & (lines_.size() - 1)) {
    for (size_t way = 0; way < kWays; ++way) {
      const PieceKey& found = lines_[i].keys[way];
      if (found == key || found == PieceKey{0, 0}) return {&lines_[i], way};
    }
  }
}

void PieceCounts::add(const PieceKey& key, int64_t position) {
  const auto [line, way] = find(key);
  if (line->counts[way]++ > 0) return;
  line->keys[way] = key;
  line->firsts[way] = position;
  ++size_;
}

void PieceCounts::grow() {
  const size_t places = lines_.size() * kWays;
  if (size_ <= places / 2) return;
  if (lines_.log2_size() == kMaxLog2Lines) {
    if (size_ > places - 2 * kWindowSize) throw std::bad_alloc();
    return;
  }
  const Table<Line> before = std::exchange(lines_, Table<Line>(lines_.log2_size() + 1));
  reserve_zero();
  for (size_t i = 0; i < before.size(); ++i) {
    for (size_t way = 0; way < kWays; ++way) {
      if (before[i].counts[way] == 0) continue;
      const auto [line, place] = find(before[i].keys[way]);
      line->keys[place] = before[i].keys[way];
      line->counts[place] = before[i].counts[way];
      line->firsts[place] = before[i].firsts[way];
    }
  }
}

}  // namespace fastnlp::wordpiece
