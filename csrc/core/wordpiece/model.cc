#include "core/wordpiece/model.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace fastnlp::wordpiece {
namespace {

constexpr std::string_view kMagic = "fnlp.wordpiece\x01\n";

// Takes bytes from the front of what is left; `failed` once there are too few.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(size_t size) {
    if (size > rest_.size()) {
      failed_ = true;
      size = 0;
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  uint32_t integer() {
    const std::string_view bytes = take(4);
    uint32_t value = 0;
    for (size_t i = 0; i < bytes.size(); ++i) value |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << 8 * i;
    return value;
  }

  bool flag() {
    const std::string_view byte = take(1);
    return !byte.empty() && byte[0] != 0;
  }

  std::string string() { return std::string(take(integer())); }

  bool failed() const { return failed_; }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace

Status load(std::string_view dumped, std::shared_ptr<const Model>& out) {
  const auto invalid = [](const char* what) {
    return Status::error(Code::kInvalidModel, std::string("not a WordPiece model of this version of fastnlp: ") + what);
  };
  Reader reader(dumped);
  if (reader.take(kMagic.size()) != kMagic) return invalid("wrong first bytes");

  auto model = std::make_shared<Model>();
  model->rules.rules = reader.flag() ? Rules::kBert : Rules::kKeras;
  model->rules.lowercase = reader.flag();
  model->rules.strip_accents = reader.flag();
  model->rules.split = reader.flag();
  model->rules.split_on_cjk = reader.flag();
  reader.take(3);
  model->oov_id = static_cast<int32_t>(reader.integer());
  const uint32_t special_count = reader.integer();
  const uint32_t token_count = reader.integer();
  model->suffix_indicator = reader.string();
  for (uint32_t i = 0; i < special_count && !reader.failed(); ++i) {
    model->rules.special_tokens.push_back(reader.string());
  }
  for (uint32_t i = 0; i < token_count && !reader.failed(); ++i) model->tokens.push_back(reader.string());
  if (reader.failed()) return invalid("it ends too early");
  if (!reader.done()) return invalid("it goes on after its end");
  if (model->oov_id < 0 || static_cast<size_t>(model->oov_id) >= model->tokens.size()) {
    return invalid("its unknown token is not in its vocabulary");
  }

  // Models come from pickles and graphs too, so nothing that encode and decode rely on is taken on trust.
  for (const auto* strings : {&model->tokens, &model->rules.special_tokens}) {
    for (const std::string& item : *strings) {
      if (item.empty()) return invalid("it holds an empty token");
      if (utf8::first_invalid(item) != item.size()) return invalid("it holds a token that is not UTF-8");
    }
  }
  const std::string_view indicator = model->suffix_indicator;
  if (utf8::first_invalid(indicator) != indicator.size()) return invalid("its suffix indicator is not UTF-8");
  std::unordered_map<std::string_view, int32_t> ids;
  for (size_t id = 0; id < model->tokens.size(); ++id) {
    if (!ids.emplace(model->tokens[id], static_cast<int32_t>(id)).second) return invalid("it holds a token twice");
  }
  for (const std::string& special : model->rules.special_tokens) {
    const auto found = ids.find(special);
    if (found == ids.end() && model->rules.rules == Rules::kBert) return invalid("it lacks a special token");
    model->special_ids.push_back(found == ids.end() ? kNoId : found->second);
  }
  model->alphabet = Alphabet(model->tokens, indicator);
  model->byte_classes = byte_classes(model->rules);
  std::vector<Trie::Entry> initial, suffix;
  const auto add = [&](std::vector<Trie::Entry>& entries, std::string_view token, int32_t id) {
    entries.emplace_back(std::vector<Symbol>(), static_cast<uint32_t>(id));
    model->alphabet.append(token, entries.back().first);
    model->followers.add(entries.back().first);
  };
  // A mark that is a word of its own begins no longer one.
  const bool begins_no_word =
      model->rules.split && model->rules.special_tokens.empty() && indicator.size() > 1 &&
      model->byte_classes.entries[static_cast<uint8_t>(indicator[0])].byte_class == ByteClasses::kAlone;
  for (const auto& [token, id] : ids) {
    const bool is_suffix = token.size() > indicator.size() && token.starts_with(indicator);
    if (!is_suffix || !begins_no_word) add(initial, token, id);
    if (is_suffix) add(suffix, token.substr(indicator.size()), id);
  }
  model->initial = Trie(std::move(initial), model->alphabet.size());
  model->suffix = Trie(std::move(suffix), model->alphabet.size());
  model->token_table = TokenTable(model->tokens, indicator);
  auto scratch = std::make_unique<Scratch>(*model);  // the first call finds it
  scratch->speller.learn_letters();
  model->scratch_pool.give_back(std::move(scratch));
  out = std::move(model);
  return {};
}

}  // namespace fastnlp::wordpiece
