#include "core/wordpiece/decode.h"

#include <new>
#include <string_view>

namespace fastnlp::wordpiece {

Status decode(const Model& model, std::span<const int32_t> ids, std::span<const int64_t> row_splits,
              RaggedText& out) try {
  const std::string_view indicator = model.suffix_indicator;
  out.bytes.clear();
  out.row_splits.clear();
  out.row_splits.reserve(row_splits.size());
  out.row_splits.push_back(0);
  for (size_t row = 0; row + 1 < row_splits.size(); ++row) {
    for (int64_t i = row_splits[row]; i < row_splits[row + 1]; ++i) {
      std::string_view token = model.tokens[static_cast<size_t>(ids[static_cast<size_t>(i)])];
      if (i > row_splits[row]) {
        if (!indicator.empty() && token.size() > indicator.size() && token.substr(0, indicator.size()) == indicator) {
          token.remove_prefix(indicator.size());
        } else {
          out.bytes.push_back(' ');
        }
      }
      out.bytes.append(token.data(), token.size());
    }
    out.row_splits.push_back(static_cast<int64_t>(out.bytes.size()));
  }
  return {};
} catch (const std::bad_alloc&) {
  return Status::error(Code::kOutOfMemory, "out of memory");
}

}  // namespace fastnlp::wordpiece
