// As much of a test framework as these tests need.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#define CHECK(condition)                                                   \
  do {                                                                     \
    if (!(condition)) {                                                    \
      std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                        \
    }                                                                      \
  } while (false)

namespace fastnlp::tests {

void test_count_words();
void test_learn();
void test_lines();
void test_id_groups();
void test_lookup();
void test_growth();
void test_long_pieces();
void test_masking();
void test_pack_documents();
void test_packing();
void test_parallel();
void test_pieces();
void test_trie();
void test_utf8();
void test_utf8_map();
void test_wordpiece();

// A copy whose end is the end of its allocation, so that a sanitizer sees every byte read behind it.
class Guarded {
 public:
  explicit Guarded(std::string_view text) : size_(text.size()), bytes_(new char[text.size()]) {
    text.copy(bytes_.get(), size_);
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  size_t size_;
  std::unique_ptr<char[]> bytes_;
};

using Random = std::mt19937;

inline size_t below(Random& random, size_t limit) {
  return std::uniform_int_distribution<size_t>(0, limit - 1)(random);
}

// Bytes that often form UTF-8, and often just fail to.
inline std::string random_text(Random& random, size_t max_size) {
  static constexpr std::string_view kParts[] = {"a",
                                                "b",
                                                "Z",
                                                " ",
                                                ".",
                                                "#",
                                                "\n",
                                                "[M]",
                                                "\xC3\xA9",
                                                "\xCC\x81",
                                                "\xE4\xB8\xAD",
                                                "\xEA\xB0\x80",
                                                "\xF0\x9F\x98\x80",
                                                "\xE2\x80\x8B",
                                                "\xC2\xA0",
                                                "\xEF\xB7\xBA",
                                                "\x80",
                                                "\xC0",
                                                "\xED\xA0",
                                                "\xF4\x90",
                                                "\xF0\x9F",
                                                "\xE4\xB8",
                                                "\xFF"};
  std::string text;
  for (size_t left = below(random, max_size + 1); left > 0; --left) text += kParts[below(random, std::size(kParts))];
  return text;
}

}  // namespace fastnlp::tests
