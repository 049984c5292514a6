#include "kernels/model/npz.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include <fmt/format.h>
#include <zip.h>

#include "kernels/data/data_error.hpp"

namespace sounder::kernels {

namespace {

static_assert(std::endian::native == std::endian::little,
              "the arrays are written as they are in memory");

constexpr std::string_view magic("\x93NUMPY\x01\x00", 8);

struct discard_archive {
  void operator()(zip_t* archive) const noexcept { zip_discard(archive); }
};
using archive_handle = std::unique_ptr<zip_t, discard_archive>;

struct free_source {
  void operator()(zip_source_t* source) const noexcept {
    zip_source_free(source);
  }
};
using source_handle = std::unique_ptr<zip_source_t, free_source>;

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

/// "3, 4", "3," or "".
std::string tuple_of(std::span<const std::size_t> sizes) {
  return fmt::format("{}{}", fmt::join(sizes, ", "),
                     sizes.size() == 1 ? "," : "");
}

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

std::vector<std::size_t> sizes_in(std::string_view text) {
  std::vector<std::size_t> sizes;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    std::size_t extent = 0;
    const auto [next, problem] = std::from_chars(at, end, extent);
    if (problem == std::errc()) {
      sizes.push_back(extent);
      at = next;
    } else {
      ++at;
    }
  }
  return sizes;
}

}  // namespace

// ---- reading

void npz_reader::close_archive::operator()(zip* archive) const noexcept {
  zip_discard(archive);
}

npz_reader::npz_reader(std::string_view content, std::string name)
    : name_(std::move(name)) {
  zip_error_t error;
  zip_error_init(&error);
  source_handle source(
      zip_source_buffer_create(content.data(), content.size(), 0, &error));
  archive_.reset(source ? zip_open_from_source(source.get(), ZIP_RDONLY, &error)
                        : nullptr);
  const std::string reason = zip_error_strerror(&error);
  zip_error_fini(&error);
  if (!archive_) {
    fail(reason);
  }
  static_cast<void>(source.release());  // the archive owns it now
}

bool npz_reader::has(const std::string& key) const {
  return zip_name_locate(archive_.get(), (key + ".npy").c_str(), 0) >= 0;
}

std::vector<std::string> npz_reader::keys() const {
  constexpr std::string_view ending = ".npy";
  std::vector<std::string> found;
  for (zip_int64_t i = 0; i < zip_get_num_entries(archive_.get(), 0); ++i) {
    const char* const name =
        zip_get_name(archive_.get(), static_cast<zip_uint64_t>(i), 0);
    const std::string_view entry = name == nullptr ? "" : name;
    if (entry.ends_with(ending)) {
      found.emplace_back(entry.substr(0, entry.size() - ending.size()));
    }
  }
  return found;
}

template <class T>
std::vector<T> npz_reader::numbers(const std::string& key,
                                   std::vector<std::size_t>* sizes) const {
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
  if (sizes != nullptr) {
    *sizes = found.sizes;
  }
  return values;
}

template std::vector<float> npz_reader::numbers(
    const std::string& key, std::vector<std::size_t>* sizes) const;
template std::vector<double> npz_reader::numbers(
    const std::string& key, std::vector<std::size_t>* sizes) const;
template std::vector<std::int64_t> npz_reader::numbers(
    const std::string& key, std::vector<std::size_t>* sizes) const;

std::string npz_reader::text(const std::string& key) const {
  const array found = read(key);
  if (!found.type.starts_with("<U") || !found.sizes.empty()) {
    fail(fmt::format("array '{}' is not a string", key));
  }
  std::string narrow;
  for (std::size_t i = 0; i < found.bytes.size(); i += sizeof(char32_t)) {
    narrow += found.bytes[i];
  }
  return narrow;
}

void npz_reader::fail(const std::string& problem) const {
  throw data_error(name_, problem +
                              "; an .npz as `sounder train --save` writes "
                              "it was expected");
}

std::string npz_reader::content_of(const std::string& key) const {
  const std::string entry = key + ".npy";
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

npz_reader::array npz_reader::read(const std::string& key) const {
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
  found.sizes = sizes_in(value_of(head, "'shape':", "(", ')'));
  found.bytes = content.substr(before + head_size);
  return found;
}

void npz_reader::check_count(const array& found, const std::string& key,
                             std::size_t values) const {
  std::size_t expected = 1;
  for (const std::size_t extent : found.sizes) {
    if (__builtin_mul_overflow(expected, extent, &expected)) {
      fail(fmt::format("the shape of array '{}' is impossible", key));
    }
  }
  if (expected != values) {
    fail(fmt::format("array '{}' has {} values for a shape of {}", key, values,
                     expected));
  }
}

// ---- writing

template <class T>
void npz_writer::add(const std::string& key, std::span<const T> values,
                     std::span<const std::size_t> sizes) {
  arrays_.emplace_back(key, npy(type_of<T>(), tuple_of(sizes),
                                {reinterpret_cast<const char*>(values.data()),
                                 values.size_bytes()}));
}

template void npz_writer::add(const std::string& key,
                              std::span<const float> values,
                              std::span<const std::size_t> sizes);
template void npz_writer::add(const std::string& key,
                              std::span<const double> values,
                              std::span<const std::size_t> sizes);
template void npz_writer::add(const std::string& key,
                              std::span<const std::int64_t> values,
                              std::span<const std::size_t> sizes);

void npz_writer::add(const std::string& key, std::string_view text) {
  const std::u32string wide(text.begin(), text.end());
  arrays_.emplace_back(key, npy(fmt::format("<U{}", text.size()), "",
                                {reinterpret_cast<const char*>(wide.data()),
                                 wide.size() * sizeof(char32_t)}));
}

std::string npz_writer::finish() const {
  const auto check = [&](bool fine) {
    if (!fine) {
      throw data_error(name_, "libzip could not make the archive");
    }
  };
  const source_handle source(zip_source_buffer_create(nullptr, 0, 0, nullptr));
  check(source != nullptr);
  zip_source_keep(source.get());  // to read it after the archive is shut
  archive_handle archive(
      zip_open_from_source(source.get(), ZIP_TRUNCATE, nullptr));
  check(archive != nullptr);
  for (const auto& [key, content] : arrays_) {
    zip_source_t* const part =
        zip_source_buffer(archive.get(), content.data(), content.size(), 0);
    check(part != nullptr);
    const auto place = zip_file_add(archive.get(), (key + ".npy").c_str(), part,
                                    ZIP_FL_ENC_UTF_8);
    check(place >= 0);
    const auto index = static_cast<zip_uint64_t>(place);
    check(zip_set_file_compression(archive.get(), index, ZIP_CM_STORE, 0) == 0);
    // 1 January 1980: the same arrays give the same bytes.
    check(zip_file_set_dostime(archive.get(), index, 0, 0x21, 0) == 0);
  }
  check(zip_close(archive.get()) == 0);
  static_cast<void>(archive.release());
  check(zip_source_open(source.get()) == 0);
  zip_source_seek(source.get(), 0, SEEK_END);
  const auto size = zip_source_tell(source.get());
  zip_source_seek(source.get(), 0, SEEK_SET);
  std::string bytes(static_cast<std::size_t>(std::max<zip_int64_t>(size, 0)),
                    '\0');
  check(zip_source_read(source.get(), bytes.data(), bytes.size()) == size);
  zip_source_close(source.get());
  return bytes;
}

}  // namespace sounder::kernels
