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

// The size of all texts.
size_t count_bytes(std::span<const std::string_view> texts);

// An error that names the first text that is not UTF-8; texts.front() is row `first_row`.
Status check_utf8(std::span<const std::string_view> texts, size_t first_row = 0);

// Calls work(i), which returns a Status, for every i below `count` on several threads, each with a `work` of its own,
// made by make_work(). Returns the error with the smallest i.
template <typename MakeWork>
Status for_each(size_t count, int num_threads, MakeWork make_work) {
  std::vector<Status> statuses(count);
  const bool done = parallel_for(count, num_threads, [&] {
    return [&, work = make_work()](size_t i) mutable {
      try {
        statuses[i] = work(i);
      } catch (const std::bad_alloc&) {
        statuses[i] = Status::error(Code::kOutOfMemory, "out of memory");
      }
    };
  });
  for (Status& status : statuses) {
    if (!status.ok()) return std::move(status);
  }
  return done ? Status() : Status::error(Code::kOutOfMemory, "out of memory");
}

}  // namespace fastnlp
