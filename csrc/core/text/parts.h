// A result that several threads make in parts, one for each chunk of rows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <mutex>
#include <new>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/parallel.h"
#include "core/status.h"
#include "core/stream.h"
#include "core/text/chunks.h"
#include "core/text/source.h"

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

// What was made of a chunk.
template <typename Part>
struct Made {
  const Chunk* chunk;
  Part part;

  // Copies values [from, to) to where they belong in the whole.
  void copy_values(size_t from, size_t to, Part& whole) const {
    Part::for_arrays([&](auto array, size_t entries) {
      stream((part.*array).data() + entries * from, entries * (to - from),
             (whole.*array).data() + entries * (chunk->place + from));
    });
  }

  // Writes the splits behind the rows of the chunk.
  void copy_splits(Part& whole) const {
    for (size_t i = 0; i < part.row_splits.size(); ++i) {
      whole.row_splits.data()[chunk->begin + 1 + i] = part.row_splits.data()[i] + static_cast<int64_t>(chunk->place);
    }
  }
};

// The parts that the whole has no room for: they have to wait till all threads are done.
template <typename Part>
class LateParts {
 public:
  void add(Made<Part>&& made) {
    const std::lock_guard lock(mutex_);
    parts_.push_back(std::move(made));
  }

  bool copy(int num_threads, Part& whole) const {
    return parallel_for(parts_.size(), num_threads, [&] {
      return [&](size_t i) {
        parts_[i].copy_values(0, parts_[i].part.size(), whole);
        parts_[i].copy_splits(whole);
      };
    });
  }

 private:
  std::mutex mutex_;
  std::vector<Made<Part>> parts_;
};

// Copies the parts that one thread makes to where they belong, as soon as that is known.
template <typename Part>
class PartCopier {
 public:
  PartCopier(Chunks& chunks, Part& whole, LateParts<Part>& late) : chunks_(chunks), whole_(whole), late_(late) {}

  // Takes the part of a chunk, and leaves one there whose memory may serve again. While chunks have no places, parts
  // are kept.
  void put(Chunk& chunk, Part& part) {
    chunks_.set_size(chunk, part.size());
    if (chunks_.is_open()) finish();
    made_.push_back({&chunk, std::exchange(part, std::exchange(spare_, Part()))});
  }

  // Copies a little of the first part: memory takes that while the thread works on.
  void step() {
    constexpr size_t kValues = 2048;
    if (made_.empty() || !made_.front().chunk->has_place()) return;
    if (chunks_.is_stopped()) return;  // which gives places too, while the whole may still be prepared
    if (has_room()) copy(std::min(copied_ + kValues, made_.front().part.size()));
  }

  // Copies all parts, once their places are known.
  void finish() {
    for (; !made_.empty(); made_.pop_front()) {
      Made<Part>& made = made_.front();
      made.chunk->wait_for_place();
      if (chunks_.is_stopped()) {
        // Nothing will come of it.
      } else if (has_room()) {
        copy(made.part.size());
        made.copy_splits(whole_);
        std::swap(made.part, spare_);
      } else {
        late_.add(std::move(made));
      }
      copied_ = 0;
    }
  }

 private:
  bool has_room() const { return made_.front().chunk->place + made_.front().part.size() <= capacity(whole_); }

  void copy(size_t to) {
    made_.front().copy_values(copied_, to, whole_);
    copied_ = to;
  }

  Chunks& chunks_;
  Part& whole_;
  LateParts<Part>& late_;
  std::deque<Made<Part>> made_;
  Part spare_;
  size_t copied_ = 0;  // values of the first part
};

// Makes a whole of the parts that encode(begin, end, part, step) makes of the rows of each chunk; it may call step()
// now and then, and returns a Status. Each thread has an `encode` of its own, made by make_encode().
template <typename Part, typename MakeEncode>
class PartMaker {
 public:
  PartMaker(Chunks& chunks, Part& whole, MakeEncode make_encode)
      : chunks_(chunks), whole_(whole), make_encode_(make_encode) {}

  // What all threads do: makes parts, and calls rest() between them. What the whole has memory for, when chunks get
  // places, is used as it is.
  template <typename Rest>
  void work(Rest rest) {
    try {
      auto encode = make_encode_();
      PartCopier<Part> copier(chunks_, whole_, late_);
      Part part;
      while (Chunk* const chunk = chunks_.take()) {
        part.clear();
        Status status;
        try {
          status = encode(chunk->begin, chunk->end, part, [&] { copier.step(); });
        } catch (const std::bad_alloc&) {
          status = Status::error(Code::kOutOfMemory, "out of memory");
        }
        if (!status.ok()) chunks_.stop(std::move(status), chunk->begin);
        copier.put(*chunk, part);  // whatever happened: others may wait for its size
        rest();
      }
      copier.finish();
    } catch (const std::bad_alloc&) {
      chunks_.stop(Status::error(Code::kOutOfMemory, "out of memory"));
    }
  }

  // Does what is left when all threads are done. The first error in the order of rows is returned.
  Status finish(int num_threads) {
    if (!chunks_.status().ok()) return chunks_.status();
    resize(chunks_.size(), whole_);
    return late_.copy(num_threads, whole_) ? Status() : Status::error(Code::kOutOfMemory, "out of memory");
  }

 private:
  Chunks& chunks_;
  Part& whole_;
  const MakeEncode make_encode_;
  LateParts<Part> late_;
};

template <typename Part>
void start_rows(size_t rows, Part& whole) {
  whole.row_splits.resize(rows + 1);
  whole.row_splits.data()[0] = 0;
}

// Parts of rows between bounds that are known.
template <typename Part, typename MakeEncode>
Status encode_parts(std::vector<size_t> bounds, int num_threads, Part& whole, MakeEncode make_encode) {
  const size_t count = bounds.size() - 1;
  start_rows(bounds.back(), whole);
  KnownChunks chunks(std::move(bounds));
  PartMaker<Part, MakeEncode> maker(chunks, whole, make_encode);
  chunks.open();
  run_on_threads(std::min(count, static_cast<size_t>(num_threads)), [&] { maker.work([] {}); });
  return maker.finish(num_threads);
}

// Parts of texts, of which some may still be read; encode(texts, first_row, part, step) gets those of a chunk. Other
// threads begin as soon as there is enough for them, and go on while the caller's lets go of texts.
template <typename Part, typename MakeEncode>
Status encode_texts(TextSource& source, int num_threads, size_t bytes_per_value, Part& whole, MakeEncode make_encode) {
  constexpr size_t kEnough = TextChunks::kMost;
  whole.clear();
  TextSource::Read read = source.read(num_threads > 1 ? kEnough : TextSource::kAll);
  if (read.is_all && (num_threads <= 1 || read.bytes + read.texts.size() < kEnough)) {
    whole.row_splits.reserve(read.texts.size() + 1);
    whole.row_splits.push_back(0);
    reserve(read.bytes / bytes_per_value, whole);  // memory that is not written costs nothing
    return make_encode()(read.texts, 0, whole, [] {});
  }
  const std::string_view* const texts = read.texts.data();
  const auto make_encode_rows = [&] {
    return [&, encode = make_encode()](size_t begin, size_t end, Part& part, auto step) mutable {
      return encode({texts + begin, end - begin}, begin, part, step);
    };
  };
  TextChunks chunks(num_threads);
  PartMaker<Part, decltype(make_encode_rows)> maker(chunks, whole, make_encode_rows);
  {
    Threads threads([&] { maker.work([] {}); });
    try {
      for (;; read = source.read(kEnough)) {
        chunks.add(read.texts, read.bytes, read.is_all);
        threads.start(std::min(static_cast<size_t>(num_threads) - 1, (read.bytes + read.texts.size()) / kEnough));
        if (read.is_all) break;
      }
      start_rows(read.texts.size(), whole);
      reserve(read.bytes / bytes_per_value, whole);
    } catch (...) {
      chunks.stop();
      throw;
    }
    chunks.open();
    size_t let_go_at = chunks.left() / 2;
    maker.work([&] {
      if (chunks.left() > let_go_at) return;
      source.let_go(chunks.rows_done());
      let_go_at = let_go_at > kEnough ? let_go_at / 2 : 0;  // the others have as much to do as there is to let go
    });
  }
  return maker.finish(num_threads);
}

}  // namespace fastnlp
