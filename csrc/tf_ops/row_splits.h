// Row splits as a graph hands them over: nobody has looked at them yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fastnlp::tf_ops {

// Throws Error where they do not cut so many values into rows.
void check_row_splits(std::span<const int64_t> row_splits, size_t value_count);

}  // namespace fastnlp::tf_ops
