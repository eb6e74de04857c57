#include "core/wordpiece/trie.h"

#include <algorithm>

namespace fastnlp::wordpiece {

Trie::Trie(std::vector<Entry> entries, size_t symbol_count) {
  std::sort(entries.begin(), entries.end());
  // A node whose children are still to be placed: its cell, the entries that it stands for, and how many symbols led to
  // it.
  struct Open {
    uint32_t cell;
    size_t begin, end, depth;
  };
  constexpr uint32_t kRoot = kDead;  // no child's cell
  is_base_ = {true};                 // kDead
  make_room(kDead + symbol_count);
  std::vector<Open> open = {{kRoot, 0, entries.size(), 0}};
  std::vector<Symbol> labels;
  // The last first: what follows a node is placed right after it, and lies near it.
  while (!open.empty()) {
    auto [cell, begin, end, depth] = open.back();
    open.pop_back();
    const bool is_end = begin < end && entries[begin].first.size() == depth;
    if (is_end) values_[cell] = entries[begin++].second;
    uint32_t base = kDead;
    if (begin < end) {
      labels.clear();
      for (size_t i = begin; i < end; ++i) {
        const Symbol label = entries[i].first[depth];
        if (labels.empty() || labels.back() != label) labels.push_back(label);
      }
      base = find_base(labels, cell);
      make_room(base + symbol_count);  // a step may add any symbol to a base
      is_base_[base] = true;
      for (const Symbol label : labels) {
        cells_[base + label].parent = base;
        const size_t first = begin;
        while (begin < end && entries[begin].first[depth] == label) ++begin;
        open.push_back({base + label, first, begin, depth + 1});
      }
    }
    if (cell == kRoot) {
      root_ = base;
    } else {
      cells_[cell].data = base << 1 | (is_end ? 1 : 0);
    }
  }
  leaves_.assign(symbol_count, kNone);
  for (Symbol symbol = 0; symbol < symbol_count; ++symbol) {
    const State state = step({root_, 0, 0}, symbol, 0);
    if (state.base == kDead && state.size == 1) leaves_[symbol] = values_[state.last];
  }
  const size_t count = std::min(symbol_count, kJumps);
  jumps_.resize(count * kJumps);
  for (Symbol first = 0; first < count; ++first) {
    const State one = step({root_, 0, 0}, first, 0);
    for (Symbol second = 0; second < count; ++second) {
      const State state = step(one, second, 1);
      jumps_[first * kJumps + second] = {state.base, state.last << 2 | static_cast<uint32_t>(state.size)};
    }
  }
}

void Trie::make_room(size_t size) {
  if (size <= cells_.size()) return;
  size = std::max(size, cells_.size() * 3 / 2);
  cells_.resize(size);
  values_.resize(size);
  is_base_.resize(size);
}

// A base that no node has, at which the cells of all labels, which ascend, are free: behind the last cell, all are.
uint32_t Trie::find_base(std::span<const Symbol> labels, uint32_t near) {
  constexpr uint32_t kNear = 64, kPatience = 1024;
  const auto is_free = [this](size_t cell) { return cell >= cells_.size() || cells_[cell].parent == kFree; };
  const Symbol lowest = labels.front();
  const auto fits = [&](uint32_t cell) {
    if (cell <= lowest) return false;
    const uint32_t base = cell - lowest;
    return (base >= is_base_.size() || !is_base_[base]) &&
           std::all_of(labels.begin(), labels.end(), [&](Symbol label) { return is_free(base + label); });
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
