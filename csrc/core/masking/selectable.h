// Which tokens can be selected.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/cpu.h"
#include "core/masking/model.h"

namespace fastnlp::masking {

// Sets a bit for each of `count` tokens that the model does not make unselectable, 64 a word, and none behind them.
// Returns false where an id is not in the vocabulary; then the bits are worth nothing.
using FindSelectable = bool (*)(const Model& model, const int32_t* token_ids, size_t count, uint64_t* bits);
FindSelectable find_selectable(Target target);

}  // namespace fastnlp::masking
