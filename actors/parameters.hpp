#pragma once

// Floats in messages: a pointer locally, raw bytes remotely. CAF packs single
// floats by arithmetic, which an infinity never comes out of, and vectors of
// them element by element; so neither occurs in a message that travels.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include <caf/all.hpp>

namespace sounder::actors {

/// A stretch of a vector, shared.
struct parameters {
  std::shared_ptr<const std::vector<float>> values;

  std::size_t size() const noexcept { return values ? values->size() : 0; }
  const float* data() const noexcept {
    return values ? values->data() : nullptr;
  }
};

inline parameters as_parameters(std::vector<float> values) {
  return {std::make_shared<const std::vector<float>>(std::move(values))};
}

/// More floats than this in one message are refused: 4 GiB is where CAF's
/// lengths end.
constexpr std::uint64_t most_floats = std::uint64_t{1} << 29U;

/// A length, then the values' bytes.
template <class Value>
caf::error write_raw(caf::serializer& sink, const Value* values,
                     std::uint64_t n) {
  if (auto problem = sink(n)) {
    return problem;
  }
  return n > 0 ? sink.apply_raw(n * sizeof(Value), const_cast<Value*>(values))
               : caf::error(caf::none);
}

/// Grows only as bytes really arrive: the length of a message is not to be
/// trusted.
template <class Value>
caf::error read_raw(caf::deserializer& source, std::vector<Value>& values,
                    std::uint64_t most) {
  constexpr std::uint64_t at_once = std::uint64_t{1} << 20U;
  std::uint64_t n = 0;
  if (auto problem = source(n)) {
    return problem;
  }
  if (n > most) {
    return caf::sec::invalid_argument;
  }
  values.clear();
  for (std::uint64_t i = 0; i < n; i += at_once) {
    const std::uint64_t k = std::min(at_once, n - i);
    values.resize(i + k);
    if (auto problem = source.apply_raw(k * sizeof(Value), values.data() + i)) {
      return problem;
    }
  }
  return caf::none;
}

inline caf::error inspect(caf::serializer& sink, parameters& x) {
  return write_raw(sink, x.data(), x.size());
}

inline caf::error inspect(caf::deserializer& source, parameters& x) {
  auto values = std::make_shared<std::vector<float>>();
  if (auto problem = read_raw(source, *values, most_floats)) {
    return problem;
  }
  x.values = std::move(values);
  return caf::none;
}

inline void inspect(caf::detail::stringification_inspector& text,
                    parameters& x) {
  std::uint64_t n = x.size();
  text(caf::meta::type_name("parameters"), n);
}

/// A number whose bits travel unchanged.
template <class Number, class Bits>
struct exact {
  static_assert(sizeof(Number) == sizeof(Bits));
  Number value{};
};

template <class Inspector, class Number, class Bits>
typename Inspector::result_type inspect(Inspector& f, exact<Number, Bits>& x) {
  Bits bits = 0;
  std::memcpy(&bits, &x.value, sizeof bits);
  const auto load = [&]() -> caf::error {
    std::memcpy(&x.value, &bits, sizeof bits);
    return caf::none;
  };
  return f(caf::meta::type_name("exact"), bits, caf::meta::load_callback(load));
}

using exact_double = exact<double, std::uint64_t>;

}  // namespace sounder::actors
