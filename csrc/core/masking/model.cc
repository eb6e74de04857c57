#include "core/masking/model.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstring>

namespace fastnlp::masking {
namespace {

constexpr std::string_view kMagic = "fnlp.masking\x01\n";
constexpr uint32_t kMaxSize = INT32_MAX;

struct Header {
  uint32_t selection;
  uint32_t vocabulary_size;
  uint32_t mask_token_id;
  uint32_t selection_length;
  double selection_rate;
  double mask_token_rate;
  double random_token_rate;
  uint32_t listed_count;
  uint32_t listed[8];
  uint32_t padding;  // not in the bytes
};
constexpr size_t kHeaderSize = offsetof(Header, padding);
static_assert(kHeaderSize == 76);
static_assert(std::endian::native == std::endian::little, "models are little-endian");

bool is_rate(double value) { return value >= 0 && value <= 1; }  // not of NaN

uint64_t threshold(double rate) { return static_cast<uint64_t>(std::ldexp(rate, 32)); }

}  // namespace

Status load(std::string_view dumped, Model& out) {
  const auto invalid = [](const char* what) {
    return Status::error(Code::kInvalidModel, std::string("not a masking model of this version of fastnlp: ") + what);
  };
  if (!dumped.starts_with(kMagic)) return invalid("wrong first bytes");
  dumped.remove_prefix(kMagic.size());
  Header header;
  if (dumped.size() < kHeaderSize) return invalid("it ends too early");
  std::memcpy(&header, dumped.data(), kHeaderSize);
  dumped.remove_prefix(kHeaderSize);
  if (header.selection > static_cast<uint32_t>(Selection::kSpan)) return invalid("it selects in no known way");
  if (header.vocabulary_size > kMaxSize || (!dumped.empty() && dumped.size() != header.vocabulary_size)) {
    return invalid("it has not one byte a token");
  }
  if (header.listed_count > std::size(header.listed)) return invalid("it lists too many unselectable tokens");
  if (header.mask_token_id >= header.vocabulary_size) return invalid("its mask token is not in its vocabulary");
  if (header.selection_length > kMaxSize) return invalid("it selects too many tokens");
  if (!is_rate(header.selection_rate) || !is_rate(header.mask_token_rate) || !is_rate(header.random_token_rate) ||
      !is_rate(header.mask_token_rate + header.random_token_rate)) {
    return invalid("its rates are none");
  }
  out = {
      static_cast<Selection>(header.selection),
      header.vocabulary_size,
      header.mask_token_id,
      header.selection_length,
      static_cast<float>(header.selection_rate),
      threshold(header.selection_rate),
      threshold(header.mask_token_rate),
      threshold(header.mask_token_rate + header.random_token_rate),
      header.listed_count,
      std::to_array(header.listed),
      {reinterpret_cast<const uint8_t*>(dumped.data()), dumped.size()},
  };
  return {};
}

}  // namespace fastnlp::masking
