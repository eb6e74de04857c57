// Texts that one thread reads, some at a time, while others work on those that it has read.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "core/text/rows.h"

namespace fastnlp {

class TextSource {
 public:
  static constexpr size_t kAll = static_cast<size_t>(-1);  // bytes, for read()

  struct Read {
    std::span<const std::string_view> texts;  // all that were read so far; they stay where they are
    size_t bytes;                             // of them
    bool is_all;                              // there are no more
  };

  TextSource() = default;
  TextSource(const TextSource&) = delete;
  TextSource& operator=(const TextSource&) = delete;
  virtual ~TextSource() = default;

  // Reads more texts, of about so many bytes.
  virtual Read read(size_t bytes) = 0;

  // Called when all are read: nobody looks at the rows before this one any more.
  virtual void let_go(size_t row) { static_cast<void>(row); }
};

// Texts that need not be read.
class KnownTexts final : public TextSource {
 public:
  explicit KnownTexts(std::span<const std::string_view> texts) : texts_(texts) {}

  Read read(size_t) override { return {texts_, count_bytes(texts_), true}; }

 private:
  const std::span<const std::string_view> texts_;
};

}  // namespace fastnlp
