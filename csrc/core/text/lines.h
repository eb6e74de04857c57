// Lines of a text, such as a file in memory.
#pragma once

#include <string_view>
#include <vector>

namespace fastnlp {

// Appends a view of every line. reference/text/lines.py is the definition.
void split_lines(std::string_view text, char delimiter, std::vector<std::string_view>& lines);

}  // namespace fastnlp
