// The steps of `encode`, to be timed one by one on one thread: each run does its step and all before it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/buffer.h"
#include "core/status.h"
#include "core/wordpiece/model.h"
#include "core/wordpiece/scratch.h"

namespace fastnlp::wordpiece {

enum class Step : uint8_t {
  kCopy,        // the text from memory to memory, which is the machine's limit
  kFill,        // the text into the window
  kFindPieces,  // classes, lower case, begins and ends
  kMakeKeys,    // keys, their hashes, and the prefetches of their lines
  kLookUp,      // the keys compared, the ids written; what is not in its line is passed over
};

// Runs the kernels of the current target on windows cut as `encode` cuts them, with a cache that knows the texts.
class Ladder {
 public:
  // The texts are to outlive it. The model splits text, and looks for no special tokens.
  static Status check(const Model& model);
  Ladder(const Model& model, std::span<const std::string_view> texts);

  // Returns the number of what the step deals with: bytes, bytes, pieces, pieces, ids.
  size_t run(Step step);

  size_t pieces() const { return pieces_; }
  size_t missed() const { return missed_; }  // of the pieces: not in their line of the cache

  // The ids of all texts, from a run that spells what the cache lacks.
  const Buffer<int32_t>& ids() const { return ids_; }

 private:
  // What a window holds: consecutive parts, each with a space behind it.
  struct Window {
    size_t begin, end;           // of the parts
    std::string_view too_large;  // the piece that follows, where it fits into no window
  };

  void cut(std::string_view text, const ByteClasses& classes);
  void end_window(std::string_view too_large = {});
  size_t fill(const Window& window);
  template <typename Miss>
  void look_up_all(Buffer<int32_t>& ids, Miss miss);
  void put_ids(Buffer<int32_t>& ids);

  Scratch scratch_;
  const ByteClasses& classes_;
  const IdWidth width_;
  std::vector<std::string_view> parts_;
  std::vector<Window> windows_;
  size_t free_ = kWindowSize;  // of the window that is being cut
  Buffer<char> text_, copy_;
  Buffer<int32_t> ids_, out_;
  Buffer<int64_t> no_rows_;
  size_t pieces_ = 0, missed_ = 0;
};

}  // namespace fastnlp::wordpiece
