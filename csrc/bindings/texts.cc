#include "bindings/texts.h"

#include <pybind11/numpy.h>

#include <algorithm>
#include <string>
#include <utility>

#include "bindings/arrow.h"
#include "core/text/lines.h"
#include "core/text/rows.h"
#include "core/text/utf8.h"

namespace py = pybind11;

namespace fastnlp {

// Reads columns of strings that came through the Arrow PyCapsule protocol.
class ArrowTexts {
 public:
  ArrowTexts(const ArrowSchema& schema, Texts& texts) : schema_(schema), texts_(texts) {}

  // Adds every text of one array, and takes the array over.
  void add(ArrowArray& array) {
    const std::shared_ptr<ArrowArray> owned(new ArrowArray(array), [](ArrowArray* kept) {
      if (kept->release != nullptr) kept->release(kept);
      delete kept;
    });
    array.release = nullptr;
    if (schema_.dictionary == nullptr) {
      add_values(schema_.format, *owned, texts_.views_);
    } else {
      add_dictionary(*owned);
    }
    texts_.resources_.push_back(owned);
  }

 private:
  void add_dictionary(const ArrowArray& array) {
    std::vector<std::string_view> values;
    add_values(schema_.dictionary->format, *array.dictionary, values);
    for (int64_t i = 0; i < array.length; ++i) {
      check_not_null(array, i, texts_.views_.size());
      const int64_t index = dictionary_index(array.buffers[1], array.offset + i);
      if (index < 0 || static_cast<size_t>(index) >= values.size()) {
        throw py::value_error("`texts` holds an Arrow dictionary index that is out of range.");
      }
      texts_.views_.push_back(values[static_cast<size_t>(index)]);
    }
  }

  int64_t dictionary_index(const void* indices, int64_t i) const {
    switch (schema_.format[0]) {
      case 'c': return static_cast<const int8_t*>(indices)[i];
      case 'C': return static_cast<const uint8_t*>(indices)[i];
      case 's': return static_cast<const int16_t*>(indices)[i];
      case 'S': return static_cast<const uint16_t*>(indices)[i];
      case 'i': return static_cast<const int32_t*>(indices)[i];
      case 'I': return static_cast<const uint32_t*>(indices)[i];
      default: return static_cast<const int64_t*>(indices)[i];
    }
  }

  static void add_values(std::string_view format, const ArrowArray& array, std::vector<std::string_view>& out) {
    out.reserve(out.size() + static_cast<size_t>(array.length));
    if (format == "u" || format == "z") {
      add_flat<int32_t>(array, out);
    } else if (format == "U" || format == "Z") {
      add_flat<int64_t>(array, out);
    } else if (format == "vu" || format == "vz") {
      add_string_views(array, out);
    } else if (format == "n") {  // the type of an empty column whose producer looks at values only
      if (array.length > 0) throw_null(out.size());
    } else {
      throw py::type_error("`texts` must be an Arrow column of strings; received the Arrow type with format '" +
                           std::string(format) + "'.");
    }
  }

  template <typename Offset>
  static void add_flat(const ArrowArray& array, std::vector<std::string_view>& out) {
    const auto* offsets = static_cast<const Offset*>(array.buffers[1]) + array.offset;
    const char* bytes = static_cast<const char*>(array.buffers[2]);
    for (int64_t i = 0; i < array.length; ++i) {
      check_not_null(array, i, out.size());
      out.emplace_back(bytes + offsets[i], static_cast<size_t>(offsets[i + 1] - offsets[i]));
    }
  }

  // "Binary view": 16 bytes an element; up to 12 bytes of text stand in it, longer text in one of several buffers.
  static void add_string_views(const ArrowArray& array, std::vector<std::string_view>& out) {
    struct Element {
      int32_t size;
      char prefix[4];
      int32_t buffer;
      int32_t offset;
    };
    static_assert(sizeof(Element) == 16);
    const auto* elements = static_cast<const Element*>(array.buffers[1]) + array.offset;
    for (int64_t i = 0; i < array.length; ++i) {
      check_not_null(array, i, out.size());
      const Element& element = elements[i];
      const char* bytes = element.size <= 12
                              ? element.prefix
                              : static_cast<const char*>(array.buffers[2 + element.buffer]) + element.offset;
      out.emplace_back(bytes, static_cast<size_t>(element.size));
    }
  }

  static void check_not_null(const ArrowArray& array, int64_t i, size_t row) {
    const auto* validity = static_cast<const uint8_t*>(array.buffers[0]);
    if (array.null_count == 0 || validity == nullptr) return;
    const int64_t bit = array.offset + i;
    if ((validity[bit / 8] >> (bit % 8) & 1) == 0) throw_null(row);
  }

  [[noreturn]] static void throw_null(size_t row) {
    throw py::type_error("`texts` must hold text; row " + std::to_string(row) + " of the Arrow column is null.");
  }

  const ArrowSchema& schema_;
  Texts& texts_;
};

namespace {

template <typename T>
T& capsule_pointer(const py::object& capsule, const char* name) {
  auto* pointer = static_cast<T*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (pointer == nullptr) throw py::error_already_set();
  return *pointer;
}

// What a producer filled in, released at the end of the scope.
template <typename T>
struct Released : T {
  Released() : T{} {}
  Released(const Released&) = delete;
  Released& operator=(const Released&) = delete;
  ~Released() {
    if (this->release != nullptr) this->release(this);
  }
};

[[noreturn]] void fail(ArrowArrayStream& stream) {
  const char* message = stream.get_last_error(&stream);
  throw py::value_error(std::string("`texts`: the Arrow stream failed: ") + (message ? message : "no reason given"));
}

constexpr size_t kAhead = 24;  // items of a list that are asked for: memory serves many at once

// UTF-8 of code points that may be anything 32 bits hold: surrogates as Python's "surrogatepass" writes them.
void append_utf32(const char32_t* code_points, size_t size, std::string& out) {
  for (size_t i = 0; i < size; ++i) {
    utf8::append(code_points[i] > 0x10FFFF ? utf8::kReplacement : code_points[i], out);
  }
}

}  // namespace

Texts::~Texts() { let_go(held_.size()); }

Texts::Texts(const py::object& source) {
  if (PyList_Check(source.ptr()) || PyTuple_Check(source.ptr())) {
    sequence_ = source;
  } else if (py::isinstance<py::array>(source)) {
    add_numpy(source);
  } else {
    add_arrow(source);
  }
}

Texts::Texts(const py::buffer& buffer, char delimiter) {
  const py::buffer_info info = buffer.request();
  const std::string_view text(static_cast<const char*>(info.ptr), static_cast<size_t>(info.size));
  objects_.push_back(buffer);
  const py::gil_scoped_release release;
  split_lines(text, delimiter, views_);
}

TextSource::Read Texts::read(size_t bytes) {
  if (!sequence_) return {views_, count_bytes(views_), true};
#ifdef Py_GIL_DISABLED
  // Another thread may change a list at any time, a tuple nobody.
  if (PyList_Check(sequence_.ptr())) {
    sequence_ = py::reinterpret_steal<py::object>(PySequence_Tuple(sequence_.ptr()));
    if (!sequence_) throw py::error_already_set();
  }
#endif
  PyObject** items;
  size_t count;
  const auto look = [&] {  // at a list that may have changed
    items = PySequence_Fast_ITEMS(sequence_.ptr());
    count = std::min(static_cast<size_t>(PySequence_Fast_GET_SIZE(sequence_.ptr())), most_);
  };
  look();
  const bool hold = PyList_Check(sequence_.ptr());
  most_ = count;
  views_.reserve(count);  // they stay where they are
  if (hold) held_.reserve(count);
  const size_t enough = bytes < kAll - bytes_ ? bytes_ + bytes : kAll;
  while (views_.size() < count && bytes_ < enough) {
    const size_t row = views_.size();
    if (row + kAhead < count) __builtin_prefetch(items[row + kAhead], 1);
    if (hold) held_.push_back(Py_NewRef(items[row]));
    if (add_item(items[row], static_cast<Py_ssize_t>(row))) look();
    bytes_ += views_[row].size();
  }
  if (views_.size() < count) return {views_, bytes_, false};
  objects_.push_back(std::exchange(sequence_, py::object()));
  return {views_, bytes_, true};
}

// To count references reads every item.
void Texts::let_go(size_t row) {
  while (let_go_ < std::min(row, held_.size())) {
    if (let_go_ + kAhead < held_.size()) __builtin_prefetch(held_[let_go_ + kAhead], 1);
    Py_DECREF(held_[let_go_++]);  // which may run any code
  }
}

// Returns whether other code may have run.
bool Texts::add_item(PyObject* item, Py_ssize_t i) {
  bool may_have_run = false;
  if (PyUnicode_Check(item)) {
    if (PyUnicode_IS_COMPACT_ASCII(item)) {  // its own bytes are UTF-8
      views_.emplace_back(static_cast<const char*>(PyUnicode_DATA(item)),
                          static_cast<size_t>(PyUnicode_GET_LENGTH(item)));
      return false;
    }
    Py_ssize_t size = 0;
    const char* bytes = PyUnicode_AsUTF8AndSize(item, &size);
    if (bytes == nullptr) {  // a lone surrogate
      PyErr_Clear();
      may_have_run = true;  // an error was made, and garbage collected perhaps
      auto encoded = py::reinterpret_steal<py::object>(PyUnicode_AsEncodedString(item, "utf-8", "surrogatepass"));
      if (!encoded) throw py::error_already_set();
      bytes = PyBytes_AS_STRING(encoded.ptr());
      size = PyBytes_GET_SIZE(encoded.ptr());
      objects_.push_back(std::move(encoded));
    }
    views_.emplace_back(bytes, static_cast<size_t>(size));
  } else if (PyBytes_Check(item)) {
    views_.emplace_back(PyBytes_AS_STRING(item), static_cast<size_t>(PyBytes_GET_SIZE(item)));
  } else {
    const py::str message = py::str("`texts` must hold str or bytes; text {} is {}: {!r:.100}.")
                                .format(i, py::type::of(item).attr("__name__"), py::handle(item));
    throw py::type_error(std::string(message));
  }
  return may_have_run;
}

void Texts::add_numpy(const py::object& source) {
  const auto array = py::reinterpret_borrow<py::array>(source);
  const char kind = array.dtype().kind();
  const auto rows = static_cast<size_t>(array.size());
  const auto item_size = static_cast<size_t>(array.itemsize());
  const char* const bytes = static_cast<const char*>(array.data());
  views_.reserve(rows);
  if (kind == 'T') {
    add_numpy_strings(source, *this);
  } else if (kind == 'S') {
    for (size_t row = 0; row < rows; ++row) {
      std::string_view text(bytes + row * item_size, item_size);
      views_.push_back(text.substr(0, text.find_last_not_of('\0') + 1));
    }
    objects_.push_back(source);
  } else if (kind == 'U') {
    const auto utf8 = std::make_shared<std::string>();
    std::vector<size_t> ends;
    ends.reserve(rows);
    const size_t width = item_size / sizeof(char32_t);
    for (size_t row = 0; row < rows; ++row) {
      const auto* code_points = reinterpret_cast<const char32_t*>(bytes + row * item_size);
      size_t size = width;
      while (size > 0 && code_points[size - 1] == 0) --size;
      append_utf32(code_points, size, *utf8);
      ends.push_back(utf8->size());
    }
    size_t begin = 0;
    for (const size_t end : ends) {
      views_.emplace_back(utf8->data() + begin, end - begin);
      begin = end;
    }
    resources_.push_back(utf8);
  } else {
    throw py::type_error(std::string("`texts` must be an array of dtype S, U or StringDType here; received kind '") +
                         kind + "'.");
  }
}

void Texts::add_arrow(const py::object& column) {
  if (py::hasattr(column, "__arrow_c_stream__")) {
    const py::object capsule = column.attr("__arrow_c_stream__")();
    auto& stream = capsule_pointer<ArrowArrayStream>(capsule, "arrow_array_stream");
    Released<ArrowSchema> schema;
    if (stream.get_schema(&stream, &schema) != 0) fail(stream);
    ArrowTexts texts(schema, *this);
    for (;;) {
      Released<ArrowArray> array;
      if (stream.get_next(&stream, &array) != 0) fail(stream);
      if (array.release == nullptr) return;
      texts.add(array);
    }
  }
  const py::tuple capsules = column.attr("__arrow_c_array__")();
  auto& schema = capsule_pointer<ArrowSchema>(capsules[0], "arrow_schema");
  ArrowTexts(schema, *this).add(capsule_pointer<ArrowArray>(capsules[1], "arrow_array"));
}

void register_texts(py::module_& module) {
  py::class_<Texts>(module, "Texts", "Views of the texts of one container; see fastnlp.ops.texts.")
      .def(py::init<const py::object&>(), py::arg("source"))
      .def(py::init<const py::buffer&, char>(), py::arg("buffer"), py::arg("delimiter"))
      .def("__len__", [](Texts& self) { return self.views().size(); })
      .def(
          "tolist",
          [](Texts& self) {
            py::list items;
            for (const std::string_view text : self.views()) items.append(py::bytes(text.data(), text.size()));
            return items;
          },
          "The texts as bytes, one by one.");
}

}  // namespace fastnlp
