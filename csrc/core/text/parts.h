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
#include "core/stream.h"
#include "core/text/rows.h"

namespace fastnlp {

// A Part, which is what the whole result is too, has row_splits, size() and clear(), and
//   static void for_arrays(visit)    calls visit(&Part::array, n) for each other array, which has n entries a value
// Its size() counts values.

template <typename Part>
void reserve(size_t size, Part& part) {
  Part::for_arrays([&](auto array, size_t entries) { (part.*array).reserve(entries * size); });
}

template <typename Part>
void resize(size_t size, Part& part) {
  Part::for_arrays([&](auto array, size_t entries) { (part.*array).resize(entries * size); });
}

// The values that all arrays have memory for.
template <typename Part>
size_t capacity(const Part& part) {
  size_t least = static_cast<size_t>(-1);
  Part::for_arrays([&](auto array, size_t entries) { least = std::min(least, (part.*array).capacity() / entries); });
  return least;
}

// Copies values [from, to) of a part to where they belong in the whole, in which its first is value `begin`.
template <typename Part>
void copy_values(const Part& part, size_t from, size_t to, size_t begin, Part& whole) {
  Part::for_arrays([&](auto array, size_t entries) {
    stream((part.*array).data() + entries * from, entries * (to - from),
           (whole.*array).data() + entries * (begin + from));
  });
}

// Writes the splits behind the rows of a part, of which the first is row `row`.
template <typename Part>
void copy_splits(const Part& part, size_t row, size_t begin, Part& whole) {
  for (size_t i = 0; i < part.row_splits.size(); ++i) {
    whole.row_splits.data()[row + 1 + i] = part.row_splits.data()[i] + static_cast<int64_t>(begin);
  }
}

// Copies the parts that one thread makes to where they belong, as soon as that is known.
template <typename Part>
class PartCopier {
 public:
  PartCopier(Places& places, std::span<const size_t> bounds, Part& whole, std::vector<Part>& late)
      : places_(places), bounds_(bounds), whole_(whole), late_(late) {}
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
    if (has_room(begin)) copy(std::min(copied_ + kValues, part_.size()), begin);
  }

 private:
  bool has_room(size_t begin) const { return begin + part_.size() <= capacity_; }

  void copy(size_t to, size_t begin) {
    copy_values(part_, copied_, to, begin, whole_);
    copied_ = to;
  }

  // Copies all of the last part; where there is no room for it, it has to wait till all threads are done.
  void finish() {
    if (is_empty_) return;
    const size_t begin = places_.begin(chunk_);
    if (has_room(begin)) {
      copy(part_.size(), begin);
      copy_splits(part_, bounds_[chunk_], begin, whole_);
    } else {
      late_[chunk_] = std::move(part_);
      part_ = Part();
    }
    is_empty_ = true;
  }

  Places& places_;
  const std::span<const size_t> bounds_;
  Part& whole_;
  const size_t capacity_ = capacity(whole_);
  std::vector<Part>& late_;
  Part part_;
  size_t chunk_ = 0;
  size_t copied_ = 0;  // values
  bool is_empty_ = true;
};

// Makes `whole` of the parts that encode(begin, end, part, step) makes of the rows of each chunk; it may call step()
// now and then, and returns a Status. Each thread has an `encode` of its own, made by make_encode(). What whole has
// memory for is used as it is. The first error in the order of rows is returned.
template <typename Part, typename MakeEncode>
Status encode_parts(std::span<const size_t> bounds, int num_threads, Part& whole, MakeEncode make_encode) {
  const size_t chunks = bounds.size() - 1;
  const size_t room = capacity(whole);
  Places places(chunks);
  std::vector<Part> late(chunks);
  whole.row_splits.resize(bounds.back() + 1);
  whole.row_splits.data()[0] = 0;
  Status status = for_each(chunks, num_threads, [&] {
    return [&, encode = make_encode(), part = Part(),
            copier = std::make_unique<PartCopier<Part>>(places, bounds, whole, late)](size_t chunk) mutable {
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
  resize(places.begin(chunks), whole);
  if (whole.size() <= room) return status;  // none was late: no threads have to be started for nothing
  return for_each(chunks, num_threads, [&] {
    return [&](size_t chunk) {
      if (places.begin(chunk + 1) > room) {
        copy_values(late[chunk], 0, late[chunk].size(), places.begin(chunk), whole);
        copy_splits(late[chunk], bounds[chunk], places.begin(chunk), whole);
      }
      return Status();
    };
  });
}

}  // namespace fastnlp
