#include "tf_ops/row_splits.h"

#include <algorithm>
#include <string>

#include "tf_ops/kernel.h"

namespace fastnlp::tf_ops {

void check_row_splits(std::span<const int64_t> row_splits, size_t value_count) {
  const auto count = static_cast<int64_t>(value_count);
  const auto refuse = [](const std::string& why) { throw Error(TF_INVALID_ARGUMENT, "`row_splits` must " + why); };
  if (row_splits.empty()) refuse("hold at least one element; received none.");
  if (row_splits.front() != 0) refuse("begin with 0; received " + std::to_string(row_splits.front()) + ".");
  if (row_splits.back() != count) {
    refuse("end with the number of values, " + std::to_string(count) + "; received " +
           std::to_string(row_splits.back()) + ".");
  }
  const auto drop = std::is_sorted_until(row_splits.begin(), row_splits.end());
  if (drop != row_splits.end()) {
    refuse("not decrease; received " + std::to_string(*drop) + " after " + std::to_string(*(drop - 1)) + " in row " +
           std::to_string(drop - row_splits.begin() - 1) + ".");
  }
}

}  // namespace fastnlp::tf_ops
