// What may come second in a token.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/wordpiece/alphabet.h"

namespace fastnlp::wordpiece {

// Of each symbol, those that come behind it at the beginning of a token, told apart by their last bits: one that has
// the code of another may seem to come there too.
class SymbolFollowers {
 public:
  static int code(Symbol symbol) { return static_cast<int>(symbol % 64); }

  void add(std::span<const Symbol> token) {
    if (token.size() < 2) return;
    if (token[0] >= codes_.size()) codes_.resize(token[0] + 1);
    codes_[token[0]] |= uint64_t{1} << code(token[1]);
  }

  // A bit for each code.
  uint64_t operator[](Symbol symbol) const { return symbol < codes_.size() ? codes_[symbol] : 0; }

 private:
  std::vector<uint64_t> codes_;
};

}  // namespace fastnlp::wordpiece
