// That the rows are those of the packer and the masker is tested from Python; here, that every target and number of
// threads gives the same, and that no other memory is touched.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "check.h"
#include "core/masking/pack_documents.h"

namespace fastnlp::tests {
namespace {

using namespace masking;

constexpr uint32_t kVocabularySize = 60;
constexpr int32_t kStart = 50, kEnd = 51, kMask = 52;

Model random_model(Random& random) {
  Model model = {};
  model.selection = static_cast<Selection>(below(random, 4));
  model.vocabulary_size = kVocabularySize;
  model.mask_token_id = kMask;
  model.selection_length = 1 + static_cast<uint32_t>(below(random, 10));
  model.selection_rate = static_cast<float>(below(random, 6)) / 10;
  model.selection_threshold = static_cast<uint64_t>(model.selection_rate * 0x1p32f);
  model.mask_threshold = uint64_t{3} << 30;
  model.random_threshold = uint64_t{7} << 29;
  model.listed_count = 3;
  model.listed = {0, kStart, kEnd};
  return model;
}

// Everything that comes out, in memory that ends where it ends.
struct Result {
  Result(size_t rows, size_t length, size_t selected)
      : tokens(rows * length),
        selections(rows * selected),
        token_ids(new int32_t[tokens]),
        padding_mask(new bool[tokens]),
        positions(new int64_t[selections]),
        labels(new int32_t[selections]),
        weights(new float[selections]) {}

  bool operator==(const Result& other) const {
    return std::equal(token_ids.get(), token_ids.get() + tokens, other.token_ids.get()) &&
           std::equal(padding_mask.get(), padding_mask.get() + tokens, other.padding_mask.get()) &&
           std::equal(positions.get(), positions.get() + selections, other.positions.get()) &&
           std::equal(labels.get(), labels.get() + selections, other.labels.get()) &&
           std::equal(weights.get(), weights.get() + selections, other.weights.get());
  }

  size_t tokens, selections;
  std::unique_ptr<int32_t[]> token_ids;
  std::unique_ptr<bool[]> padding_mask;
  std::unique_ptr<int64_t[]> positions;
  std::unique_ptr<int32_t[]> labels;
  std::unique_ptr<float[]> weights;
};

template <typename Id>
void test_ids_of() {
  Random random(5);
  for (int round = 0; round < 200; ++round) {
    const size_t size = below(random, 2000);
    const std::unique_ptr<Id[]> ids(new Id[size]);
    for (size_t i = 0; i < size; ++i) ids[i] = static_cast<Id>(below(random, 50));
    const size_t rows = below(random, 3) == 0 ? below(random, 2000) : below(random, 6);
    std::vector<int64_t> starts, lengths, examples;
    for (size_t row = 0; row < rows; ++row) {
      const size_t start = below(random, size + 1);
      starts.push_back(static_cast<int64_t>(start));
      lengths.push_back(static_cast<int64_t>(below(random, size - start + 1)));
      examples.push_back(static_cast<int64_t>(below(random, 1000)));
    }
    packing::Packing packing;
    packing.start_value = {kStart};
    packing.end_value = {kEnd};
    packing.sequence_length = 2 + below(random, 60);
    const Masking masking = {random_model(random), 3, 4, examples};
    const size_t selected = masking.model.selection_length;

    Result plain(rows, packing.sequence_length, selected);
    const Documents<Id> documents = {{ids.get(), size}, starts, lengths};
    CHECK(pack_documents(documents, packing, nullptr, 1, {plain.token_ids.get(), nullptr, plain.padding_mask.get()}, {})
              .ok());
    std::unique_ptr<Result> first;
    for (const Target target : available_targets()) {
      use_target(target);
      auto result = std::make_unique<Result>(rows, packing.sequence_length, selected);
      CHECK(pack_documents(documents, packing, &masking, 1 + static_cast<int>(below(random, 3)),
                           {result->token_ids.get(), nullptr, result->padding_mask.get()},
                           {result->positions.get(), result->labels.get(), result->weights.get()})
                .ok());
      if (first != nullptr) CHECK(*result == *first);
      first = std::move(result);
    }

    // What stood at the selected places, and all the rest, is what was packed.
    for (size_t row = 0; row < rows; ++row) {
      int32_t* const tokens = first->token_ids.get() + row * packing.sequence_length;
      for (size_t i = row * selected; i < (row + 1) * selected && first->weights[i] > 0; ++i) {
        tokens[first->positions[i]] = first->labels[i];
      }
    }
    CHECK(std::equal(plain.token_ids.get(), plain.token_ids.get() + plain.tokens, first->token_ids.get()));
    CHECK(std::equal(plain.padding_mask.get(), plain.padding_mask.get() + plain.tokens, first->padding_mask.get()));
  }
}

}  // namespace

void test_pack_documents() {
  test_ids_of<uint16_t>();
  test_ids_of<int32_t>();
}

}  // namespace fastnlp::tests
