#include "core/wordpiece/word_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

namespace fastnlp::wordpiece {

uint64_t hash_word(std::string_view word) {
  constexpr uint64_t kFactor = 0x9E3779B97F4A7C15u;
  const auto mix = [](uint64_t hash, uint64_t block) {
    hash = (hash ^ block) * kFactor;
    return hash ^ hash >> 32;
  };
  uint64_t hash = word.size();
  for (; word.size() >= 8; word.remove_prefix(8)) {
    uint64_t block;
    std::memcpy(&block, word.data(), 8);
    hash = mix(hash, block);
  }
  uint64_t rest = 0;
  if (!word.empty()) std::memcpy(&rest, word.data(), word.size());
  return mix(hash, rest) * kFactor;
}

WordTable::WordTable(size_t expected) : slots_(std::max(8, static_cast<int>(std::bit_width(expected)) + 1)) {
  splits_.reserve(expected + 1);
  counts_.reserve(expected);
  firsts_.reserve(expected);
  splits_.push_back(0);
}

void WordTable::add(std::string_view word, int64_t count, int64_t first) {
  if (size() >= slots_.size() / 2) grow();
  const uint64_t hash = hash_word(word);
  const auto tag = static_cast<uint32_t>(hash);
  size_t place = slot_of(hash);
  for (; slots_[place].index != 0; place = (place + 1) & (slots_.size() - 1)) {
    const Slot& slot = slots_[place];
    if (slot.tag == tag && (*this)[slot.index - 1] == word) {
      counts_.data()[slot.index - 1] += count;
      return;
    }
  }
  if (size() == std::numeric_limits<uint32_t>::max()) throw std::bad_alloc();
  bytes_.append(word.data(), word.size());
  splits_.push_back(static_cast<int64_t>(bytes_.size()));
  counts_.push_back(count);
  firsts_.push_back(first);
  slots_[place] = {tag, static_cast<uint32_t>(size())};
}

size_t WordTable::memory() const {
  return slots_.size() * sizeof(Slot) + bytes_.size() + (splits_.size() + counts_.size() + firsts_.size()) * 8;
}

void WordTable::grow() {
  slots_ = Table<Slot>(slots_.log2_size() + 1);
  for (size_t i = 0; i < size(); ++i) {
    const uint64_t hash = hash_word((*this)[i]);
    size_t place = slot_of(hash);
    while (slots_[place].index != 0) place = (place + 1) & (slots_.size() - 1);
    slots_[place] = {static_cast<uint32_t>(hash), static_cast<uint32_t>(i + 1)};
  }
}

}  // namespace fastnlp::wordpiece
