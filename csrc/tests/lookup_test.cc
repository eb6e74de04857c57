#include "core/wordpiece/lookup.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check.h"

namespace fastnlp::tests {

using wordpiece::ByteClasses;
using wordpiece::FoundIds;
using wordpiece::IdGroup;
using wordpiece::IdWidth;
using wordpiece::kGroup;
using wordpiece::kMaxIdsPerGroup;
using wordpiece::kPutSlack;
using wordpiece::kWindowPadding;
using wordpiece::kWindowSize;
using wordpiece::PieceCache;
using wordpiece::PieceKey;
using wordpiece::PieceKeys;
using wordpiece::Pieces;

namespace {

// So many ids of a vocabulary of this width, the smallest and the largest among them.
std::vector<int32_t> random_ids(Random& random, size_t count, IdWidth width) {
  const auto largest = static_cast<size_t>(width == IdWidth::k16 ? 0xFFFE : std::numeric_limits<int32_t>::max());
  std::vector<int32_t> ids(count);
  for (int32_t& id : ids) {
    const size_t kind = below(random, 8);
    id = static_cast<int32_t>(kind == 0 ? 0 : kind == 1 ? largest : below(random, largest + 1));
  }
  return ids;
}

std::vector<IdGroup> packed(std::vector<int32_t> ids, IdWidth width) {
  const size_t count = ids.size();
  std::vector<IdGroup> groups(wordpiece::count_groups(count, width));
  ids.resize(count + kMaxIdsPerGroup, 7);  // what stands behind them does not matter
  wordpiece::pack(ids.data(), count, width, groups.data());
  return groups;
}

using Rows = std::pair<std::vector<int32_t>, std::vector<int64_t>>;  // ids, and the splits behind all rows

Rows put(Target target, IdWidth width, const FoundIds& found, int64_t before) {
  std::vector<int32_t> ids(found.size * kMaxIdsPerGroup + kPutSlack);
  std::vector<int64_t> row_splits(found.rows);
  const auto* const end = wordpiece::put_ids(target, width)(found, ids.data(), before, row_splits.data());
  ids.resize(static_cast<size_t>(end - ids.data()));
  return {ids, row_splits};
}

constexpr std::array<IdGroup, 1> kAny = {};

}  // namespace

// Ids that are packed and put are as they were, whatever their number, and so are the ends of rows, on every target.
void test_id_groups() {
  Random random(7);
  const auto found = std::make_unique<FoundIds>();
  for (const IdWidth width : {IdWidth::k16, IdWidth::k32}) {
    for (int round = 0; round < 500; ++round) {
      Rows expected;
      auto& [expected_ids, expected_splits] = expected;
      const auto before = static_cast<int64_t>(below(random, 1000) << below(random, 50));
      const size_t most = below(random, 30), places = below(random, FoundIds::kPlaces + 1);
      const size_t rarely = 1 + below(random, 20);
      for (found->size = found->rows = 0;;) {
        while (found->rows < kWindowSize && below(random, rarely) == 0 && below(random, 8) > 0) {
          found->row_ends[found->rows++] = static_cast<uint16_t>(found->size);
          expected_splits.push_back(before + static_cast<int64_t>(expected_ids.size()));
        }
        const auto ids = random_ids(random, below(random, most + 1), width);
        const auto groups = packed(ids, width);
        if (found->size + groups.size() > places) break;
        std::ranges::copy(groups, &found->places[found->size]);
        found->size += groups.size();
        expected_ids.insert(expected_ids.end(), ids.begin(), ids.end());
      }
      for (const Target target : available_targets()) CHECK(put(target, width, *found, before) == expected);
    }
    CHECK(packed({5}, width).front() == wordpiece::pack_one(5, width));
  }
  CHECK(wordpiece::id_width(0xFFFF) == IdWidth::k16);
  CHECK(wordpiece::id_width(0x10000) == IdWidth::k32);
}

// What the cache holds is found, by look_up or behind it, and put in order, and what it lacks is not; on every target.
void test_lookup() {
  Random random(5);
  ByteClasses classes(false);
  classes.set(' ', ByteClasses::kSpace);
  size_t found_beside = 0;
  for (int round = 0; round < 300; ++round) {
    const IdWidth width = round % 2 ? IdWidth::k16 : IdWidth::k32;
    PieceCache cache;
    const bool is_full = below(random, 2);
    for (int i = 0; is_full && i < 6000; ++i) {
      cache.insert(64 * static_cast<uint32_t>(below(random, 4096)), {1, 1}, kAny);
    }
    std::map<std::string, std::vector<int32_t>> known;
    std::string text;
    const size_t size = below(random, kWindowSize + 1);
    const size_t longest = 1 + below(random, 40);
    while (text.size() < size) {
      text.append(1 + below(random, longest), static_cast<char>('a' + below(random, 26)));
      text += ' ';
    }
    text.resize(size);
    const std::unique_ptr<char[]> window(new char[kWindowSize + kWindowPadding]);
    text.copy(window.get(), size);
    const auto pieces = std::make_unique<Pieces>();
    const auto keys = std::make_unique<PieceKeys>();
    const auto places = std::make_unique<FoundIds>();
    wordpiece::find_pieces(Target::kScalar)(window.get(), size, classes, {}, *pieces);
    const auto piece = [&](size_t i) { return text.substr(pieces->begins[i], pieces->ends[i] - pieces->begins[i]); };
    wordpiece::make_keys(Target::kScalar)(window.get(), *pieces, 0, pieces->count, cache.lines(), *keys);
    for (size_t i = 0; i < pieces->count; ++i) {
      const bool is_short = piece(i).size() <= PieceKey::kMaxSize;
      CHECK((keys->keys[i] == PieceKey{0, 0}) == !is_short);
      if (!is_short || below(random, 5) == 0 || known.contains(piece(i))) continue;
      known[piece(i)] = random_ids(random, below(random, wordpiece::ids_per_group(width) + 1), width);
      cache.insert(keys->offsets[i], keys->keys[i], packed(known[piece(i)], width));
    }
    if (is_full && below(random, 2)) CHECK(cache.grow(12000));
    std::vector<std::vector<int32_t>> results;
    for (const Target target : available_targets()) {
      wordpiece::make_keys(target)(window.get(), *pieces, 0, pieces->count, cache.lines(), *keys);
      std::vector<int32_t> found;
      for (size_t i = 0; i < pieces->count;) {
        const size_t end = i + 1 + below(random, std::min(pieces->count - i, kGroup));
        const size_t stop = wordpiece::look_up(target)(cache, *keys, i, end, *places);
        const std::vector<int32_t> ids = put(target, width, *places, 0).first;
        places->size = 0;
        std::vector<int32_t> expected;
        for (; i < stop; ++i) {
          const auto entry = known.find(piece(i));
          CHECK(entry != known.end());
          expected.insert(expected.end(), entry->second.begin(), entry->second.end());
        }
        CHECK(ids == expected);
        found.insert(found.end(), ids.begin(), ids.end());
        if (stop < end) {
          if (piece(i).size() <= PieceKey::kMaxSize) {
            const uint32_t offset = keys->offsets[i];
            CHECK(cache.find(offset, keys->keys[i]) == nullptr);
            if (const IdGroup* const missed = cache.find_beside(offset, keys->keys[i])) {
              CHECK(*missed == packed(known.at(piece(i)), width).front());
              ++found_beside;
            }
          }
          found.push_back(-2);  // a miss
          i = stop + 1;
        }
      }
      results.push_back(found);
    }
    for (const auto& result : results) CHECK(result == results.front());
  }
  CHECK(found_beside > 0);
}

// The table becomes larger for pieces that come again, be they many more than it holds, and not for others, whether
// they have few ids or many; once more, where they are many more than it holds then. What it held is still there.
void test_growth() {
  constexpr size_t kPieces = 200;  // of a window
  const auto times = [](std::span<const IdGroup> ids, auto piece) {
    wordpiece::PieceCache cache;
    int grown = 0;
    for (uint64_t i = 0; i < 1000000; ++i) {
      if (i > 0 && i % kPieces == 0 && cache.grow(kPieces)) ++grown;
      const PieceKey key = {1 + piece(i), 0};
      const uint32_t offset = cache.offset(key);
      if (!cache.holds(offset, key)) cache.insert(offset, key, ids);
    }
    return grown;
  };
  const auto in_turn = [](uint64_t different) { return [=](uint64_t i) { return i % different; }; };
  const auto all_new = [](uint64_t i) { return i; };
  CHECK(times(kAny, in_turn(1000)) == 0);  // they have room
  for (const uint64_t different : {10000, 20000, 50000, 100000}) CHECK(times(kAny, in_turn(different)) == 1);
  CHECK(times(kAny, all_new) == 0);
  CHECK(times(std::array<IdGroup, 2>{}, all_new) == 0);
  CHECK(times(kAny, [](uint64_t i) { return i % 2 == 0 ? i : i % 100; }) == 2);

  wordpiece::PieceCache cache;
  const auto key = [](uint64_t i) { return PieceKey{i, ~i}; };
  const auto holds = [&](uint64_t i) { return cache.holds(cache.offset(key(i)), key(i)); };
  for (uint64_t i = 1, grown = 0; grown < 2; ++i) {
    cache.insert(cache.offset(key(i)), key(i), kAny);
    if (i % kPieces != 0) continue;
    std::vector<uint64_t> held;
    for (uint64_t j = 1; j <= i; j += 97) {
      if (holds(j)) held.push_back(j);
    }
    if (!cache.grow(2 * kPieces)) continue;  // as if each had come again
    ++grown;
    CHECK(held.size() > 20 && std::ranges::all_of(held, holds));
  }
}

// Long pieces are found with the ids that they came with, whatever grew since; where they come again, most are still
// there, and where they do not, memory is not spent on them.
void test_long_pieces() {
  Random random(6);
  constexpr size_t kPadding = 8;  // may be read
  for (const bool come_again : {true, false}) {
    wordpiece::LongPieceCache cache;
    std::map<std::string, std::vector<IdGroup>> known;
    const auto piece = [](const std::string& padded) {
      return std::string_view(padded).substr(0, padded.size() - kPadding);
    };
    const auto is_held = [&](const std::string& padded) {
      const auto* const entry = cache.find(piece(padded));
      if (entry == nullptr) return false;
      CHECK(std::ranges::equal(std::span(entry->ids).first(entry->count), known.at(padded)));
      return true;
    };
    for (int i = 0; i < 9000; ++i) {
      std::string padded(16 + below(random, wordpiece::LongPieceCache::kMaxSize - 15), ' ');
      for (char& c : padded) c = static_cast<char>('a' + below(random, 26));
      padded.resize(padded.size() + kPadding);
      CHECK(!is_held(padded));
      constexpr size_t kMaxIds = wordpiece::LongPieceCache::kMaxGroups * kMaxIdsPerGroup;
      known[padded] = packed(random_ids(random, below(random, kMaxIds + 1), IdWidth::k16), IdWidth::k16);
      cache.insert(piece(padded), known[padded]);
      if (come_again) CHECK(is_held(padded));
    }
    const auto held = std::ranges::count_if(known, [&](const auto& entry) { return is_held(entry.first); });
    CHECK(come_again ? held > 4500 : held > 256 && held <= 512);
  }
}

}  // namespace fastnlp::tests
