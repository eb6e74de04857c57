// A result that several threads make in parts, one for each chunk of rows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "core/parallel.h"
#include "core/text/rows.h"

namespace fastnlp {

// Copies the parts that one thread makes to where they belong, as soon as that is known. Result has
//   size_t capacity()                                         the values that there is memory for
//   void copy(part, size_t from, size_t to, size_t begin)     values [from, to) of a part; its first is value `begin`
//   void split(part, size_t chunk, size_t begin)              the ends of its rows
template <typename Part, typename Result>
class PartCopier {
 public:
  PartCopier(Places& places, Result& result, std::vector<Part>& late) : places_(places), result_(result), late_(late) {}
  PartCopier(const PartCopier&) = delete;
  PartCopier& operator=(const PartCopier&) = delete;
  ~PartCopier() { finish(); }

  // Takes the part of a chunk, and leaves one there whose memory may serve again.
  void put(size_t chunk, Part& part) {
    places_.set_size(chunk, part.size());
    finish();
    std::swap(part_, part);
    chunk_ = chunk;
    copied_ = 0;
    is_empty_ = false;
  }

  // Copies a little of the last part: memory takes that while the thread works on the next.
  void step() {
    constexpr size_t kValues = 2048;
    if (is_empty_ || !places_.knows(chunk_)) return;
    const size_t begin = places_.begin(chunk_);
    if (begin + part_.size() <= result_.capacity()) copy(std::min(copied_ + kValues, part_.size()), begin);
  }

 private:
  void copy(size_t to, size_t begin) {
    result_.copy(part_, copied_, to, begin);
    copied_ = to;
  }

  // Copies all of the last part; where there is no room for it, it has to wait till all threads are done.
  void finish() {
    if (is_empty_) return;
    const size_t begin = places_.begin(chunk_);
    if (begin + part_.size() <= result_.capacity()) {
      copy(part_.size(), begin);
      result_.split(part_, chunk_, begin);
    } else {
      late_[chunk_] = std::move(part_);
      part_ = Part();
    }
    is_empty_ = true;
  }

  Places& places_;
  Result& result_;
  std::vector<Part>& late_;
  Part part_;
  size_t chunk_ = 0;
  size_t copied_ = 0;  // values
  bool is_empty_ = true;
};

// Makes the parts of `result`, which also has resize(size_t), by encode(begin, end, part, step) for the rows of each
// chunk; it may call step() now and then, and returns a Status. Each thread has an `encode` of its own, made by
// make_encode(). The first error in the order of rows is returned.
template <typename Part, typename Result, typename MakeEncode>
Status encode_parts(std::span<const size_t> bounds, int num_threads, Result& result, MakeEncode make_encode) {
  const size_t chunks = bounds.size() - 1;
  const size_t capacity = result.capacity();
  Places places(chunks);
  std::vector<Part> late(chunks);
  using Copier = PartCopier<Part, Result>;
  Status status = for_each(chunks, num_threads, [&] {
    return [&, encode = make_encode(), part = Part(),
            copier = std::make_unique<Copier>(places, result, late)](size_t chunk) mutable {
      part.clear();
      Status made;
      try {
        made = encode(bounds[chunk], bounds[chunk + 1], part, [&] { copier->step(); });
      } catch (const std::bad_alloc&) {
        made = Status::error(Code::kOutOfMemory, "out of memory");
      }
      copier->put(chunk, part);  // whatever happened: others may wait for its size
      return made;
    };
  });
  if (!status.ok()) return status;
  result.resize(places.begin(chunks));
  return for_each(chunks, num_threads, [&] {
    return [&](size_t chunk) {
      if (places.begin(chunk + 1) > capacity) {
        result.copy(late[chunk], 0, late[chunk].size(), places.begin(chunk));
        result.split(late[chunk], chunk, places.begin(chunk));
      }
      return Status();
    };
  });
}

}  // namespace fastnlp
