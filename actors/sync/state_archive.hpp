#pragma once

// What changes of an object, as bytes. A class lists its fields in one function
// that serves both ways:
//
//   void keep(state_archive& all) { all(round_, weight_, s_); }
//
// Layout: numbers as they are in memory, little-endian; a truth as a byte, 0 or
// 1; of a list its length in 64 bits, then its elements. Whoever reads has made
// lists as long as the plan says, so no length is trusted with memory.
// docs/reference/file-formats.md has the frame around it.

#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace sounder::actors {

/// Why bytes are refused, or why there are none to write, in one line.
class state_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Writes fields to bytes, or reads them from bytes.
///
/// Errors:  state_error; what was read before has changed.
/// Cost:    one pass.
/// Threads: the caller owns archive and fields exclusively.
class state_archive {
 public:
  /// Writes.
  state_archive() = default;
  /// Reads from what outlives it.
  explicit state_archive(std::span<const std::byte> from)
      : from_(from), is_reading_(true) {}

  bool is_reading() const noexcept { return is_reading_; }

  /// Numbers, atomic ones, text, objects that keep themselves, and lists.
  template <class... Fields>
  void operator()(Fields&&... fields) {
    (one(fields), ...);
  }

  /// A list that may be as long as there are bytes for it.
  template <class List>
  void any_number(List& all) {
    using element = typename List::value_type;
    std::uint64_t length = all.size();
    number(length);
    if (is_reading_) {
      const std::size_t least =
          std::is_arithmetic_v<element> ? sizeof(element) : 1;
      require(length <= left() / least, "it ends early");
      all.resize(length);
    }
    elements(all);
  }

  static void require(bool holds, const char* otherwise) {
    if (!holds) {
      throw state_error(otherwise);
    }
  }
  /// What is under way is neither written nor read.
  static void require_rest(bool is_at_rest) {
    require(is_at_rest, "it is within a local phase or a meeting");
  }

  /// Bytes that are not read yet.
  std::size_t left() const noexcept { return from_.size(); }
  /// What was written.
  std::vector<std::byte> take() { return std::exchange(bytes_, {}); }

 private:
  template <class T>
  void one(T& field) {
    if constexpr (requires { field.keep(*this); }) {
      field.keep(*this);
    } else if constexpr (std::is_arithmetic_v<T>) {
      number(field);
    } else {
      list(field);
    }
  }

  template <class T>
  void one(std::atomic<T>& field) {
    T value = field.load();
    number(value);
    field.store(value);
  }

  void one(std::string& field) { any_number(field); }

  template <class T>
  void one(std::optional<T>& field) {
    bool has_value = field.has_value();
    number(has_value);
    if (is_reading_) {
      field = has_value ? std::optional<T>(T()) : std::nullopt;
    }
    if (field) {
      one(*field);
    }
  }

  void number(bool& field) {
    std::uint8_t value = field ? 1 : 0;
    number(value);
    require(value <= 1, "a truth that is neither 0 nor 1");
    field = value == 1;
  }

  template <class T>
  void number(T& field) {
    numbers(std::span(&field, 1));
  }

  template <class List>
  void list(List& all) {
    std::uint64_t length = std::ranges::size(all);
    number(length);
    require(length == std::ranges::size(all),
            "a list that is not as long as the plan says");
    elements(all);
  }

  template <class List>
  void elements(List& all) {
    using element = std::ranges::range_value_t<List>;
    if constexpr (std::is_arithmetic_v<element>) {
      numbers(std::span<element>(all));
    } else {
      for (auto& each : all) {
        one(each);
      }
    }
  }

  template <class T>
  void numbers(std::span<T> all) {
    using bits = std::conditional_t<
        sizeof(T) == 8, std::uint64_t,
        std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint8_t>>;
    static_assert(sizeof(T) == sizeof(bits));
    if (is_reading_) {
      const std::byte* at = next(all.size_bytes());
      for (T& each : all) {
        bits value = 0;
        for (unsigned k = 0; k < sizeof(T); ++k) {
          value |= static_cast<bits>(static_cast<bits>(*at++) << (8 * k));
        }
        each = std::bit_cast<T>(value);
      }
    } else {
      std::byte* at = room(all.size_bytes());
      for (const T& each : all) {
        const auto value = std::bit_cast<bits>(each);
        for (unsigned k = 0; k < sizeof(T); ++k) {
          *at++ = static_cast<std::byte>(value >> (8 * k));
        }
      }
    }
  }

  std::byte* room(std::size_t n) {
    bytes_.resize(bytes_.size() + n);
    return bytes_.data() + bytes_.size() - n;
  }
  const std::byte* next(std::size_t n) {
    require(n <= from_.size(), "it ends early");
    return std::exchange(from_, from_.subspan(n)).data();
  }

  std::vector<std::byte> bytes_;
  std::span<const std::byte> from_;
  bool is_reading_ = false;
};

}  // namespace sounder::actors
