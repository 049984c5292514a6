#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "kernels/data/byte_order_mark.hpp"
#include "kernels/data/data_error.hpp"
#include "kernels/data/input_file.hpp"
#include "kernels/data/load.hpp"

namespace sounder::kernels {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

namespace {

constexpr std::array compressed_suffixes = {""sv, ".gz"sv, ".xz"sv, ".bz2"sv};

std::string without_compression(std::string name) {
  for (const std::string_view suffix : compressed_suffixes) {
    if (!suffix.empty() && name.ends_with(suffix)) {
      name.resize(name.size() - suffix.size());
      break;
    }
  }
  return name;
}

/// `name` in `directory`, plain or compressed.
std::optional<fs::path> find_file(const fs::path& directory,
                                  const std::string& name) {
  for (const std::string_view suffix : compressed_suffixes) {
    fs::path candidate = directory / (name + std::string(suffix));
    std::error_code unknown;
    if (fs::exists(candidate, unknown)) {
      return candidate;
    }
  }
  return std::nullopt;
}

fs::path require_file(const fs::path& directory, const std::string& name) {
  if (auto found = find_file(directory, name)) {
    return *found;
  }
  throw data_error((directory / name).string(),
                   "is missing, plain as well as .gz, .xz and .bz2");
}

std::string replaced(std::string text, std::string_view from,
                     std::string_view to) {
  const std::size_t where = text.find(from);
  return where == text.npos ? text : text.replace(where, from.size(), to);
}

/// Images and, beside them, their labels; without, where they need none.
data_source idx_source(const fs::path& images, bool needs_labels) {
  const std::string name = without_compression(images.filename().string());
  const std::string labels =
      replaced(replaced(name, "images", "labels"), "idx3", "idx1");
  if (!needs_labels &&
      (labels == name || !find_file(images.parent_path(), labels))) {
    return {file_format::idx, {images}};
  }
  if (labels == name) {
    throw data_error(images.string(),
                     "the labels are found by name: call the files like "
                     "train-images-idx3-ubyte and train-labels-idx1-ubyte");
  }
  return {file_format::idx,
          {images, require_file(images.parent_path(), labels)}};
}

std::optional<data_source> find_mnist(const fs::path& directory,
                                      const load_options& options) {
  const std::string stem = options.part == part::train ? "train" : "t10k";
  for (const char* ending : {"-images-idx3-ubyte", "-images.idx3-ubyte"}) {
    if (const auto images = find_file(directory, stem + ending)) {
      return idx_source(*images, options.needs_labels);
    }
  }
  return std::nullopt;
}

std::optional<data_source> find_cifar10(const fs::path& directory, part which) {
  if (!find_file(directory, "data_batch_1.bin") &&
      !find_file(directory, "test_batch.bin")) {
    return std::nullopt;
  }
  if (which == part::test) {
    return data_source{file_format::cifar10,
                       {require_file(directory, "test_batch.bin")}};
  }
  data_source source{file_format::cifar10, {}};
  for (int batch = 1; batch <= 5; ++batch) {
    source.files.push_back(
        require_file(directory, fmt::format("data_batch_{}.bin", batch)));
  }
  return source;
}

data_source in_directory(const fs::path& directory,
                         const load_options& options) {
  const auto wanted = [&](file_format format) {
    return options.format == file_format::automatic || options.format == format;
  };
  std::optional<data_source> found;
  if (wanted(file_format::idx)) {
    found = find_mnist(directory, options);
  }
  if (!found && wanted(file_format::cifar10)) {
    found = find_cifar10(directory, options.part);
  }
  if (!found) {
    throw data_error(
        directory.string(),
        fmt::format("a directory without the {} files of MNIST or CIFAR-10; "
                    "name a file",
                    options.part == part::train ? "training" : "test"));
  }
  return *found;
}

bool is_binary(std::string_view head) {
  return std::any_of(head.begin(), head.end(), [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return code < ' ' && (code < '\t' || code > '\r');
  });
}

/// The first line with content, without comment and what is in quotes.
std::string first_line(std::string_view head) {
  std::string text;
  bool is_quoted = false;
  bool is_comment = false;
  for (const char c : head) {
    const bool ends = c == '\n' || c == '\r';
    if (ends && !is_quoted && text.find_first_not_of(" \t") != text.npos) {
      break;
    }
    is_comment = !ends && (is_comment || (c == '#' && !is_quoted));
    if (c == '"' && !is_comment) {
      is_quoted = !is_quoted;
    } else if (!is_quoted && !is_comment && !ends) {
      text += c;
    }
  }
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

file_format format_of(const fs::path& path, char separator) {
  std::error_code unknown;
  if (!fs::is_regular_file(path, unknown)) {
    return file_format::svmlight;  // looking would take bytes out of a pipe
  }
  std::array<char, 4096> memory{};
  input_file file(path);
  const std::string_view head =
      without_byte_order_mark({memory.data(), file.read(memory)});
  if (head.starts_with("\0\0\x08\x03"sv)) {
    return file_format::idx;
  }
  if (head.starts_with("\0\0\x08\x01"sv)) {
    throw data_error(path.string(), "holds labels; name the file of images");
  }
  if (is_utf_16(head)) {
    throw data_error(path.string(), std::string(utf_16_problem));
  }
  const std::string name = without_compression(path.filename().string());
  if (!head.empty() && (is_binary(head) || name.ends_with(".bin"))) {
    if (static_cast<unsigned char>(head.front()) > 9) {
      throw data_error(path.string(),
                       "binary content that is neither IDX nor CIFAR-10");
    }
    return file_format::cifar10;
  }
  const std::string line = first_line(head);
  const bool separated =
      line.find_first_of(",;\t") != line.npos && line.find(':') == line.npos;
  return separator != '\0' || separated || name.ends_with(".csv") ||
                 name.ends_with(".tsv")
             ? file_format::csv
             : file_format::svmlight;
}

}  // namespace

data_source find_source(const fs::path& path, const load_options& options) {
  std::error_code unknown;
  if (fs::is_directory(path, unknown)) {
    return in_directory(path, options);
  }
  const file_format format = options.format == file_format::automatic
                                 ? format_of(path, options.csv_separator)
                                 : options.format;
  return format == file_format::idx ? idx_source(path, options.needs_labels)
                                    : data_source{format, {path}};
}

}  // namespace sounder::kernels
