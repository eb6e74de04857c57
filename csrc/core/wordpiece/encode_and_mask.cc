#include "core/wordpiece/encode_and_mask.h"

#include <memory>
#include <vector>

#include "core/wordpiece/encode_and_pack.h"

namespace fastnlp::wordpiece {

Status encode_and_mask(const Model& model, std::span<const std::span<const std::string_view>> segments,
                       const EncodeOptions& options, const packing::Packing& packing,
                       const masking::Model& masking_model, const MaskNumbers& numbers, const packing::PackedRows& out,
                       const masking::DenseSelections& selections) {
  const auto make_mask_row = [&]() -> TakeRow {
    // Shared, because std::function must be able to copy it.
    return [&, masker = std::make_shared<masking::RowMasker>(masking_model),
            ids = std::vector<int32_t>()](size_t row) mutable -> Status {
      int32_t* const masked = out.token_ids + row * packing.sequence_length;
      ids.assign(masked, masked + packing.sequence_length);
      const auto epoch = static_cast<uint64_t>(numbers.epochs[numbers.epochs.size() == 1 ? 0 : row]);
      const int64_t* const number = numbers.examples.empty() ? nullptr : &numbers.examples[row];
      if (!masker->mask(ids, nullptr, numbers.seed, epoch, number, masked)) {
        return masking::unknown_id(ids, masking_model.vocabulary_size, row);
      }
      selections.write(masking_model.selection_length, row, ids, masker->positions());
      return {};
    };
  };
  return encode_and_pack(model, segments, options, packing, out, make_mask_row);
}

}  // namespace fastnlp::wordpiece
