#include <charconv>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "kernels/data/atomic_file.hpp"
#include "kernels/data/data_error.hpp"
#include "kernels/data/svmlight.hpp"

namespace sounder::kernels {

namespace {

/// The text of one row.
class row_text {
 public:
  explicit row_text(bool zero_based) : origin_(zero_based ? 0 : 1) {}

  void begin(float label) {
    text_.clear();
    finite_ = true;
    add(label);
  }
  void pair(std::uint64_t index, float value) {
    text_ += ' ';
    add(index + origin_);
    text_ += ':';
    add(value);
  }
  const std::string& end() {
    text_ += '\n';
    return text_;
  }
  bool is_finite() const noexcept { return finite_; }

 private:
  /// The shortest form that reads as the same number.
  template <class Number>
  void add(Number number) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, number);
    text_.append(digits, end.ptr);
    finite_ = finite_ && std::isfinite(static_cast<float>(number));
  }

  std::uint64_t origin_;
  std::string text_;
  bool finite_ = true;
};

void add_row(row_text& text, const sparse_rows& rows, std::size_t i) {
  for (std::uint64_t k = rows.start[i]; k < rows.start[i + 1]; ++k) {
    text.pair(rows.index[k], rows.value[k]);
  }
}

template <class T>
void add_row(row_text& text, const dense_rows<T>& rows, std::size_t i) {
  const T* row = rows.value + i * rows.features;
  for (std::size_t j = 0; j < rows.features; ++j) {
    const float value = static_cast<float>(row[j]) * rows.scale + rows.shift;
    if (value != 0.0F) {
      text.pair(j, value);
    }
  }
}

template <class Rows>
void write_rows(atomic_file& out, const std::string& name, bool zero_based,
                std::span<const float> labels, const Rows& rows) {
  row_text text(zero_based);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    text.begin(labels[i]);
    add_row(text, rows, i);
    if (!text.is_finite()) {
      throw data_error(name, fmt::format("cannot write sample {}: a number in "
                                         "it is not finite",
                                         i + 1));
    }
    out.write(text.end());
  }
}

}  // namespace

void write_svmlight(const std::filesystem::path& file, const dataset& samples,
                    bool zero_based) {
  atomic_file out(file);
  const auto write = [&](const auto& rows) {
    write_rows(out, file.string(), zero_based, samples.labels(), rows);
  };
  switch (samples.layout()) {
    case layout::sparse:
      write(samples.sparse());
      break;
    case layout::dense_float:
      write(samples.floats());
      break;
    case layout::dense_byte:
      write(samples.bytes_view());
      break;
  }
  out.commit();
}

}  // namespace sounder::kernels
