#include "core/wordpiece/decode.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "core/parallel.h"

namespace fastnlp::wordpiece {
namespace {

using Cell = TokenTable::Cell;

constexpr size_t kIdsPerChunk = 1 << 15;

Status unknown_id(const Model& model, std::span<const int32_t> ids, size_t row, const int32_t* id) {
  const int64_t position = id - ids.data();
  return Status::error(Code::kInvalidId,
                       "`ids` must be in [0, " + std::to_string(model.tokens.size() - 1) + "]; received " +
                           std::to_string(*id) + " in row " + std::to_string(row) + ", position " +
                           std::to_string(position) + ".",
                       static_cast<int64_t>(row));
}

// Appends the text of one row; the place of the first id that the model does not have, or the end of the ids.
const int32_t* decode_row(const Model& model, std::span<const int32_t> ids, Buffer<char>& bytes) {
  const TokenTable& table = model.token_table;
  const int32_t* id = ids.data();
  const int32_t* const end = id + ids.size();
  const auto room_for_the_rest = [&] { bytes.reserve_more(static_cast<size_t>(end - id) * Cell::kMaxSize + 1); };
  const auto is_unknown = [&] { return static_cast<uint64_t>(*id) >= table.size(); };
  if (id == end || is_unknown()) return id;
  // Nothing stands before the first token: neither a space nor what it could join.
  const std::string_view first_token = model.tokens[static_cast<size_t>(*id)];
  bytes.append(first_token.data(), first_token.size());
  ++id;
  room_for_the_rest();
  char* out = bytes.data() + bytes.size();
  for (; id < end; ++id) {
    if (is_unknown()) [[unlikely]]
      break;
    const Cell& cell = table[static_cast<size_t>(*id)];
    if (cell.size == Cell::kTooLong) [[unlikely]] {
      bytes.resize(static_cast<size_t>(out - bytes.data()));
      std::string_view token = model.tokens[static_cast<size_t>(*id)];
      if (is_suffix(token, model.suffix_indicator)) {
        token.remove_prefix(model.suffix_indicator.size());
      } else {
        bytes.push_back(' ');
      }
      bytes.append(token.data(), token.size());
      room_for_the_rest();
      out = bytes.data() + bytes.size();
      continue;
    }
    std::memcpy(out, &cell, sizeof(cell));
    out += cell.size;
  }
  bytes.resize(static_cast<size_t>(out - bytes.data()));
  return id;
}

// Decodes rows [begin, end).
Status decode_rows(const Model& model, std::span<const int32_t> ids, std::span<const int64_t> row_splits, size_t begin,
                   size_t end, RaggedText& out) {
  out.row_splits.reserve(end - begin + 1);
  out.row_splits.push_back(0);
  for (size_t row = begin; row < end; ++row) {
    const auto start = static_cast<size_t>(row_splits[row]);
    const auto row_ids = ids.subspan(start, static_cast<size_t>(row_splits[row + 1]) - start);
    const int32_t* const stop = decode_row(model, row_ids, out.bytes);
    if (stop != row_ids.data() + row_ids.size()) return unknown_id(model, row_ids, row, stop);
    out.row_splits.push_back(static_cast<int64_t>(out.bytes.size()));
  }
  return {};
}

}  // namespace

Status decode(const Model& model, std::span<const int32_t> ids, std::span<const int64_t> row_splits, int num_threads,
              const TakeTexts& take) try {
  // A chunk's rows are those that begin among its ids, whatever the number of threads.
  const auto first_row = [&](size_t chunk) {
    const auto starts = row_splits.first(row_splits.size() - 1);
    return static_cast<size_t>(std::ranges::lower_bound(starts, static_cast<int64_t>(chunk * kIdsPerChunk)) -
                               starts.begin());
  };
  const size_t chunks = ids.size() / kIdsPerChunk + 1;
  std::vector<Status> statuses(chunks);
  const bool done = parallel_for(chunks, num_threads, [&] {
    return [&](size_t chunk) {
      const size_t begin = first_row(chunk), end = first_row(chunk + 1);
      if (begin == end) return;
      RaggedText texts;
      statuses[chunk] = decode_rows(model, ids, row_splits, begin, end, texts);
      if (statuses[chunk].ok()) take(begin, texts);
    };
  });
  if (!done) return Status::error(Code::kOutOfMemory, "out of memory");
  const auto failed = std::ranges::find_if(statuses, [](const Status& status) { return !status.ok(); });
  return failed == statuses.end() ? Status{} : *failed;
} catch (const std::bad_alloc&) {
  return Status::error(Code::kOutOfMemory, "out of memory");
}

}  // namespace fastnlp::wordpiece
