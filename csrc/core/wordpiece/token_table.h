// Tokens as decode copies them: all of a token in one load and one store of 16 bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fastnlp::wordpiece {

// What stands in a text for each token, by token id.
class TokenTable {
 public:
  // What follows the text so far, NULs after it: a suffix without its indicator, any other token after a space.
  struct alignas(16) Cell {
    static constexpr size_t kMaxSize = 15;
    static constexpr uint8_t kTooLong = kMaxSize + 1;

    char bytes[kMaxSize];
    uint8_t size;  // or kTooLong
  };

  TokenTable() = default;
  TokenTable(const std::vector<std::string>& tokens, std::string_view suffix_indicator);

  size_t size() const { return cells_.size(); }
  const Cell& operator[](size_t id) const { return cells_[id]; }

 private:
  std::vector<Cell> cells_;
};
static_assert(sizeof(TokenTable::Cell) == 16);

// Whether a token joins the one before it.
inline bool is_suffix(std::string_view token, std::string_view suffix_indicator) {
  return !suffix_indicator.empty() && token.size() > suffix_indicator.size() && token.starts_with(suffix_indicator);
}

}  // namespace fastnlp::wordpiece
