// What kernels that take many texts at once share.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace fastnlp {

// The rows at which chunks of about a quarter of a megabyte begin, and the number of rows. They follow from the texts
// alone. A chunk takes far longer than a thread takes to start.
std::vector<size_t> chunk_rows(std::span<const std::string_view> texts);

// An error that names the first of texts[begin, end) that is not UTF-8.
Status check_utf8(std::span<const std::string_view> texts, size_t begin, size_t end);

}  // namespace fastnlp
