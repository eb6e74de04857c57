#include "core/wordpiece/piece_trie.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <span>
#include <stdexcept>

#include "core/text/utf8.h"

namespace fastnlp::wordpiece {
namespace {

constexpr uint32_t kMaxNumber = (uint32_t{1} << 31) - 1;

// Children that may become nodes, numbered as they come.
class Children {
 public:
  struct Child {
    uint32_t parent;
    Symbol symbol;
    int64_t count;
  };

  void clear() {
    children_.clear();
    shift_ = 64 - kMinBits;
    slots_.assign(size_t{1} << kMinBits, kFree);
  }

  size_t size() const { return children_.size(); }
  Child& operator[](size_t number) { return children_[number]; }

  uint32_t find_or_add(uint32_t parent, Symbol symbol) {
    uint32_t& slot = find(parent, symbol);
    if (slot != kFree) return slot;
    if (children_.size() == kMaxNumber) throw std::length_error("too many pieces");
    const auto number = static_cast<uint32_t>(children_.size());
    slot = number;
    children_.push_back({parent, symbol, 0});
    if (children_.size() * 2 > slots_.size()) grow();
    return number;
  }

 private:
  static constexpr uint32_t kFree = static_cast<uint32_t>(-1);
  static constexpr int kMinBits = 10;

  uint32_t& find(uint32_t parent, Symbol symbol) {
    const uint64_t key = uint64_t{parent} << 32 | symbol;
    const size_t mask = slots_.size() - 1;
    for (size_t place = key * 0x9E3779B97F4A7C15u >> shift_;; place = (place + 1) & mask) {
      uint32_t& slot = slots_[place];
      if (slot == kFree || (children_[slot].parent == parent && children_[slot].symbol == symbol)) return slot;
    }
  }

  void grow() {
    --shift_;
    slots_.assign(slots_.size() * 2, kFree);
    for (size_t number = 0; number < children_.size(); ++number) {
      find(children_[number].parent, children_[number].symbol) = static_cast<uint32_t>(number);
    }
  }

  std::vector<Child> children_;
  std::vector<uint32_t> slots_;  // numbers of children, at the place that the top bits of their hash name, or behind it
  int shift_ = 0;
};

}  // namespace

PieceTrie::PieceTrie(const LearningWords& words, int64_t min_count, std::vector<Longest>& longest) {
  const size_t indicator_size = words.indicator.size();
  // The places whose longest piece is still to be found, in ascending order.
  std::vector<uint32_t> plain, joined;
  for (size_t word = 0; word < words.size(); ++word) {
    plain.push_back(words.begins[word]);
    for (uint32_t place = words.begins[word] + 1; place < words.end(word); ++place) joined.push_back(place);
  }
  nodes_ = {{kRoot, 0, 0, false}};
  longest.assign(words.symbols.size(), {kRoot, false});

  // Level by level: a piece comes no more often than what it begins with, so rare ones need not be followed.
  uint32_t indicator = kRoot;
  Children children;
  std::vector<uint32_t> node_of;  // by number of child; kRoot for those that come too rarely
  for (size_t size = 1; size <= indicator_size + 1 || !plain.empty() || !joined.empty(); ++size) {
    children.clear();
    const auto add_alphabet = [&](uint32_t parent) {
      for (Symbol symbol = 1; symbol < words.alphabet_size; ++symbol) children.find_or_add(parent, symbol);
    };
    if (size == 1) add_alphabet(kRoot);
    if (size <= indicator_size) children.find_or_add(indicator, words.indicator[size - 1]);
    if (size == indicator_size + 1) {
      add_alphabet(indicator);
      for (const uint32_t place : joined) longest[place].node = indicator & kMaxNumber;
    }
    const size_t num_needed = children.size();

    // Counts what follows the pieces so far, which have `depth` characters; words that end there are done.
    const auto count = [&](std::vector<uint32_t>& places, size_t depth) {
      size_t word = 0, left = 0;
      for (const uint32_t place : places) {
        while (place >= words.begins[word + 1]) ++word;
        Longest& piece = longest[place];
        const Symbol symbol = words.symbols[place + depth];
        if (symbol == LearningWords::kEnd) {
          piece.is_counted = true;
          continue;
        }
        const uint32_t child = children.find_or_add(piece.node, symbol);
        children[child].count += words.counts[word];
        piece.node = child & kMaxNumber;
        places[left++] = place;
      }
      places.resize(left);
    };
    count(plain, size - 1);
    if (size > indicator_size) count(joined, size - 1 - indicator_size);

    node_of.assign(children.size(), kRoot);
    for (size_t number = 0; number < children.size(); ++number) {
      const Children::Child& child = children[number];
      const bool is_needed = number < num_needed;
      if (!is_needed && child.count < min_count) continue;
      if (nodes_.size() > kMaxNumber) throw std::length_error("too many pieces");
      node_of[number] = static_cast<uint32_t>(nodes_.size());
      const bool is_character =
          is_needed && child.symbol < words.alphabet_size && (size == 1 || size == indicator_size + 1);
      nodes_.push_back({child.parent, child.symbol, static_cast<uint32_t>(size) & kMaxNumber, is_character});
    }
    const auto settle = [&](std::vector<uint32_t>& places) {
      std::erase_if(places, [&](uint32_t place) {
        const uint32_t child = longest[place].node;
        const bool is_rare = node_of[child] == kRoot;
        longest[place].node = (is_rare ? children[child].parent : node_of[child]) & kMaxNumber;
        return is_rare;
      });
    };
    settle(plain);
    if (size > indicator_size) settle(joined);
    if (size <= indicator_size) indicator = node_of[children.find_or_add(indicator, words.indicator[size - 1])];
  }
}

std::string PieceTrie::spell(uint32_t node, const LearningWords& words) const {
  std::u32string reversed;
  for (; node != kRoot; node = nodes_[node].parent) reversed.push_back(words.code_points[nodes_[node].symbol]);
  std::string spelt;
  std::for_each(reversed.rbegin(), reversed.rend(), [&](char32_t code_point) { utf8::append(code_point, spelt); });
  return spelt;
}

}  // namespace fastnlp::wordpiece
