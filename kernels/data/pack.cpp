#include "kernels/data/pack.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace sounder::kernels {

namespace {

struct header {
  std::uint64_t magic;
  std::uint64_t rows;
  std::uint64_t features;
  std::uint64_t values;
  std::uint64_t layout;
  std::uint64_t weights;  // rows, or none
  float scale;
  float shift;
};
constexpr std::uint64_t magic = 0x3254455344524E53ULL;  // a version of its own

template <class T>
std::span<const std::byte> bytes_of(const T* first, std::size_t n) {
  return std::as_bytes(std::span<const T>(first, n));
}

/// Row starts count from the first row of the slice.
std::vector<std::uint64_t> starts_of(const dataset& data) {
  std::vector<std::uint64_t> start(data.rows() + 1);
  const sparse_rows rows = data.sparse();
  for (std::size_t i = 0; i <= data.rows(); ++i) {
    start[i] = rows.start[i] - rows.start[0];
  }
  return start;
}

/// Calls visit for every array of the samples, in order.
template <class Visit>
void for_each_array(const dataset& data, const Visit& visit) {
  visit(bytes_of(data.labels().data(), data.rows()));
  visit(bytes_of(data.weights().data(), data.weights().size()));
  const std::size_t values = data.nonzeros();
  if (data.is_sparse()) {
    const auto start = starts_of(data);
    const sparse_rows rows = data.sparse();
    visit(bytes_of(start.data(), start.size()));
    visit(bytes_of(rows.index + rows.start[0], values));
    visit(bytes_of(rows.value + rows.start[0], values));
  } else if (data.layout() == layout::dense_float) {
    visit(bytes_of(data.floats().value, values));
  } else {
    visit(bytes_of(data.bytes_view().value, values));
  }
}

header header_of(const dataset& data) {
  header h = {magic,
              data.rows(),
              data.features(),
              data.nonzeros(),
              static_cast<std::uint64_t>(data.layout()),
              data.weights().size(),
              1.0F,
              0.0F};
  if (data.layout() == layout::dense_byte) {
    h.scale = data.bytes_view().scale;
    h.shift = data.bytes_view().shift;
  }
  return h;
}

[[noreturn]] void refuse(const char* what) {
  throw std::invalid_argument(std::string("packed samples: ") + what);
}

/// Takes arrays off the front of the bytes.
class reader {
 public:
  explicit reader(std::span<const char> bytes) : bytes_(bytes) {}

  template <class Array>
  void take(Array& into, std::size_t n) {
    using value = std::remove_reference_t<decltype(*into.data())>;
    if (n > bytes_.size() / sizeof(value)) {
      refuse("cut off");
    }
    into.resize(n);
    if (n > 0) {
      std::memcpy(into.data(), bytes_.data(), n * sizeof(value));
    }
    bytes_ = bytes_.subspan(n * sizeof(value));
  }
  bool is_empty() const noexcept { return bytes_.empty(); }

 private:
  std::span<const char> bytes_;
};

void check(const sparse_storage& s, std::uint64_t features) {
  const std::span<const std::uint64_t> start(s.start.data(), s.start.size());
  if (start.front() != 0 || start.back() != s.index.size() ||
      !std::is_sorted(start.begin(), start.end())) {
    refuse("rows that descend");
  }
  if (std::any_of(s.index.data(), s.index.data() + s.index.size(),
                  [=](std::uint32_t u) { return u >= features; })) {
    refuse("an index beyond the features");
  }
}

void check_weights(std::span<const float> weights) {
  if (!std::all_of(weights.begin(), weights.end(),
                   [](float c) { return std::isfinite(c) && c >= 0.0F; })) {
    refuse("a weight that is none");
  }
}

}  // namespace

std::vector<char> pack(const dataset& data) {
  const header h = header_of(data);
  std::vector<char> out(sizeof h);
  std::memcpy(out.data(), &h, sizeof h);
  for_each_array(data, [&](std::span<const std::byte> bytes) {
    const auto* const first = reinterpret_cast<const char*>(bytes.data());
    out.insert(out.end(), first, first + bytes.size());
  });
  return out;
}

dataset unpack(std::span<const char> bytes) {
  reader from(bytes);
  std::vector<header> head;
  from.take(head, 1);
  const header& h = head.front();
  constexpr std::uint64_t most = std::uint64_t{1} << 32U;
  if (h.magic != magic || h.rows >= most || h.features > most ||
      (h.weights != 0 && h.weights != h.rows) ||
      h.layout > static_cast<std::uint64_t>(layout::dense_byte)) {
    refuse("not samples");
  }
  std::vector<float> labels;
  from.take(labels, h.rows);
  std::vector<float> weights;
  from.take(weights, h.weights);
  check_weights(weights);
  dataset data;
  if (h.layout == static_cast<std::uint64_t>(layout::sparse)) {
    sparse_storage storage;
    from.take(storage.start, h.rows + 1);
    from.take(storage.index, h.values);
    from.take(storage.value, h.values);
    check(storage, h.features);
    data = dataset(std::move(storage), std::move(labels), h.features);
  } else {
    if (h.values / std::max<std::uint64_t>(h.features, 1) != h.rows ||
        h.values != h.rows * h.features) {
      refuse("rows of another length");
    }
    dense_storage storage;
    storage.scale = h.scale;
    storage.shift = h.shift;
    if (h.layout == static_cast<std::uint64_t>(layout::dense_float)) {
      from.take(storage.floats, h.values);
    } else {
      from.take(storage.bytes, h.values);
    }
    data = dataset(std::move(storage), std::move(labels), h.features);
  }
  if (!from.is_empty()) {
    refuse("more bytes than samples");
  }
  return data.with_weights(std::move(weights));
}

hash_128 fingerprint(const dataset& data) {
  const header h = header_of(data);
  hash_128 sum = hash_128_of(bytes_of(&h, 1));
  for_each_array(data, [&](std::span<const std::byte> bytes) {
    const hash_128 next = hash_128_of(bytes, sum[0]);
    sum = {next[0] ^ (sum[1] << 1U), next[1]};
  });
  return sum;
}

}  // namespace sounder::kernels
