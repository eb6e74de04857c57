#include "core/masking/pack_documents.h"

#include <algorithm>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "core/packing/row_packer.h"
#include "core/text/rows.h"

namespace fastnlp::masking {
namespace {

// Packs and masks one document after another.
class DocumentPacker {
 public:
  DocumentPacker(const packing::Packing& packing, const Masking* masking, const packing::PackedRows& out,
                 const DenseSelections& selections)
      : out_(out),
        selections_(selections),
        sequence_length_(packing.sequence_length),
        masking_(masking),
        packer_(1, packing, row_out_),
        ids_(packer_.budget()) {
    if (masking != nullptr) {
      masker_.emplace(masking->model);
      packed_.resize(sequence_length_);
    }
  }

  // Returns false where an id is not in the vocabulary.
  template <typename Id>
  bool pack(std::span<const Id> document, size_t row) {
    const size_t size = std::min(document.size(), packer_.budget());
    std::copy_n(document.begin(), size, ids_.begin());
    int32_t* const token_ids = out_.token_ids + row * sequence_length_;
    row_out_ = {masker_ ? packed_.data() : token_ids, nullptr, out_.padding_mask + row * sequence_length_};
    const std::span<const int32_t> segment(ids_.data(), size);
    packer_.pack({&segment, 1}, 0);
    if (!masker_) return true;
    if (!masker_->mask(packed_, nullptr, masking_->seed, masking_->epoch, &masking_->examples[row], token_ids)) {
      return false;
    }
    selections_.write(masking_->model.selection_length, row, packed_, masker_->positions());
    return true;
  }

  // Of the document that was packed last.
  std::span<const int32_t> packed() const { return packed_; }

 private:
  const packing::PackedRows& out_;
  const DenseSelections& selections_;
  const size_t sequence_length_;
  const Masking* const masking_;
  packing::PackedRows row_out_{};  // of one row
  packing::RowPacker packer_;
  std::vector<int32_t> ids_, packed_;
  std::optional<RowMasker> masker_;
};

}  // namespace

template <typename Id>
Status pack_documents(const Documents<Id>& documents, const packing::Packing& packing, const Masking* masking,
                      int num_threads, const packing::PackedRows& out, const DenseSelections& selections) try {
  constexpr size_t kTokensPerChunk = 1 << 16;  // which take longer than a thread takes to start
  const size_t rows = documents.starts.size();
  const size_t rows_per_chunk = std::max<size_t>(kTokensPerChunk / packing.sequence_length, 1);
  std::vector<size_t> bounds;
  for (size_t row = 0; row < rows; row += rows_per_chunk) bounds.push_back(row);
  bounds.push_back(rows);
  const auto pack = [&](size_t chunk) -> Status {
    DocumentPacker packer(packing, masking, out, selections);
    for (size_t row = bounds[chunk]; row < bounds[chunk + 1]; ++row) {
      const int64_t start = documents.starts[row], length = documents.lengths[row];
      const auto size = static_cast<int64_t>(documents.ids.size());
      if (start < 0 || length < 0 || start > size || length > size - start) {
        return Status::error(Code::kInvalidId, "`starts` and `lengths` must be inside `ids`; those of row " +
                                                   std::to_string(row) + " are not.");
      }
      const auto document = documents.ids.subspan(static_cast<size_t>(start), static_cast<size_t>(length));
      if (!packer.pack(document, row)) return unknown_id(packer.packed(), masking->model.vocabulary_size, row);
    }
    return {};
  };
  return for_each(bounds.size() - 1, num_threads, [&] { return pack; });
} catch (const std::bad_alloc&) {
  return Status::error(Code::kOutOfMemory, "out of memory");
}

template Status pack_documents(const Documents<uint16_t>&, const packing::Packing&, const Masking*, int,
                               const packing::PackedRows&, const DenseSelections&);
template Status pack_documents(const Documents<int32_t>&, const packing::Packing&, const Masking*, int,
                               const packing::PackedRows&, const DenseSelections&);

}  // namespace fastnlp::masking
