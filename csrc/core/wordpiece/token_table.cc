#include "core/wordpiece/token_table.h"

namespace fastnlp::wordpiece {

TokenTable::TokenTable(const std::vector<std::string>& tokens, std::string_view suffix_indicator)
    : cells_(tokens.size()) {
  for (size_t id = 0; id < tokens.size(); ++id) {
    std::string_view text = tokens[id];
    const bool joins = is_suffix(text, suffix_indicator);
    if (joins) text.remove_prefix(suffix_indicator.size());
    const size_t size = text.size() + (joins ? 0 : 1);
    Cell& cell = cells_[id];
    if (size > Cell::kMaxSize) {
      cell.size = Cell::kTooLong;
      continue;
    }
    if (!joins) cell.bytes[0] = ' ';
    text.copy(cell.bytes + (size - text.size()), text.size());
    cell.size = static_cast<uint8_t>(size);
  }
}

}  // namespace fastnlp::wordpiece
