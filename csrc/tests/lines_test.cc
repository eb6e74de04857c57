// That lines are those of the reference is tested from Python; here, that no other memory is touched. The texts hold no
// carriage return, so that lines and their ends make the text again.
#include "core/text/lines.h"

#include "check.h"

namespace fastnlp::tests {

void test_lines() {
  Random random(4);
  for (int round = 0; round < 2000; ++round) {
    const Guarded text(random_text(random, 60));
    for (const char delimiter : {'\n', 'a', '\0'}) {
      std::vector<std::string_view> lines;
      split_lines(text.view(), delimiter, lines);
      std::string joined;
      for (const std::string_view line : lines) {
        CHECK(line.find(delimiter) == line.npos);
        (joined += line) += delimiter;
      }
      if (!text.view().ends_with(delimiter) && !joined.empty()) joined.pop_back();
      CHECK(joined == text.view());
    }
  }
}

}  // namespace fastnlp::tests
