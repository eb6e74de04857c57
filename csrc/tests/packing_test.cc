#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>

#include "check.h"
#include "core/packing/pack_segments.h"

namespace fastnlp::tests {
namespace {

using packing::Packing;

struct Rows {
  std::vector<int32_t> values;
  std::vector<int64_t> row_splits = {0};
};

// How many tokens each segment keeps, by handing out the places one at a time.
std::vector<size_t> kept(const std::vector<size_t>& lengths, size_t budget, packing::Truncate truncate) {
  std::vector<size_t> counts(lengths.size());
  budget = std::min(budget, std::accumulate(lengths.begin(), lengths.end(), size_t{0}));
  for (size_t i = 0; budget > 0; i = (i + 1) % lengths.size()) {
    while (counts[i] < lengths[i] && budget > 0) {
      ++counts[i];
      --budget;
      if (truncate == packing::Truncate::kRoundRobin) break;
    }
  }
  return counts;
}

std::vector<int32_t> random_tokens(Random& random, size_t max_size) {
  std::vector<int32_t> tokens(below(random, max_size + 1));
  for (int32_t& token : tokens) token = static_cast<int32_t>(below(random, 1000)) + 1;
  return tokens;
}

}  // namespace

// Rows are what handing out tokens one at a time gives, on any number of threads, in memory that ends where they end.
void test_packing() {
  Random random(11);
  for (int round = 0; round < 500; ++round) {
    const size_t count = 1 + below(random, 4);
    const size_t rows = below(random, 4) == 0 ? below(random, 3000) : below(random, 6);
    std::vector<Rows> inputs(count);
    for (Rows& input : inputs) {
      for (size_t row = 0; row < rows; ++row) {
        const auto tokens = random_tokens(random, 12);
        input.values.insert(input.values.end(), tokens.begin(), tokens.end());
        input.row_splits.push_back(static_cast<int64_t>(input.values.size()));
      }
    }
    Packing packing;
    packing.start_value = random_tokens(random, 2);
    packing.end_value = random_tokens(random, 2);
    packing.sep_value = random_tokens(random, 2);
    packing.pad_value = -7;
    if (below(random, 2)) packing.truncate = packing::Truncate::kWaterfall;
    if (below(random, 2)) packing.padding_side = packing::PaddingSide::kLeft;
    const size_t special = packing.num_special_tokens(count);
    const size_t length = packing.sequence_length = std::max<size_t>(special + below(random, 40), 1);

    std::vector<packing::Segment> segments;
    for (const Rows& input : inputs) segments.push_back({input.values, input.row_splits});
    const std::unique_ptr<int32_t[]> token_ids(new int32_t[rows * length]), segment_ids(new int32_t[rows * length]);
    const std::unique_ptr<bool[]> mask(new bool[rows * length]);
    const bool with_segment_ids = below(random, 4) > 0;
    std::fill_n(segment_ids.get(), rows * length, -1);
    const int num_threads = 1 + static_cast<int>(below(random, 4));
    CHECK(packing::pack_segments(segments, packing, num_threads,
                                 {token_ids.get(), with_segment_ids ? segment_ids.get() : nullptr, mask.get()})
              .ok());

    for (size_t row = 0; row < rows; ++row) {
      std::vector<size_t> lengths;
      for (const Rows& input : inputs) {
        lengths.push_back(static_cast<size_t>(input.row_splits[row + 1] - input.row_splits[row]));
      }
      const auto counts = kept(lengths, length - special, packing.truncate);
      std::vector<int32_t> tokens = packing.start_value;
      std::vector<int32_t> ids(tokens.size(), 0);
      for (size_t i = 0; i < count; ++i) {
        const auto begin = inputs[i].values.begin() + inputs[i].row_splits[row];
        tokens.insert(tokens.end(), begin, begin + static_cast<std::ptrdiff_t>(counts[i]));
        const auto& behind = i + 1 == count ? packing.end_value : packing.sep_value;
        tokens.insert(tokens.end(), behind.begin(), behind.end());
        ids.resize(tokens.size(), static_cast<int32_t>(i));
      }
      const size_t used = tokens.size();
      const size_t first = packing.padding_side == packing::PaddingSide::kLeft ? length - used : 0;
      for (size_t i = 0; i < length; ++i) {
        const bool is_token = i >= first && i < first + used;
        const size_t at = row * length + i;
        CHECK(token_ids[at] == (is_token ? tokens[i - first] : -7));
        CHECK(segment_ids[at] == (!with_segment_ids ? -1 : is_token ? ids[i - first] : 0));
        CHECK(mask[at] == is_token);
      }
    }
  }
}

}  // namespace fastnlp::tests
