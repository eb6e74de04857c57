// What kernels that take many texts at once share.
#pragma once

#include <cstddef>
#include <new>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/parallel.h"
#include "core/status.h"

namespace fastnlp {

// The rows at which chunks of about a quarter of a megabyte begin, and the number of rows. They follow from the texts
// alone. A chunk takes far longer than a thread takes to start.
std::vector<size_t> chunk_rows(std::span<const std::string_view> texts);

// An error that names the first of texts[begin, end) that is not UTF-8.
Status check_utf8(std::span<const std::string_view> texts, size_t begin, size_t end);

// Makes parts of a result on several threads: encode(begin, end, part) for the rows of each chunk, and append(part) for
// one after another, in order. Both return a Status; the first error in the order of rows is returned.
template <typename Part, typename Encode, typename Append>
Status encode_chunks(std::span<const size_t> bounds, int num_threads, Encode encode, Append append) {
  const auto checked = [](auto make_status) -> Status {
    try {
      return make_status();
    } catch (const std::bad_alloc&) {
      return Status::error(Code::kOutOfMemory, "out of memory");
    }
  };
  Status status;
  Turns turns;
  const bool done = parallel_for(bounds.size() - 1, num_threads, [&] {
    return [&, part = Part()](size_t chunk) mutable {
      part.clear();
      Status made = checked([&] { return encode(bounds[chunk], bounds[chunk + 1], part); });
      // What a chunk became is copied while this core's cache still holds it.
      turns.wait_for(chunk);
      if (status.ok() && made.ok()) made = checked([&] { return append(part); });
      if (status.ok()) status = std::move(made);
      turns.pass();
    };
  });
  return done ? status : Status::error(Code::kOutOfMemory, "out of memory");
}

}  // namespace fastnlp
