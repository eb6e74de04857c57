// A trie over bytes as a double array (Aoe 1989): a step reads one cell, whatever the number of children.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace fastnlp::wordpiece {

class Trie {
 public:
  static constexpr int32_t kNone = -1;

  struct Match {
    int32_t value;  // kNone where no entry fits
    size_t size;    // in bytes
  };

  using Entries = std::vector<std::pair<std::string_view, int32_t>>;

  // Every key once, none empty; values are at least 0.
  explicit Trie(Entries entries = {});

  // The longest entry that `text` begins with.
  Match longest_match(std::string_view text) const {
    Match match = {kNone, 0};
    uint32_t node = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      const uint32_t child = cells_[node].base + static_cast<unsigned char>(text[i]);
      if (cells_[child].parent != node) break;
      node = child;
      if (cells_[node].value != kNone) match = {cells_[node].value, i + 1};
    }
    return match;
  }

 private:
  static constexpr uint32_t kFree = static_cast<uint32_t>(-1);

  // A node is the index of its cell; its child by byte b is at base + b, if that cell says so.
  struct Cell {
    uint32_t base = 0;
    uint32_t parent = kFree;
    int32_t value = kNone;
  };

  uint32_t find_base(std::string_view labels);

  std::vector<Cell> cells_;
  uint32_t first_free_ = 1;  // cells before it are taken, or not worth a search
};

}  // namespace fastnlp::wordpiece
