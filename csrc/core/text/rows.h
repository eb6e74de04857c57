// What kernels that take many texts at once share.
#pragma once

#include <algorithm>
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

// Makes parts of a result on several threads: encode(begin, end, part) for the rows of each chunk, by an `encode` of
// each thread's own, made by make_encode(); and append(part) for one after another, in order. Both return a Status; the
// first error in the order of rows is returned.
template <typename Part, typename MakeEncode, typename Append>
Status encode_chunks(std::span<const size_t> bounds, int num_threads, MakeEncode make_encode, Append append) {
  const auto checked = [](auto make_status) -> Status {
    try {
      return make_status();
    } catch (const std::bad_alloc&) {
      return Status::error(Code::kOutOfMemory, "out of memory");
    }
  };
  struct Made {
    Part part;
    Status status;
  };
  Status status;
  InOrder<Made> in_order(2 * static_cast<size_t>(std::max(num_threads, 1)));
  const auto hand_on = [&](Made& made) {
    if (!status.ok()) return;
    status = made.status.ok() ? checked([&] { return append(made.part); }) : std::move(made.status);
  };
  const bool done = parallel_for(bounds.size() - 1, num_threads, [&] {
    return [&, encode = make_encode(), made = Made()](size_t chunk) mutable {
      made.part.clear();
      made.status = checked([&] { return encode(bounds[chunk], bounds[chunk + 1], made.part); });
      in_order.put(chunk, made, hand_on);
    };
  });
  return done ? status : Status::error(Code::kOutOfMemory, "out of memory");
}

}  // namespace fastnlp
