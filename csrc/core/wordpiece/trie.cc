#include "core/wordpiece/trie.h"

#include <algorithm>
#include <string>

namespace fastnlp::wordpiece {
namespace {

constexpr uint32_t kLabels = 256;

}  // namespace

Trie::Trie(Entries entries) {
  std::sort(entries.begin(), entries.end());
  // A node whose children are still to be placed: the entries that it stands for, and how many bytes led to it.
  struct Open {
    uint32_t node;
    size_t begin, end, depth;
  };
  std::vector<Open> open = {{0, 0, entries.size(), 0}};
  cells_.resize(kLabels + 1);
  cells_[0].parent = 0;
  std::string labels;
  for (size_t next = 0; next < open.size(); ++next) {
    auto [node, begin, end, depth] = open[next];
    if (begin < end && entries[begin].first.size() == depth) cells_[node].value = entries[begin++].second;
    if (begin == end) continue;
    labels.clear();
    for (size_t i = begin; i < end; ++i) {
      const char label = entries[i].first[depth];
      if (labels.empty() || labels.back() != label) labels.push_back(label);
    }
    const uint32_t base = find_base(labels);
    cells_[node].base = base;
    for (const char label : labels) {
      const uint32_t child = base + static_cast<unsigned char>(label);
      cells_[child].parent = node;
      const size_t first = begin;
      while (begin < end && entries[begin].first[depth] == label) ++begin;
      open.push_back({child, first, begin, depth + 1});
    }
  }
}

// A base at which the cells of all labels, which ascend, are free.
uint32_t Trie::find_base(std::string_view labels) {
  constexpr uint32_t kPatience = 1024;  // a search that is longer leaves the gaps that it passed over for good
  while (cells_[first_free_].parent != kFree) ++first_free_;
  const uint32_t lowest = static_cast<unsigned char>(labels.front());
  const uint32_t first = std::max(first_free_, lowest + 1);
  for (uint32_t cell = first;; ++cell) {
    const uint32_t base = cell - lowest;
    if (base + 2 * kLabels > cells_.size()) cells_.resize(cells_.size() * 2 + 2 * kLabels);
    const bool fits = std::all_of(labels.begin(), labels.end(), [&](char label) {
      return cells_[base + static_cast<unsigned char>(label)].parent == kFree;
    });
    if (fits) {
      if (cell - first > kPatience) first_free_ = cell;
      return base;
    }
  }
}

}  // namespace fastnlp::wordpiece
