#include "core/text/utf8.h"

#include "check.h"
#include "core/cpu.h"

namespace fastnlp::tests {
namespace {

void check_every_code_point() {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    std::string bytes;
    utf8::append(c, bytes);
    const Guarded text(bytes);
    const char* const p = text.view().data();
    const utf8::Decoded decoded = utf8::decode(p, p + bytes.size());
    const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    CHECK(decoded.valid == !surrogate);
    if (surrogate) continue;
    CHECK(decoded.code_point == c && decoded.size == bytes.size());
    CHECK(utf8::decode_valid(p).code_point == c && utf8::decode_valid(p).size == bytes.size());
    CHECK(utf8::is_ascii(text.view()) == (c < 0x80));
    for (size_t size = 1; size < bytes.size(); ++size) {
      const Guarded cut(bytes.substr(0, size));
      const char* const start = cut.view().data();
      const utf8::Decoded part = utf8::decode(start, start + size);
      CHECK(!part.valid && part.size == size);  // a maximal ill-formed subsequence
    }
  }
}

// The first invalid byte of long texts with a wrong byte here or there, on every target.
void check_first_invalid() {
  Random random(6);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes;
    while (bytes.size() < below(random, 200)) {
      std::string part;
      utf8::append_repaired(random_text(random, below(random, 2) ? 3 : 30), part);
      bytes += part + std::string(below(random, 40), 'a');
    }
    for (size_t left = below(random, 3); left > 0 && !bytes.empty(); --left) {
      bytes[below(random, bytes.size())] = static_cast<char>(below(random, 256));
    }
    if (below(random, 4) == 0) bytes.resize(below(random, bytes.size() + 1));
    const Guarded text(bytes);
    const char* const end = text.view().data() + bytes.size();
    const char* p = text.view().data();
    while (p < end && utf8::decode(p, end).valid) p += utf8::decode(p, end).size;
    for (const Target target : available_targets()) {
      use_target(target);
      CHECK(utf8::first_invalid(text.view()) == static_cast<size_t>(p - text.view().data()));
    }
    use_target(available_targets().front());
  }
}

}  // namespace

void test_utf8() {
  check_every_code_point();
  check_first_invalid();
  Random random(1);
  for (int round = 0; round < 20000; ++round) {
    const Guarded text(random_text(random, 12));
    std::string repaired, again;
    utf8::append_repaired(text.view(), repaired);
    CHECK(utf8::first_invalid(repaired) == repaired.size());
    utf8::append_repaired(repaired, again);
    CHECK(again == repaired);
    const size_t valid = utf8::first_invalid(text.view());
    CHECK((valid == text.view().size()) == (repaired == text.view()));
    CHECK(repaired.substr(0, valid) == text.view().substr(0, valid));
  }
}

}  // namespace fastnlp::tests
