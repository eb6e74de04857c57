#include "core/wordpiece/trie.h"

#include <algorithm>

namespace fastnlp::wordpiece {

Trie::Trie(std::vector<Entry> entries, size_t symbol_count) {
  std::sort(entries.begin(), entries.end());
  // A node whose children are still to be placed: the entries that it stands for, and how many symbols led to it.
  struct Open {
    uint32_t node;
    size_t begin, end, depth;
  };
  std::vector<Open> open = {{kRoot, 0, entries.size(), 0}};
  cells_.resize(symbol_count + 2);
  cells_[kRoot].parent = kValue;
  cells_[kDead].parent = kValue;
  std::vector<Symbol> labels;
  // The last first: what follows a node is placed right after it, and lies near it.
  while (!open.empty()) {
    auto [node, begin, end, depth] = open.back();
    open.pop_back();
    if (begin == end) continue;  // only the root of no entries
    const bool is_end = entries[begin].first.size() == depth;
    const uint32_t value = entries[begin].second;
    begin += is_end;
    if (begin == end) {
      cells_[node].data = value << 2 | Cell::kIsLeaf | Cell::kIsEnd;
      continue;
    }
    labels.clear();
    if (is_end) labels.push_back(kUnknown);
    for (size_t i = begin; i < end; ++i) {
      const Symbol label = entries[i].first[depth];
      if (labels.empty() || labels.back() != label) labels.push_back(label);
    }
    const uint32_t base = find_base(labels, node);
    // A step may add any symbol to a base.
    if (base + symbol_count > cells_.size()) cells_.resize(std::max(base + symbol_count, cells_.size() * 3 / 2));
    cells_[node].data = base << 2 | (is_end ? Cell::kIsEnd : 0);
    if (is_end) cells_[base] = {value << 2, kValue};
    for (const Symbol label : labels) {
      if (label == kUnknown) continue;
      cells_[base + label].parent = node;
      const size_t first = begin;
      while (begin < end && entries[begin].first[depth] == label) ++begin;
      open.push_back({base + label, first, begin, depth + 1});
    }
  }
  const size_t count = std::min(symbol_count, kJumps);
  jumps_.resize(count * kJumps);
  for (Symbol first = 0; first < count; ++first) {
    const State one = step({kRoot, kRoot, 0}, first, 0);
    for (Symbol second = 0; second < count; ++second) {
      const State state = step(one, second, 1);
      jumps_[first * kJumps + second] = {state.node, state.last << 2 | static_cast<uint32_t>(state.size)};
    }
  }
}

// A base at which the cells of all labels, which ascend, are free: behind the last cell, all are.
uint32_t Trie::find_base(std::span<const Symbol> labels, uint32_t near) {
  constexpr uint32_t kNear = 64, kPatience = 1024;
  const auto is_free = [this](size_t cell) { return cell >= cells_.size() || cells_[cell].parent == kFree; };
  const Symbol lowest = labels.front();
  const auto fits = [&](uint32_t cell) {
    return cell > lowest &&
           std::all_of(labels.begin(), labels.end(), [&](Symbol label) { return is_free(cell - lowest + label); });
  };
  for (uint32_t cell = near; cell < near + kNear; ++cell) {
    if (fits(cell)) return cell - lowest;
  }
  while (!is_free(first_free_)) ++first_free_;
  for (uint32_t cell = first_free_;; ++cell) {
    if (!fits(cell)) continue;
    if (cell - first_free_ > kPatience) first_free_ = cell;  // the gaps that it passed over are left for good
    return cell - lowest;
  }
}

}  // namespace fastnlp::wordpiece
