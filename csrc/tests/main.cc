#include "check.h"

int main() {
  fastnlp::tests::test_utf8();
  fastnlp::tests::test_utf8_map();
  fastnlp::tests::test_parallel();
  fastnlp::tests::test_trie();
  fastnlp::tests::test_learn();
  fastnlp::tests::test_lines();
  fastnlp::tests::test_pieces();
  fastnlp::tests::test_id_groups();
  fastnlp::tests::test_lookup();
  fastnlp::tests::test_growth();
  fastnlp::tests::test_long_pieces();
  fastnlp::tests::test_masking();
  fastnlp::tests::test_pack_documents();
  fastnlp::tests::test_packing();
  fastnlp::tests::test_wordpiece();
  fastnlp::tests::test_count_words();
  std::puts("all tests passed");
}
