// That the kernels give what the reference gives is tested from Python; here, that they touch no other memory and
// that threads, neighbours and damaged models make no difference.
#include <algorithm>
#include <vector>

#include "check.h"
#include "core/cpu.h"
#include "core/packing/pack_segments.h"
#include "core/wordpiece/decode.h"
#include "core/wordpiece/encode.h"
#include "core/wordpiece/encode_and_pack.h"
#include "core/wordpiece/encode_with_offsets.h"

namespace fastnlp::tests {
namespace {

using wordpiece::Model;
using wordpiece::RaggedIds;
using wordpiece::RaggedTokens;

void append_integer(uint32_t value, std::string& out) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(value >> shift & 0xFF));
}

std::string dump(const std::vector<std::string>& tokens, unsigned flags, bool special) {
  std::string dumped = "fnlp.wordpiece\x01\n";
  for (unsigned flag = 0; flag < 5; ++flag) dumped.push_back(static_cast<char>(flags >> flag & 1));
  dumped.append(3, '\0');
  append_integer(0, dumped);
  append_integer(special ? 1 : 0, dumped);
  append_integer(static_cast<uint32_t>(tokens.size()), dumped);
  const auto append_string = [&](const std::string& item) {
    append_integer(static_cast<uint32_t>(item.size()), dumped);
    dumped += item;
  };
  append_string("##");
  if (special) append_string("[M]");
  for (const std::string& token : tokens) append_string(token);
  return dumped;
}

template <typename T>
void check_equal(const Buffer<T>& a, const Buffer<T>& b) {
  CHECK(std::equal(a.data(), a.data() + a.size(), b.data(), b.data() + b.size()));
}

void check_equal(const RaggedIds& a, const RaggedIds& b) {
  check_equal(a.values, b.values);
  check_equal(a.row_splits, b.row_splits);
}

// What is packed from texts is what is packed from their ids, though texts are not read to their ends.
void check_packed(const Model& model, const std::vector<std::string_view>& texts, const RaggedIds& ids) {
  packing::Packing packing;
  packing.sequence_length = 12;
  packing.start_value = {7};
  const packing::Segment segment = {{ids.values.data(), ids.values.size()},
                                    {ids.row_splits.data(), ids.row_splits.size()}};
  const size_t size = texts.size() * packing.sequence_length;
  std::vector<int32_t> token_ids(size), segment_ids(size), expected(size), expected_ids(size);
  const std::unique_ptr<bool[]> mask(new bool[size]), expected_mask(new bool[size]);
  const std::vector<packing::Segment> ids_twice = {segment, segment};
  CHECK(
      packing::pack_segments(ids_twice, packing, 1, {expected.data(), expected_ids.data(), expected_mask.get()}).ok());
  const std::vector<std::span<const std::string_view>> twice = {texts, texts};
  CHECK(
      wordpiece::encode_and_pack(model, twice, {3, false}, packing, {token_ids.data(), segment_ids.data(), mask.get()})
          .ok());
  CHECK(token_ids == expected && segment_ids == expected_ids);
  CHECK(std::equal(mask.get(), mask.get() + size, expected_mask.get()));
}

void check_offsets(const Model& model, const std::vector<std::string_view>& texts, const RaggedIds& ids) {
  RaggedTokens one, three;
  KnownTexts source(texts);
  CHECK(wordpiece::encode_with_offsets(model, source, {1, false}, one).ok());
  CHECK(wordpiece::encode_with_offsets(model, source, {3, false}, three).ok());
  check_equal(one.ids, ids.values);
  check_equal(one.row_splits, ids.row_splits);
  check_equal(one.ids, three.ids);
  check_equal(one.byte_offsets, three.byte_offsets);
  check_equal(one.char_offsets, three.char_offsets);
  check_equal(one.word_ids, three.word_ids);
  check_equal(one.row_splits, three.row_splits);
  for (size_t row = 0; row < texts.size(); ++row) {
    for (int64_t i = one.row_splits.data()[row]; i < one.row_splits.data()[row + 1]; ++i) {
      const int64_t* const bytes = one.byte_offsets.data() + 2 * i;
      const int64_t* const chars = one.char_offsets.data() + 2 * i;
      CHECK(0 <= bytes[0] && bytes[0] < bytes[1] && static_cast<size_t>(bytes[1]) <= texts[row].size());
      CHECK(0 <= chars[0] && chars[0] <= bytes[0] && chars[0] < chars[1] && chars[1] <= bytes[1]);
    }
  }
}

std::vector<std::string> decode(const Model& model, std::span<const int32_t> ids, std::span<const int64_t> splits,
                                int num_threads) {
  std::vector<std::string> rows(splits.size() - 1, "not taken");
  const auto take = [&](size_t first_row, const wordpiece::RaggedText& texts) {
    for (size_t row = 0; row < texts.rows(); ++row) rows[first_row + row] = texts[row];
  };
  CHECK(wordpiece::decode(model, ids, splits, num_threads, take).ok());
  return rows;
}

void check_decode(const Model& model, const RaggedIds& ids) {
  const std::span<const int64_t> splits(ids.row_splits.data(), ids.row_splits.size());
  std::vector<int32_t> values(ids.values.data(), ids.values.data() + ids.values.size());
  const std::vector<std::string> rows = decode(model, values, splits, 1);
  CHECK(rows == decode(model, values, splits, 3));
  for (size_t row = 0; row < rows.size(); ++row) {
    std::string expected;
    for (auto i = static_cast<size_t>(splits[row]); i < static_cast<size_t>(splits[row + 1]); ++i) {
      const bool first = static_cast<int64_t>(i) == splits[row];
      const std::string& token = model.tokens[static_cast<size_t>(values[i])];
      const bool joins = !first && token.size() > 2 && token.starts_with("##");
      expected += (first || joins ? "" : " ") + token.substr(joins ? 2 : 0);
    }
    CHECK(rows[row] == expected);
  }

  const auto take = [](size_t, const wordpiece::RaggedText&) {};
  for (const size_t place : {values.size() - 1, values.size() / 2, size_t{0}}) {
    values[place] = -1;  // and the ones behind it stay: the first is reported
    const Status status = wordpiece::decode(model, std::span<const int32_t>(values), splits, 3, take);
    CHECK(status.code == Code::kInvalidId);
    const auto row = static_cast<size_t>(status.row);
    CHECK(splits[row] <= static_cast<int64_t>(place) && static_cast<int64_t>(place) < splits[row + 1]);
  }
}

// Text whose letters become the same ids in every word goes a way of its own. It must be taken, and make no difference.
void test_by_letter(Random& random) {
  const std::vector<std::string> letters = {"\xD7\x90", "\xD7\x91", "\xE0\xB8\x81", "\xEA\xB0\x80", "\xE4\xB8\xAD"};
  // What ends such a way.
  const std::vector<std::string> others = {"a", "\xF0\x90\x90\xA8", "\xE0\xB8", "\xFF"};
  for (unsigned flags = 0; flags < 32; ++flags) {
    const bool has_longer = below(random, 2) == 0;
    std::vector<std::string> tokens = {"[UNK]", "a", "##a", others[1], "##" + others[1]};
    for (const std::string& letter : letters) {
      tokens.push_back(letter);
      if (!has_longer || below(random, 9) > 0) tokens.push_back("##" + letter);
    }
    if (has_longer) tokens.push_back("##" + letters[0] + letters[1]);
    std::shared_ptr<const Model> model;
    CHECK(wordpiece::load(dump(tokens, flags, false), model).ok());
    std::string text;
    std::vector<std::string> words;
    for (int i = 0; i < 3000; ++i) {
      std::string word = below(random, 30) == 0 ? others[below(random, others.size())] : "";
      const size_t size = 1 + below(random, below(random, 100) == 0 ? 120 : 6);
      for (size_t j = 0; j < size; ++j) word += letters[below(random, letters.size() - has_longer)];
      text += word + " ";
      words.push_back(word);
    }
    const std::string_view view = text;
    RaggedIds ids, one;
    CHECK(wordpiece::encode(*model, {&view, 1}, {1, false}, ids).ok());
    std::unique_ptr<wordpiece::Scratch> scratch = model->scratch_pool.take(*model);
    CHECK(scratch->by_letter || has_longer || !model->rules.split);
    model->scratch_pool.give_back(std::move(scratch));
    size_t place = 0;
    for (const std::string_view word : words) {
      if (!model->rules.split) break;
      CHECK(wordpiece::encode(*model, {&word, 1}, {1, false}, one).ok());
      CHECK(place + one.values.size() <= ids.values.size());
      CHECK(std::equal(one.values.data(), one.values.data() + one.values.size(), ids.values.data() + place));
      place += one.values.size();
    }
    CHECK(place == ids.values.size() || !model->rules.split);
  }
}

}  // namespace

void test_wordpiece() {
  const std::vector<std::string> tokens = {"[UNK]",
                                           "[M]",
                                           "a",
                                           "##b",
                                           "b",
                                           "##a",
                                           "z",
                                           ".",
                                           "\xC3\xA9",
                                           "e",
                                           "##e",
                                           "\xE4\xB8\xAD",
                                           "ab",
                                           "\xEF\xBF\xBD",
                                           "abbabbabbabbab",
                                           "abbabbabbabbabb",
                                           "##abbabbabbabbabb",
                                           "##abbabbabbabbabba"};
  Random random(3);
  for (unsigned flags = 0; flags < 32; ++flags) {
    std::shared_ptr<const Model> model;
    CHECK(wordpiece::load(dump(tokens, flags, (flags & 8) != 0), model).ok());
    std::vector<Guarded> owned;
    size_t bytes = 0;
    while (bytes < 300'000) {  // several chunks
      owned.emplace_back(random_text(random, below(random, 50) == 0 ? 3000 : 30));
      bytes += owned.back().view().size() + 1;
    }
    std::vector<std::string_view> texts;
    for (const Guarded& text : owned) texts.push_back(text.view());
    RaggedIds one, three;
    CHECK(wordpiece::encode(*model, texts, {1, false}, one).ok());
    CHECK(wordpiece::encode(*model, texts, {3, false}, three).ok());
    check_equal(one, three);
    for (const Target target : available_targets()) {
      use_target(target);
      CHECK(wordpiece::encode(*model, texts, {2, false}, three).ok());
      check_equal(one, three);
    }
    model->scratch_pool.forget();
    CHECK(wordpiece::encode(*model, texts, {1, false}, three).ok());
    check_equal(one, three);
    CHECK(one.row_splits.size() == texts.size() + 1);
    check_offsets(*model, texts, one);
    check_packed(*model, texts, one);

    const Status first = wordpiece::encode(*model, texts, {1, true}, one);
    const Status same = wordpiece::encode(*model, texts, {3, true}, one);
    CHECK(first.code == Code::kInvalidUtf8 && same.code == first.code);
    CHECK(first.row == same.row && first.byte_offset == same.byte_offset);
    CHECK(utf8::first_invalid(texts[static_cast<size_t>(first.row)]) == static_cast<size_t>(first.byte_offset));

    check_decode(*model, three);
    RaggedTokens aligned;
    KnownTexts source(texts);
    const Status with_offsets = wordpiece::encode_with_offsets(*model, source, {3, true}, aligned);
    CHECK(with_offsets.code == first.code && with_offsets.row == first.row);
    CHECK(with_offsets.byte_offset == first.byte_offset);
  }

  test_by_letter(random);

  const std::string whole = dump(tokens, 31, true);
  std::shared_ptr<const Model> model;
  for (size_t size = 0; size < whole.size(); ++size) {
    const Guarded cut(std::string_view(whole).substr(0, size));
    CHECK(wordpiece::load(cut.view(), model).code == Code::kInvalidModel);
  }
  for (int round = 0; round < 2000; ++round) {
    std::string damaged = whole;
    damaged[below(random, damaged.size())] = static_cast<char>(below(random, 256));
    const Guarded guarded(damaged);
    (void)wordpiece::load(guarded.view(), model);
  }
}

}  // namespace fastnlp::tests
