#include "bindings/count_words.h"

#include <pybind11/numpy.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bindings/arrays.h"
#include "bindings/results.h"
#include "bindings/texts.h"
#include "core/wordpiece/count_words.h"
#include "core/wordpiece/word_table.h"

namespace py = pybind11;

namespace fastnlp {
namespace {

using wordpiece::WordCounter;
using wordpiece::WordTable;

// Words one behind the other in an array of bytes; word i is bytes[splits[i]] up to bytes[splits[i + 1]].
class FlatWords {
 public:
  FlatWords(const Array<uint8_t>& bytes, const Array<int64_t>& splits)
      : bytes_(reinterpret_cast<const char*>(bytes.data())),
        splits_(splits.data()),
        size_(splits.size() > 0 ? static_cast<size_t>(splits.size()) - 1 : 0) {
    int64_t end = 0;
    for (size_t i = 0; i <= size_ && splits.size() > 0; ++i) {
      if (splits_[i] < end || splits_[i] > bytes.size()) throw py::value_error("`splits` must rise within `bytes`.");
      end = splits_[i];
    }
  }

  size_t size() const { return size_; }
  std::string_view operator[](size_t i) const {
    return {bytes_ + splits_[i], static_cast<size_t>(splits_[i + 1] - splits_[i])};
  }

  // Raises where another array has not as many items as there are words.
  void check_size(const Array<int64_t>& array) const {
    if (static_cast<size_t>(array.size()) != size_) throw py::value_error("there must be as many items as words.");
  }

 private:
  const char* bytes_;
  const int64_t* splits_;
  size_t size_;
};

py::array_t<uint8_t> to_bytes(Buffer<char>& buffer) { return to_numpy(buffer).view("uint8"); }

std::unique_ptr<WordCounter> make_counter(bool bert, bool lowercase, bool strip_accents, bool split,
                                          bool split_on_cjk) {
  return std::make_unique<WordCounter>(
      TextRules{bert ? Rules::kBert : Rules::kKeras, lowercase, strip_accents, split, split_on_cjk, {}});
}

void add_texts(WordCounter& counter, Texts& texts, int num_threads, bool strict) {
  const auto views = texts.views();
  Status status;
  {
    const py::gil_scoped_release release;
    status = counter.add(views, num_threads, strict);
  }
  if (!status.ok()) raise(status);
}

py::tuple take_counts(WordCounter& counter) {
  wordpiece::CountedWords words;
  Status status;
  {
    const py::gil_scoped_release release;
    status = counter.take(words);
  }
  if (!status.ok()) raise(status);
  return py::make_tuple(to_bytes(words.bytes), to_numpy(words.splits), to_numpy(words.counts), words.replaced);
}

void add_words(WordTable& table, const Array<uint8_t>& bytes, const Array<int64_t>& splits,
               const Array<int64_t>& counts, const Array<int64_t>& firsts) {
  const FlatWords words(bytes, splits);
  words.check_size(counts);
  words.check_size(firsts);
  const py::gil_scoped_release release;
  for (size_t i = 0; i < words.size(); ++i) table.add(words[i], counts.data()[i], firsts.data()[i]);
}

py::tuple take_table(WordTable& table) {
  const py::tuple taken = py::make_tuple(to_bytes(table.bytes()), to_numpy(table.splits()), to_numpy(table.counts()),
                                         to_numpy(table.firsts()));
  table = WordTable();
  return taken;
}

py::array_t<uint16_t> partition_words(const Array<uint8_t>& bytes, const Array<int64_t>& splits, int log2_partitions) {
  constexpr uint64_t kFactor = 0xD6E8FEB86659FD93u;
  const FlatWords words(bytes, splits);
  Buffer<uint16_t> numbers;
  numbers.resize(words.size());
  for (size_t i = 0; i < words.size(); ++i) {
    // Hashed once more: the words of one partition must not lie side by side in a WordTable.
    const uint64_t hash = wordpiece::hash_word(words[i]) * kFactor;
    numbers.data()[i] = static_cast<uint16_t>(hash >> (64 - log2_partitions));
  }
  return to_numpy(numbers);
}

py::tuple take_words(const Array<uint8_t>& bytes, const Array<int64_t>& splits, const Array<int64_t>& indices) {
  const FlatWords words(bytes, splits);
  Buffer<char> taken;
  Buffer<int64_t> ends;
  ends.push_back(0);
  for (py::ssize_t i = 0; i < indices.size(); ++i) {
    const int64_t index = indices.data()[i];
    if (index < 0 || static_cast<size_t>(index) >= words.size()) throw py::index_error("`indices` must be of words.");
    const std::string_view word = words[static_cast<size_t>(index)];
    taken.append(word.data(), word.size());
    ends.push_back(static_cast<int64_t>(taken.size()));
  }
  return py::make_tuple(to_bytes(taken), to_numpy(ends));
}

py::dict to_dict(const Array<uint8_t>& bytes, const Array<int64_t>& splits, const Array<int64_t>& counts) {
  const FlatWords words(bytes, splits);
  words.check_size(counts);
  py::dict dict;
  for (size_t i = 0; i < words.size(); ++i) {
    const auto word = py::reinterpret_steal<py::object>(to_str(words[i]));
    if (!word) throw py::error_already_set();
    dict[word] = py::int_(counts.data()[i]);
  }
  return dict;
}

}  // namespace

void register_count_words(py::module_& module) {
  py::class_<WordCounter>(module, "WordCounter", "Counts the words of one batch of texts after another.")
      .def(py::init(&make_counter), py::arg("bert"), py::arg("lowercase"), py::arg("strip_accents"), py::arg("split"),
           py::arg("split_on_cjk"))
      .def("add", &add_texts, py::arg("texts"), py::arg("num_threads"), py::arg("strict"),
           "Counts the words of all texts.")
      .def("memory", &WordCounter::memory, "What the counts take, in bytes.")
      .def(
          "take", &take_counts,
          "The words in the order in which they first came: their bytes, uint8, splits and counts, int64; and how many "
          "ill-formed sequences U+FFFD stands for. The counter begins anew.");
  py::class_<WordTable>(module, "WordTable", "Adds up the counts of equal words.")
      .def(py::init())
      .def("__len__", &WordTable::size)
      .def("add", &add_words, py::arg("bytes"), py::arg("splits"), py::arg("counts"), py::arg("firsts"),
           "Adds words; those that are new keep the numbers in `firsts`.")
      .def("take", &take_table,
           "The words in the order in which they were added first: bytes, splits, counts and firsts. The table begins "
           "anew.");
  module.def(
      "partition_words", &partition_words, py::arg("bytes"), py::arg("splits"), py::arg("log2_partitions"),
      "A number below 2**log2_partitions for each word, uint16: the same for equal words, else as if at random.");
  module.def("take_words", &take_words, py::arg("bytes"), py::arg("splits"), py::arg("indices"),
             "Bytes and splits of some words.");
  module.def("word_counts_to_dict", &to_dict, py::arg("bytes"), py::arg("splits"), py::arg("counts"),
             "A dict from words to counts.");
}

}  // namespace fastnlp
