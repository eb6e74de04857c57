// What a WordPiece encoder is made of: the rules for text, the vocabulary, and the tries that find its tokens.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "core/text/words.h"
#include "core/wordpiece/alphabet.h"
#include "core/wordpiece/pieces.h"
#include "core/wordpiece/scratch.h"
#include "core/wordpiece/symbol_followers.h"
#include "core/wordpiece/token_table.h"
#include "core/wordpiece/trie.h"

namespace fastnlp::wordpiece {

inline constexpr int32_t kNoId = -1;

// Immutable once loaded, so that any number of threads may use one model.
struct Model {
  std::vector<std::string> tokens;  // by token id
  int32_t oov_id = 0;
  std::string suffix_indicator;
  TextRules rules;
  std::vector<int32_t> special_ids;  // of rules.special_tokens; kNoId where the vocabulary lacks one

  Alphabet alphabet;          // of all tokens
  Trie initial;               // the tokens as they are: what a word may begin with
  Trie suffix;                // the tokens that begin with the suffix indicator, without it: what may follow
  SymbolFollowers followers;  // in the tokens of both
  TokenTable token_table;

  ByteClasses byte_classes{false};
  mutable ScratchPool scratch_pool;
};

// Reads the canonical form that reference/wordpiece/model.py defines (`dump`).
Status load(std::string_view dumped, std::shared_ptr<const Model>& model);

}  // namespace fastnlp::wordpiece
