#include "core/wordpiece/encode.h"

#include <algorithm>
#include <new>
#include <vector>

#include "core/parallel.h"

namespace fastnlp::wordpiece {
namespace {

constexpr size_t kMaxBytesPerWord = 100;       // "keras": a longer word is unknown
constexpr size_t kMaxCharactersPerWord = 100;  // "bert": the same, in characters
constexpr size_t kBytesPerChunk = 1 << 18;     // what a thread takes at a time: far longer than its start takes
constexpr size_t kBytesPerId = 3;              // fewer are rare

bool is_too_long(std::string_view word, Rules rules) {
  if (word.size() <= kMaxBytesPerWord) return false;
  if (rules == Rules::kKeras) return true;
  const auto begins_character = [](char c) { return (c & 0xC0) != 0x80; };
  return static_cast<size_t>(std::count_if(word.begin(), word.end(), begins_character)) > kMaxCharactersPerWord;
}

void encode_word(const Model& model, std::string_view word, Buffer<int32_t>& ids) {
  const size_t before = ids.size();
  const Trie* trie = &model.initial;
  if (!is_too_long(word, model.rules.rules)) {
    while (!word.empty()) {
      const Trie::Match match = trie->longest_match(word);
      if (match.value == Trie::kNone) break;
      ids.push_back(match.value);
      word.remove_prefix(match.size);
      trie = &model.suffix;
    }
    if (word.empty()) return;
  }
  ids.resize(before);
  ids.push_back(model.oov_id);
}

// Encodes texts[begin, end) and appends to `out`; a row's splits are counted from the values that `out` began with.
Status encode_rows(const Model& model, std::span<const std::string_view> texts, size_t begin, size_t end, bool strict,
                   RaggedIds& out) {
  size_t bytes = 0;
  for (size_t row = begin; row < end; ++row) bytes += texts[row].size();
  out.values.reserve(bytes / kBytesPerId);  // memory that is not written costs nothing
  WordScanner scanner(model.rules);
  const bool bert = model.rules.rules == Rules::kBert;
  for (size_t row = begin; row < end; ++row) {
    const std::string_view text = texts[row];
    if (strict) {
      const size_t offset = utf8::first_invalid(text);
      if (offset != text.size()) {
        return Status::error(Code::kInvalidUtf8, "invalid UTF-8", static_cast<int64_t>(row),
                             static_cast<int64_t>(offset));
      }
    }
    scanner.scan(text, [&](std::string_view word, int special) {
      if (bert && special != WordScanner::kNotSpecial) {
        out.values.push_back(model.special_ids[static_cast<size_t>(special)]);
      } else {
        encode_word(model, word, out.values);
      }
    });
    out.row_splits.push_back(static_cast<int64_t>(out.values.size()));
  }
  return {};
}

// The rows at which chunks of about kBytesPerChunk begin, and the number of rows: whatever the number of threads.
std::vector<size_t> chunk_rows(std::span<const std::string_view> texts) {
  std::vector<size_t> bounds = {0};
  size_t bytes = 0;
  for (size_t row = 0; row < texts.size(); ++row) {
    bytes += texts[row].size() + 1;
    if (bytes >= kBytesPerChunk) {
      bounds.push_back(row + 1);
      bytes = 0;
    }
  }
  if (bounds.back() != texts.size()) bounds.push_back(texts.size());
  return bounds;
}

}  // namespace

Status encode(const Model& model, std::span<const std::string_view> texts, const EncodeOptions& options,
              RaggedIds& out) try {
  out.values.clear();
  out.row_splits.clear();
  out.row_splits.reserve(texts.size() + 1);
  out.row_splits.push_back(0);
  const std::vector<size_t> bounds = options.num_threads > 1 ? chunk_rows(texts) : std::vector<size_t>{};
  if (bounds.size() <= 2) return encode_rows(model, texts, 0, texts.size(), options.strict, out);

  const size_t chunks = bounds.size() - 1;
  std::vector<RaggedIds> parts(chunks);
  std::vector<Status> statuses(chunks);
  const bool done = parallel_for(chunks, options.num_threads, [&](size_t chunk) {
    statuses[chunk] = encode_rows(model, texts, bounds[chunk], bounds[chunk + 1], options.strict, parts[chunk]);
  });
  if (!done) return Status::error(Code::kOutOfMemory, "out of memory");
  size_t total = 0;
  for (size_t chunk = 0; chunk < chunks; ++chunk) {
    if (!statuses[chunk].ok()) return statuses[chunk];
    total += parts[chunk].values.size();
  }
  out.values.reserve(total);
  for (const RaggedIds& part : parts) {
    const auto offset = static_cast<int64_t>(out.values.size());
    out.values.append(part.values.data(), part.values.size());
    for (size_t i = 0; i < part.row_splits.size(); ++i) out.row_splits.push_back(part.row_splits.data()[i] + offset);
  }
  return {};
} catch (const std::bad_alloc&) {
  return Status::error(Code::kOutOfMemory, "out of memory");
}

}  // namespace fastnlp::wordpiece
