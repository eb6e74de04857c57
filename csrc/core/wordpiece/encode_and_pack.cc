#include "core/wordpiece/encode_and_pack.h"

#include <algorithm>
#include <new>
#include <vector>

#include "core/packing/row_packer.h"
#include "core/parallel.h"
#include "core/text/rows.h"

namespace fastnlp::wordpiece {
namespace {

constexpr size_t kRowsPerChunk = 64;  // whose ids stay in the processor's cache
constexpr size_t kBytesPerId = 8;     // more are rare

// The beginning of a text that most often has so many ids, up to a space. There the ids of a text may be cut in two.
std::string_view beginning(std::string_view text, size_t ids) {
  if (text.size() / kBytesPerId <= ids) return text;
  return text.substr(0, text.find(' ', ids * kBytesPerId));
}

// The ids of one segment in the rows of a chunk.
class SegmentIds {
 public:
  // Encodes each text, or so much of it that at least `wanted` ids are there.
  Status encode(const Model& model, std::span<const std::string_view> texts, bool stops_early, size_t wanted) {
    texts_.assign(texts.begin(), texts.end());
    if (stops_early) {
      for (std::string_view& text : texts_) text = beginning(text, wanted);
    }
    if (Status status = wordpiece::encode(model, texts_, {}, ids_); !status.ok()) return status;
    again_.clear();
    rows_.clear();
    for (size_t row = 0; row < texts.size(); ++row) {
      rows_.push_back(row_of(ids_, row));
      if (rows_[row].size() < wanted && texts_[row].size() < texts[row].size()) again_.push_back(row);
    }
    if (again_.empty()) return {};
    texts_.clear();
    for (const size_t row : again_) texts_.push_back(texts[row]);
    if (Status status = wordpiece::encode(model, texts_, {}, ids_again_); !status.ok()) return status;
    for (size_t i = 0; i < again_.size(); ++i) rows_[again_[i]] = row_of(ids_again_, i);
    return {};
  }

  std::span<const int32_t> operator[](size_t row) const { return rows_[row]; }

 private:
  static std::span<const int32_t> row_of(const RaggedIds& ids, size_t row) {
    const int64_t* const bounds = ids.row_splits.data() + row;
    return {ids.values.data() + bounds[0], static_cast<size_t>(bounds[1] - bounds[0])};
  }

  std::vector<std::string_view> texts_;
  std::vector<size_t> again_;  // the rows whose beginning was too short
  RaggedIds ids_, ids_again_;
  std::vector<std::span<const int32_t>> rows_;
};

}  // namespace

Status encode_and_pack(const Model& model, std::span<const std::span<const std::string_view>> segments,
                       const EncodeOptions& options, const packing::Packing& packing, const packing::PackedRows& out) {
  return encode_and_pack(model, segments, options, packing, out, [] { return [](size_t) { return Status(); }; });
}

Status encode_and_pack(const Model& model, std::span<const std::span<const std::string_view>> segments,
                       const EncodeOptions& options, const packing::Packing& packing, const packing::PackedRows& out,
                       const std::function<TakeRow()>& make_take_row) try {
  const size_t rows = segments.front().size();
  if (options.strict) {
    for (const auto texts : segments) {
      if (Status status = check_utf8(texts); !status.ok()) return status;
    }
  }
  // A space ends a word, unless texts are words or special tokens may hold spaces.
  const bool stops_early = model.rules.split && model.rules.special_tokens.empty();
  const size_t chunks = (rows + kRowsPerChunk - 1) / kRowsPerChunk;
  std::vector<Status> statuses(chunks);
  const bool done = parallel_for(chunks, options.num_threads, [&] {
    return
        [&, ids = std::vector<SegmentIds>(segments.size()), packer = packing::RowPacker(segments.size(), packing, out),
         tokens = std::vector<std::span<const int32_t>>(segments.size()),
         take_row = make_take_row()](size_t chunk) mutable {
          const size_t begin = chunk * kRowsPerChunk;
          const size_t count = std::min(rows - begin, kRowsPerChunk);
          for (size_t i = 0; i < segments.size(); ++i) {
            statuses[chunk] = ids[i].encode(model, segments[i].subspan(begin, count), stops_early, packer.budget());
            if (!statuses[chunk].ok()) return;
          }
          for (size_t row = 0; row < count; ++row) {
            for (size_t i = 0; i < segments.size(); ++i) tokens[i] = ids[i][row];
            packer.pack(tokens, begin + row);
            statuses[chunk] = take_row(begin + row);
            if (!statuses[chunk].ok()) return;
          }
        };
  });
  if (!done) return Status::error(Code::kOutOfMemory, "out of memory");
  const auto failed = std::ranges::find_if(statuses, [](const Status& status) { return !status.ok(); });
  return failed == statuses.end() ? Status{} : *failed;
} catch (const std::bad_alloc&) {
  return Status::error(Code::kOutOfMemory, "out of memory");
}

}  // namespace fastnlp::wordpiece
