#include "core/wordpiece/trie.h"

#include <algorithm>
#include <array>
#include <bit>

namespace fastnlp::wordpiece {

// Gives every node its cell.
class Trie::Builder {
 public:
  Builder(std::vector<Entry> entries, size_t symbol_count)
      : entries_(std::move(entries)), symbol_count_(symbol_count), first_free_(static_cast<uint32_t>(symbol_count)) {
    std::sort(entries_.begin(), entries_.end());
    make_room(symbol_count);
    find_children({0, 0, entries_.size(), 0});
    open_children(kDead);
    // The last first: what follows a node is placed right after it, and lies near it.
    while (!open_.empty()) {
      Open node = open_.back();
      open_.pop_back();
      const bool is_end = entries_[node.begin].first.size() == node.depth;
      const uint32_t value = entries_[node.begin].second;
      nodes_[node.cell].is_end = is_end;
      if (is_end) ++node.begin;
      if (node.begin == node.end) {
        nodes_[node.cell].data = value;
        continue;
      }
      find_children(node);
      const uint32_t base = find_base(node.cell, is_end);
      nodes_[node.cell].data = base;
      nodes_[node.cell].is_leaf = false;
      if (is_end) {
        nodes_[base].data = value;
        nodes_[base].is_leaf = true;  // and no end: it is nobody's child
      }
      open_children(base);
    }
  }

  const std::vector<Node>& nodes() const { return nodes_; }

 private:
  // A node whose children are still to be placed: its cell, the entries that it stands for, and how many symbols led to
  // it.
  struct Open {
    uint32_t cell;
    size_t begin, end, depth;
  };

  // Its children are left in children_, their labels in place of cells.
  void find_children(const Open& parent) {
    children_.clear();
    for (size_t i = parent.begin; i < parent.end; ++i) {
      const Symbol label = entries_[i].first[parent.depth];
      if (children_.empty() || children_.back().cell != label) children_.push_back({label, i, i, parent.depth + 1});
      children_.back().end = i + 1;
    }
  }

  // Takes the cells of the children, and leaves it to later where theirs go.
  void open_children(uint32_t base) {
    for (Open child : children_) {
      const Symbol label = child.cell;
      child.cell += base;
      if (base != kDead) nodes_[child.cell].label = label;
      nodes_[child.cell].is_leaf = true;  // till it has a base: its cell is taken
      open_.push_back(child);
    }
  }

  // A base that no node has, at which the cells of all children are free, and its own where a value goes there.
  uint32_t find_base(uint32_t parent, bool has_value) {
    constexpr uint32_t kNear = 64, kPatience = 1024;
    const uint32_t lowest = has_value ? 0 : children_.front().cell;
    const uint32_t start = static_cast<uint32_t>(symbol_count_) + lowest;
    const auto take = [&](uint32_t cell) {
      const uint32_t base = cell - lowest;
      make_room(base + symbol_count_);  // a step may add any symbol to a base
      is_base_[base] = true;
      return base;
    };
    const uint32_t near = std::max(parent, start);
    for (uint32_t cell = near; cell < near + kNear; ++cell) {
      if (fits(cell - lowest, has_value)) return take(cell);
    }
    while (!is_free(first_free_)) ++first_free_;
    for (uint32_t cell = std::max(first_free_, start);; ++cell) {
      if (!fits(cell - lowest, has_value)) continue;
      if (cell - first_free_ > kPatience) first_free_ = cell;  // the gaps that it passed over are left for good
      return take(cell);
    }
  }

  bool fits(uint32_t base, bool has_value) const {
    return (base >= is_base_.size() || !is_base_[base]) && (!has_value || is_free(base)) &&
           std::ranges::all_of(children_, [&](const Open& child) { return is_free(base + child.cell); });
  }

  // Behind the last cell, all are.
  bool is_free(size_t cell) const { return cell >= nodes_.size() || nodes_[cell].is_free(); }

  void make_room(size_t size) {
    if (size <= nodes_.size()) return;
    nodes_.resize(size);
    is_base_.resize(size);
  }

  std::vector<Entry> entries_;
  const size_t symbol_count_;
  std::vector<Node> nodes_;
  std::vector<bool> is_base_;
  std::vector<Open> open_;
  std::vector<Open> children_;
  uint32_t first_free_;  // cells before it are taken, or not worth a search
};

template <typename Word>
Trie::Cells<Word>::Cells(const std::vector<Node>& nodes, size_t symbol_count, int label_bits)
    : words_(nodes.size()),
      data_shift_(label_bits + kFlagBits),
      label_mask_(((Word{1} << label_bits) - 1) << kFlagBits),
      jumps_(std::min(symbol_count, kJumps) * kJumps) {
  for (size_t i = 0; i < nodes.size(); ++i) {
    const Node& node = nodes[i];
    words_[i] = Word{node.data} << data_shift_ | Word{node.label} << kFlagBits | (node.is_end ? kEnd : 0) |
                (node.is_leaf || node.is_free() ? kLeaf : 0);
  }
  for (size_t i = 0; i < jumps_.size(); ++i) {
    const std::array<Symbol, 2> symbols = {static_cast<Symbol>(i / kJumps), static_cast<Symbol>(i % kJumps)};
    if (symbols[1] >= symbol_count) continue;
    const State state = walk(symbols);
    jumps_[i] = {state.base, state.value << 2 | static_cast<uint32_t>(state.size)};
  }
}

template <typename Word>
typename Trie::Cells<Word>::State Trie::Cells<Word>::walk(std::span<const Symbol> word) const {
  const Word first = words_[word.front()];
  if (first & kLeaf) return {kDead, word.front(), first & kEnd};
  State state = {data(first), data(first), first & kEnd};
  for (size_t i = 1; i < word.size(); ++i) {
    if (!step(word[i], i, state)) return {kDead, state.value, state.size};
  }
  return state;
}

Trie::Trie(std::vector<Entry> entries, size_t symbol_count) {
  const Builder builder(std::move(entries), symbol_count);
  Symbol labels = 1;
  uint32_t data = 1;
  for (const Node& node : builder.nodes()) {
    labels |= node.label;
    data |= node.data;
  }
  const auto width = [](uint32_t bits) { return static_cast<int>(std::bit_width(bits)); };
  is_narrow_ = 2 + width(labels) + width(data) <= 32;
  if (is_narrow_) {
    narrow_ = Cells<uint32_t>(builder.nodes(), symbol_count, width(labels));
  } else {
    wide_ = Cells<uint64_t>(builder.nodes(), symbol_count, width(labels));
  }
}

bool Trie::goes_on(std::span<const Symbol> word) const {
  return is_narrow_ ? narrow_.goes_on(word) : wide_.goes_on(word);
}

}  // namespace fastnlp::wordpiece
