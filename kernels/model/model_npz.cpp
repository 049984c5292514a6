// NumPy's .npz: a zip archive of arrays in the .npy format, version 1.0
// (numpy.lib.format).

#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include <fmt/format.h>
#include <zip.h>

#include "kernels/data/data_error.hpp"
#include "kernels/model/model_formats.hpp"

namespace sounder::kernels::formats {

namespace {

static_assert(std::endian::native == std::endian::little,
              "the arrays are written as they are in memory");

constexpr std::string_view magic("\x93NUMPY\x01\x00", 8);
constexpr std::int64_t format_version = 1;

struct close_archive {
  void operator()(zip_t* archive) const noexcept { zip_discard(archive); }
};
using archive_handle = std::unique_ptr<zip_t, close_archive>;

struct free_source {
  void operator()(zip_source_t* source) const noexcept {
    zip_source_free(source);
  }
};
using source_handle = std::unique_ptr<zip_source_t, free_source>;

// ---- one array

template <class T>
constexpr std::string_view type_of();
template <>
constexpr std::string_view type_of<float>() {
  return "<f4";
}
template <>
constexpr std::string_view type_of<double>() {
  return "<f8";
}
template <>
constexpr std::string_view type_of<std::int64_t>() {
  return "<i8";
}

std::string npy(std::string_view type, std::string_view shape,
                std::string_view bytes) {
  std::string head =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                  type, shape);
  const std::size_t before = magic.size() + 2;
  head.append(63 - (before + head.size()) % 64, ' ');
  head += '\n';
  std::string array(magic);
  array += static_cast<char>(head.size() & 0xFFU);
  array += static_cast<char>(head.size() >> 8U);
  array += head;
  return array.append(bytes);
}

template <class T>
std::string npy(std::span<const T> values, std::string_view shape) {
  return npy(
      type_of<T>(), shape,
      {reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

/// A string as NumPy has it: four bytes a character.
std::string npy(std::string_view text) {
  std::u32string wide(text.begin(), text.end());
  return npy(fmt::format("<U{}", text.size()), "",
             {reinterpret_cast<const char*>(wide.data()),
              wide.size() * sizeof(char32_t)});
}

struct array {
  std::string type;
  std::vector<std::size_t> shape;
  std::string bytes;
};

/// The text between the quotes or parentheses that follow `key`.
std::string_view value_of(std::string_view head, std::string_view key,
                          std::string_view open, char close) {
  std::size_t first = head.find(key);
  first = first == head.npos ? first : head.find(open, first + key.size());
  const std::size_t last =
      first == head.npos ? first : head.find(close, first + 1);
  return last == head.npos ? std::string_view()
                           : head.substr(first + 1, last - first - 1);
}

// ---- reading an archive

class npz_reader {
 public:
  npz_reader(std::string_view content, const std::string& name) : name_(name) {
    zip_error_t error;
    zip_error_init(&error);
    source_handle source(
        zip_source_buffer_create(content.data(), content.size(), 0, &error));
    archive_.reset(source
                       ? zip_open_from_source(source.get(), ZIP_RDONLY, &error)
                       : nullptr);
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    if (!archive_) {
      fail(reason);
    }
    static_cast<void>(source.release());  // the archive owns it now
  }

  template <class T>
  std::vector<T> numbers(const char* key,
                         std::vector<std::size_t>* shape = nullptr) const {
    const array found = read(key);
    if (found.type != type_of<T>()) {
      fail(fmt::format("array '{}' has type {}, not {}", key, found.type,
                       type_of<T>()));
    }
    std::vector<T> values(found.bytes.size() / sizeof(T));
    if (!values.empty()) {
      std::memcpy(values.data(), found.bytes.data(), values.size() * sizeof(T));
    }
    check_count(found, key, values.size());
    if (shape != nullptr) {
      *shape = found.shape;
    }
    return values;
  }

  template <class T>
  T number(const char* key) const {
    const std::vector<T> values = numbers<T>(key);
    if (values.size() != 1) {
      fail(fmt::format("array '{}' is not a single value", key));
    }
    return values[0];
  }

  std::string text(const char* key) const {
    const array found = read(key);
    if (!found.type.starts_with("<U") || !found.shape.empty()) {
      fail(fmt::format("array '{}' is not a string", key));
    }
    std::string narrow;
    for (std::size_t i = 0; i < found.bytes.size(); i += sizeof(char32_t)) {
      narrow += found.bytes[i];
    }
    return narrow;
  }

  [[noreturn]] void fail(const std::string& problem) const {
    throw data_error(name_, problem +
                                "; an .npz as `sounder train --save` writes "
                                "it was expected");
  }

 private:
  std::string content_of(const char* key) const {
    const std::string entry = std::string(key) + ".npy";
    zip_stat_t about;
    if (zip_stat(archive_.get(), entry.c_str(), 0, &about) != 0 ||
        (about.valid & ZIP_STAT_SIZE) == 0) {
      fail(fmt::format("array '{}' is missing", key));
    }
    const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(
        zip_fopen(archive_.get(), entry.c_str(), 0), zip_fclose);
    if (!file) {
      fail(zip_strerror(archive_.get()));
    }
    // Piecewise: the size is the file's word, the memory ours.
    std::string content;
    std::vector<char> piece(1U << 20U);
    for (;;) {
      const auto got = zip_fread(file.get(), piece.data(), piece.size());
      if (got < 0) {
        fail(fmt::format("array '{}' is damaged: {}", key,
                         zip_file_strerror(file.get())));
      }
      if (got == 0) {
        break;
      }
      content.append(piece.data(), static_cast<std::size_t>(got));
    }
    if (content.size() != about.size) {
      fail(fmt::format("array '{}' is cut off", key));
    }
    return content;
  }

  array read(const char* key) const {
    const std::string content = content_of(key);
    const auto byte = [&](std::size_t at) {
      return static_cast<std::size_t>(static_cast<unsigned char>(content[at]));
    };
    constexpr std::size_t before = magic.size() + 2;
    if (content.size() < before || !content.starts_with(magic) ||
        content.size() < before + byte(8) + 256 * byte(9)) {
      fail(fmt::format("array '{}' is not in NumPy's format 1.0", key));
    }
    const std::size_t head_size = byte(8) + 256 * byte(9);
    const std::string_view head =
        std::string_view(content).substr(before, head_size);
    if (head.find("'fortran_order': False") == head.npos) {
      fail(fmt::format("array '{}' is not in C order", key));
    }
    array found;
    found.type = value_of(head, "'descr':", "'", '\'');
    found.shape = shape_of(value_of(head, "'shape':", "(", ')'));
    found.bytes = content.substr(before + head_size);
    return found;
  }

  static std::vector<std::size_t> shape_of(std::string_view text) {
    std::vector<std::size_t> shape;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
      std::size_t extent = 0;
      const auto [next, problem] = std::from_chars(at, end, extent);
      if (problem == std::errc()) {
        shape.push_back(extent);
        at = next;
      } else {
        ++at;
      }
    }
    return shape;
  }

  void check_count(const array& found, const char* key,
                   std::size_t values) const {
    std::size_t expected = 1;
    for (const std::size_t extent : found.shape) {
      if (__builtin_mul_overflow(expected, extent, &expected)) {
        fail(fmt::format("the shape of array '{}' is impossible", key));
      }
    }
    if (expected != values) {
      fail(fmt::format("array '{}' has {} values for a shape of {}", key,
                       values, expected));
    }
  }

  std::string name_;
  archive_handle archive_;
};

// ---- writing an archive

class npz_writer {
 public:
  explicit npz_writer(const std::string& name) : name_(name) {
    source_.reset(zip_source_buffer_create(nullptr, 0, 0, nullptr));
    if (source_) {
      zip_source_keep(source_.get());  // to read it after the archive is shut
      archive_.reset(
          zip_open_from_source(source_.get(), ZIP_TRUNCATE, nullptr));
    }
    check(archive_ != nullptr);
  }

  /// `content` must live until finish().
  void add(const char* key, const std::string& content) {
    zip_source_t* part =
        zip_source_buffer(archive_.get(), content.data(), content.size(), 0);
    check(part != nullptr);
    const auto place =
        zip_file_add(archive_.get(), (std::string(key) + ".npy").c_str(), part,
                     ZIP_FL_ENC_UTF_8);
    check(place >= 0);
    const auto index = static_cast<zip_uint64_t>(place);
    check(zip_set_file_compression(archive_.get(), index, ZIP_CM_STORE, 0) ==
          0);
    // 1 January 1980: the same model gives the same bytes.
    check(zip_file_set_dostime(archive_.get(), index, 0, 0x21, 0) == 0);
  }

  std::string finish() {
    check(zip_close(archive_.get()) == 0);
    static_cast<void>(archive_.release());
    check(zip_source_open(source_.get()) == 0);
    zip_source_seek(source_.get(), 0, SEEK_END);
    const auto size = zip_source_tell(source_.get());
    zip_source_seek(source_.get(), 0, SEEK_SET);
    std::string bytes(static_cast<std::size_t>(std::max<zip_int64_t>(size, 0)),
                      '\0');
    check(zip_source_read(source_.get(), bytes.data(), bytes.size()) == size);
    zip_source_close(source_.get());
    return bytes;
  }

 private:
  void check(bool fine) const {
    if (!fine) {
      throw data_error(name_, "libzip could not make the archive");
    }
  }

  std::string name_;
  source_handle source_;
  archive_handle archive_;
};

}  // namespace

std::string to_npz(const model& m, const std::string& name) {
  const std::size_t rows = m.outputs == 0 ? 0 : m.weights.size() / m.outputs;
  const std::string weights = npy(std::span<const float>(m.weights),
                                  fmt::format("{}, {}", rows, m.outputs));
  const std::string labels = npy(std::span<const float>(m.labels),
                                 fmt::format("{},", m.labels.size()));
  const std::string bias = npy(std::span<const double>(&m.bias, 1), "");
  const std::string kind = npy(kernels::name(m.kind));
  const std::string format =
      npy(std::span<const std::int64_t>(&format_version, 1), "");
  npz_writer out(name);
  out.add("weights", weights);
  out.add("labels", labels);
  out.add("bias", bias);
  out.add("model", kind);
  out.add("format", format);
  return out.finish();
}

model from_npz(std::string_view content, const std::string& name) {
  const npz_reader in(content, name);
  if (const auto format = in.number<std::int64_t>("format");
      format != format_version) {
    in.fail(fmt::format("format {} is newer than this program", format));
  }
  model m;
  const std::string kind = in.text("model");
  const auto known = linear_model_by_name(kind);
  if (!known) {
    in.fail(fmt::format("unknown kind of model '{}'", kind));
  }
  m.kind = *known;
  m.bias = in.number<double>("bias");
  m.labels = in.numbers<float>("labels");
  std::vector<std::size_t> shape;
  m.weights = in.numbers<float>("weights", &shape);
  const std::size_t constant = m.bias != 0.0 ? 1 : 0;
  if (shape.size() != 2 || shape[0] < constant || shape[1] == 0) {
    in.fail("array 'weights' is not features x outputs");
  }
  m.features = shape[0] - constant;
  m.outputs = shape[1];
  return m;
}

}  // namespace sounder::kernels::formats
