// That masks are those of the reference is tested from Python; here, the generator's known answers, on every target,
// and that no other memory is touched.
#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "check.h"
#include "core/masking/mask_tokens.h"
#include "core/masking/model.h"
#include "core/masking/philox.h"
#include "core/masking/selectable.h"

namespace fastnlp::tests {
namespace {

using namespace masking;

// Of Random123 (kat_vectors).
void test_known_answers() {
  const auto check = [](Counter counter, Key key, Counter words) { CHECK(philox4x32(counter, key) == words); };
  check({0, 0, 0, 0}, {0, 0}, {0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8});
  check({~0U, ~0U, ~0U, ~0U}, {~0U, ~0U}, {0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD});
  check({0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344}, {0xA4093822, 0x299F31D0},
        {0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1});
}

void test_targets_fill_the_same_words() {
  Random random(1);
  for (const Target target : available_targets()) {
    for (size_t blocks = 1; blocks <= kBlocks; ++blocks) {
      const Counter counter = {static_cast<uint32_t>(random()), static_cast<uint32_t>(random()),
                               static_cast<uint32_t>(random()), static_cast<uint32_t>(random())};
      const Key key = {static_cast<uint32_t>(random()), static_cast<uint32_t>(random())};
      const std::unique_ptr<uint32_t[]> words(new uint32_t[kBlocks * 4]);
      fill_blocks(target)(counter, key, blocks, words.get());
      for (size_t block = 0; block < blocks; ++block) {
        const Counter next = {counter[0] + static_cast<uint32_t>(block), counter[1], counter[2], counter[3]};
        const Counter expected = philox4x32(next, key);
        CHECK(std::equal(expected.begin(), expected.end(), words.get() + 4 * block));
      }
    }
  }
}

void test_draws_go_on_behind_a_block() {
  const Example example = {0x123456789ABCDEF0, 7, 0xFEDCBA9876543210};
  for (const size_t expected : {0, 1, 3, 50, 1000}) {
    Draws draws(example, Purpose::kReplacement, expected, fill_blocks(available_targets().front()));
    for (uint32_t i = 0; i < 300; ++i) {
      const Counter words = philox4x32({3U << 29 | i / 4, 7, 0x76543210, 0xFEDCBA98}, {0x9ABCDEF0, 0x12345678});
      CHECK(draws.next() == words[i % 4]);
    }
  }
}

struct Fields {
  uint32_t selection, vocabulary_size, mask_token_id, selection_length;
  double rates[3];
  uint32_t listed_count, listed[8];
};

std::string dump(const Fields& fields, std::string_view flags) {
  std::string dumped = "fnlp.masking\x01\n";
  dumped.append(reinterpret_cast<const char*>(&fields), 76);
  return dumped.append(flags);
}

Fields random_fields(Random& random) {
  Fields fields = {static_cast<uint32_t>(below(random, 4)),
                   50,
                   static_cast<uint32_t>(below(random, 50)),
                   static_cast<uint32_t>(below(random, 20)),
                   {0, 0, 0},
                   0,
                   {}};
  for (double& rate : fields.rates) rate = static_cast<double>(below(random, 6)) / 10;
  fields.listed_count = static_cast<uint32_t>(below(random, 9));
  for (uint32_t& id : fields.listed) id = static_cast<uint32_t>(below(random, 50));
  return fields;
}

// A copy whose end is the end of its allocation.
template <typename T>
std::unique_ptr<T[]> guarded(const std::vector<T>& values) {
  std::unique_ptr<T[]> copy(new T[values.size()]);
  std::copy(values.begin(), values.end(), copy.get());
  return copy;
}

void test_masks() {
  Random random(2);
  for (int round = 0; round < 3000; ++round) {
    std::string flags(round % 2 == 0 ? 50 : 0, '\0');
    for (char& flag : flags) flag = static_cast<char>(below(random, 4));
    const Guarded dumped(dump(random_fields(random), flags));
    Model model;
    CHECK(load(dumped.view(), model).ok());

    std::vector<int64_t> splits = {0};
    for (size_t rows = below(random, 5); rows > 0; --rows) {
      splits.push_back(splits.back() +
                       static_cast<int64_t>(below(random, 2) == 0 ? below(random, 5) : below(random, 150)));
    }
    std::vector<int32_t> ids(static_cast<size_t>(splits.back()));
    for (int32_t& id : ids) id = static_cast<int32_t>(below(random, 50));
    const bool damaged = !ids.empty() && below(random, 5) == 0;
    if (damaged) ids[below(random, ids.size())] = below(random, 2) == 0 ? 50 : INT32_MIN;
    std::vector<uint8_t> special(below(random, 2) == 0 ? 0 : ids.size());
    for (uint8_t& flag : special) flag = static_cast<uint8_t>(below(random, 2));
    const auto id_copy = guarded(ids);
    const auto split_copy = guarded(splits);
    const auto special_copy = guarded(special);
    const int64_t epoch = round;
    const Rows rows = {{id_copy.get(), ids.size()},
                       {split_copy.get(), splits.size()},
                       {special_copy.get(), special.size()},
                       99,
                       {},
                       {&epoch, 1}};

    std::vector<int32_t> first;
    for (const Target target : available_targets()) {
      use_target(target);
      const std::unique_ptr<int32_t[]> masked(new int32_t[ids.size()]);
      Status status;
      if (model.selection_length > 0) {
        const size_t size = (splits.size() - 1) * model.selection_length;
        const std::unique_ptr<int64_t[]> positions(new int64_t[size]);
        const std::unique_ptr<int32_t[]> labels(new int32_t[size]);
        const std::unique_ptr<float[]> weights(new float[size]);
        status = mask_tokens(model, rows, 2, masked.get(), {positions.get(), labels.get(), weights.get()});
      } else {
        RaggedSelections selections;
        status = mask_tokens(model, rows, 2, masked.get(), selections);
        if (status.ok()) CHECK(selections.row_splits.size() == splits.size());
      }
      CHECK(status.ok() == !damaged);
      if (damaged) continue;
      const std::vector<int32_t> result(masked.get(), masked.get() + ids.size());
      if (target == available_targets().front()) first = result;
      CHECK(result == first);
    }
  }
  use_target(available_targets().front());
}

// Damaged bytes are refused or can be used: never a crash.
void test_damaged_models() {
  Random random(3);
  const int32_t ids[] = {0, 1, 2, 3, 49};
  const int64_t splits[] = {0, 5}, epoch = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string dumped = dump(random_fields(random), std::string(50, '\3'));
    const size_t change = below(random, 3);
    if (change == 0) dumped.resize(below(random, dumped.size()));
    if (change > 0) dumped[14 + below(random, 76)] = static_cast<char>(below(random, 256));
    const Guarded guard(dumped);
    Model model;
    if (!load(guard.view(), model).ok()) continue;
    if (model.selection_length > 1000 || model.vocabulary_size < 50) continue;
    int32_t masked[5];
    std::vector<int64_t> positions(model.selection_length);
    std::vector<int32_t> labels(model.selection_length);
    std::vector<float> weights(model.selection_length);
    RaggedSelections selections;
    const Rows rows = {ids, splits, {}, 1, {}, {&epoch, 1}};
    const Status status = model.selection_length == 0
                              ? mask_tokens(model, rows, 1, masked, selections)
                              : mask_tokens(model, rows, 1, masked, {positions.data(), labels.data(), weights.data()});
    CHECK(status.ok());
  }
}

}  // namespace

void test_masking() {
  test_known_answers();
  test_targets_fill_the_same_words();
  test_draws_go_on_behind_a_block();
  test_masks();
  test_damaged_models();
}

}  // namespace fastnlp::tests
