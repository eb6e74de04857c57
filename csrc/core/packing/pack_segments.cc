#include "core/packing/pack_segments.h"

#include <algorithm>

#include "core/packing/row_packer.h"
#include "core/parallel.h"

namespace fastnlp::packing {

Status pack_segments(std::span<const Segment> segments, const Packing& packing, int num_threads,
                     const PackedRows& out) {
  constexpr size_t kTokensPerChunk = 1 << 17;  // which take longer than a thread takes to start
  const size_t rows = segments.front().row_splits.size() - 1;
  const size_t rows_per_chunk = std::max<size_t>(kTokensPerChunk / packing.sequence_length, 1);
  const size_t chunks = (rows + rows_per_chunk - 1) / rows_per_chunk;
  const bool done = parallel_for(chunks, num_threads, [&] {
    return [&, packer = RowPacker(segments.size(), packing, out),
            tokens = std::vector<std::span<const int32_t>>(segments.size())](size_t chunk) mutable {
      const size_t end = std::min(rows, (chunk + 1) * rows_per_chunk);
      for (size_t row = chunk * rows_per_chunk; row < end; ++row) {
        std::ranges::transform(segments, tokens.begin(), [&](const Segment& segment) { return segment[row]; });
        packer.pack(tokens, row);
      }
    };
  });
  return done ? Status{} : Status::error(Code::kOutOfMemory, "out of memory");
}

}  // namespace fastnlp::packing
