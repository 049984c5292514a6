#include "kernels/network/image_input.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "kernels/data/random.hpp"
#include "kernels/model/row_access.hpp"

namespace sounder::kernels {

namespace {

/// One more than there are separators.
std::vector<std::string> parts_of(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

template <class T>
bool reads_as(const std::string& text, T& value) {
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  return read.ec == std::errc() && read.ptr == end;
}

shape read_shape(const layer_line& line, layer_words& words) {
  const std::string text = line.values.empty() ? "" : line.values[0];
  const std::vector<std::string> sides = parts_of(text, 'x');
  shape s;
  std::size_t* const to[] = {&s.height, &s.width, &s.channels};
  constexpr double most = 0x1p28;  // values
  double size = 1.0;
  bool reads =
      line.values.size() == 1 && (sides.size() == 1 || sides.size() == 3);
  for (std::size_t k = 0; reads && k < sides.size(); ++k) {
    std::size_t& side = *to[sides.size() == 1 ? 2 : k];
    reads = reads_as(sides[k], side) && side > 0;
    size *= static_cast<double>(side);
  }
  if (!reads || size > most) {
    words.fail(
        fmt::format("'{}' is no shape: input HEIGHTxWIDTHxCHANNELS, or "
                    "input LENGTH",
                    text));
  }
  return s;
}

/// A number for each channel, or one for all.
std::vector<float> per_channel(layer_words& words, const char* key,
                               std::size_t channels, float otherwise) {
  const std::string text = words.word(key, "");
  if (text.empty()) {
    return std::vector<float>(channels, otherwise);
  }
  std::vector<float> values;
  for (const std::string& part : parts_of(text, ',')) {
    float value = 0.0F;
    if (!reads_as(part, value) || !std::isfinite(value)) {
      words.fail(
          fmt::format("{} is '{}'; it must be numbers, A,B,..", key, text));
    }
    values.push_back(value);
  }
  if (values.size() == 1) {
    values.resize(channels, values[0]);
  }
  if (values.size() != channels) {
    words.fail(fmt::format("{} has {} numbers for {} channels", key,
                           values.size(), channels));
  }
  return values;
}

}  // namespace

image_input::image_input(const layer_line& line) {
  layer_words words(line);
  shape_ = read_shape(line, words);
  mean_ = per_channel(words, "mean", shape_.channels, 0.0F);
  factor_ = per_channel(words, "deviation", shape_.channels, 1.0F);
  for (float& d : factor_) {
    if (!(d > 0.0F)) {
      words.fail("deviations must be positive");
    }
    d = 1.0F / d;
  }
  crop_ = words.option("crop", 0);
  flip_ = words.flag("flip");
  if (crop_ >= std::min(shape_.height, shape_.width)) {
    words.fail(fmt::format("crop={} would move {} out of sight", crop_,
                           to_text(shape_)));
  }
  words.skip_value();  // the shape
  words.check_all_read();
}

template <class T>
void image_input::spread(const T* planes, float scale, float shift,
                         float* out) const {
  const std::size_t positions = shape_.positions();
  const std::size_t channels = shape_.channels;
  for (std::size_t c = 0; c < channels; ++c) {
    const float a = scale * factor_[c];
    const float b = (shift - mean_[c]) * factor_[c];
    const T* const plane = planes + c * positions;
    float* const to = out + c;
#pragma omp simd
    for (std::size_t p = 0; p < positions; ++p) {
      to[p * channels] = static_cast<float>(plane[p]) * a + b;
    }
  }
}

void image_input::fill_image(const dataset& data, std::uint32_t row,
                             float* out) const {
  const std::size_t n = shape_.size();
  switch (data.layout()) {
    case layout::dense_byte: {
      const auto rows = data.bytes_view();
      spread(rows.value + row * n, rows.scale, rows.shift, out);
      break;
    }
    case layout::dense_float:
      spread(data.floats().value + row * n, 1.0F, 0.0F, out);
      break;
    case layout::sparse: {
      std::vector<float> planes(n);
      const auto rows = data.sparse();
      for (auto k = rows.start[row]; k < rows.start[row + 1]; ++k) {
        planes[rows.index[k]] = rows.value[k];
      }
      spread(planes.data(), 1.0F, 0.0F, out);
      break;
    }
  }
}

void image_input::move(std::uint64_t seed, std::uint32_t row, float* image,
                       std::vector<float>& copy) const {
  random_stream random(seed, row);
  const auto span = static_cast<std::uint32_t>(2 * crop_ + 1);
  const auto down = static_cast<std::ptrdiff_t>(random.below(span)) -
                    static_cast<std::ptrdiff_t>(crop_);
  const auto right = static_cast<std::ptrdiff_t>(random.below(span)) -
                     static_cast<std::ptrdiff_t>(crop_);
  const bool mirror = flip_ && random.below(2) == 1;
  copy.assign(image, image + shape_.size());
  const auto height = static_cast<std::ptrdiff_t>(shape_.height);
  const auto width = static_cast<std::ptrdiff_t>(shape_.width);
  const std::size_t channels = shape_.channels;
  for (std::ptrdiff_t y = 0; y < height; ++y) {
    for (std::ptrdiff_t x = 0; x < width; ++x) {
      const std::ptrdiff_t from_y = y - down;
      const std::ptrdiff_t from_x = (mirror ? width - 1 - x : x) - right;
      float* const to =
          image + static_cast<std::size_t>(y * width + x) * channels;
      if (from_y < 0 || from_y >= height || from_x < 0 || from_x >= width) {
        std::fill_n(to, channels, 0.0F);
      } else {
        std::copy_n(
            copy.data() +
                static_cast<std::size_t>(from_y * width + from_x) * channels,
            channels, to);
      }
    }
  }
}

void image_input::fill(const dataset& data, std::span<const std::uint32_t> rows,
                       bool is_training, std::uint64_t seed, float* out) const {
  std::vector<float> copy;
  for (const std::uint32_t row : rows) {
    fill_image(data, row, out);
    if (is_training && (crop_ > 0 || flip_)) {
      move(seed, row, out, copy);
    }
    out += shape_.size();
  }
}

channel_moments moments_of(const dataset& data, std::size_t channels) {
  constexpr double rounding = 1e-6;  // some times the distance of floats
  const std::size_t plane = data.features() / channels;
  // Sums of distances from a value of the channel, without which a small
  // deviation would be the difference of two large sums.
  std::vector<double> origin(channels);
  std::vector<double> sum(channels);
  std::vector<double> squares(channels);
  std::vector<double> nonzeros(channels);
  channel_moments m;
  m.largest.resize(channels);
  std::vector<float> scratch;
  with_rows(data, scratch, [&](const auto& access) {
    access.for_each(access.at(0), [&](std::size_t u, float x) {
      origin[u / plane] = static_cast<double>(x);
    });
    for (std::size_t i = 0; i < data.rows(); ++i) {
      access.for_each(access.at(i), [&](std::size_t u, float x) {
        const std::size_t c = u / plane;
        const double off = static_cast<double>(x) - origin[c];
        sum[c] += off;
        squares[c] += off * off;
        nonzeros[c] += 1.0;
        m.largest[c] = std::max(m.largest[c], std::abs(static_cast<double>(x)));
      });
    }
  });
  const double count = static_cast<double>(data.rows() * plane);
  for (std::size_t c = 0; c < channels; ++c) {
    const double zeros = count - nonzeros[c];
    const double off = (sum[c] - zeros * origin[c]) / count;
    const double variance =
        (squares[c] + zeros * origin[c] * origin[c]) / count - off * off;
    m.mean.push_back(origin[c] + off);
    const double deviation = variance > 0.0 ? std::sqrt(variance) : 0.0;
    m.deviation.push_back(deviation > rounding * std::abs(m.mean[c]) ? deviation
                                                                     : 1.0);
    m.largest[c] = m.largest[c] > 0.0 ? m.largest[c] : 1.0;
  }
  return m;
}

}  // namespace sounder::kernels
