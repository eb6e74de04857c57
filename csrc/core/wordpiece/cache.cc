#include "core/wordpiece/cache.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace fastnlp::wordpiece {

void PieceCache::Free::operator()(void* memory) const { std::free(memory); }

PieceCache::PieceCache() {
  constexpr size_t kHugePage = size_t{1} << 21;
  void* const memory = std::aligned_alloc(kHugePage, kLines * sizeof(Line));
  if (memory == nullptr) throw std::bad_alloc();
#if defined(__linux__)
  madvise(memory, kLines * sizeof(Line), MADV_HUGEPAGE);  // a look-up should not miss in the TLB too
#endif
  lines_.reset(static_cast<Line*>(memory));
  std::memset(memory, 0, kLines * sizeof(Line));
}

void PieceCache::Line::insert(const PieceKey& key, const int32_t* ids, size_t count) {
  entries[1] = entries[0];
  entries[0].key = key;
  entries[0].ids.fill(kNoId);
  std::copy_n(ids, count, entries[0].ids.begin());
}

}  // namespace fastnlp::wordpiece
