#include "actors/sync/state_frame.hpp"

#include <string>

#include "kernels/data/hash.hpp"

namespace sounder::actors {

namespace {

constexpr std::size_t head_bytes = 20;
constexpr std::size_t sum_bytes = 8;

}  // namespace

std::vector<std::byte> framed(const state_kind& kind,
                              std::vector<std::byte> body) {
  std::uint64_t length = body.size() + sum_bytes;
  state_archive head;
  head(std::uint64_t{kind.magic}, std::uint32_t{kind.version}, length);
  std::vector<std::byte> bytes = head.take();
  bytes.reserve(head_bytes + length);
  bytes.insert(bytes.end(), body.begin(), body.end());
  state_archive sum;
  sum(kernels::hash_64_of(bytes));
  const std::vector<std::byte> last = sum.take();
  bytes.insert(bytes.end(), last.begin(), last.end());
  return bytes;
}

std::span<const std::byte> unframed(const state_kind& kind,
                                    std::span<const std::byte> bytes) {
  if (bytes.size() < head_bytes + sum_bytes) {
    throw state_error("truncated, or none at all");
  }
  std::uint64_t is = 0;
  std::uint32_t of = 0;
  std::uint64_t length = 0;
  state_archive head(bytes);
  head(is, of, length);
  if (is != kind.magic) {
    throw state_error("it begins with something else");
  }
  if (of != kind.version) {
    throw state_error("of version " + std::to_string(of) + ", not " +
                      std::to_string(kind.version));
  }
  if (const std::size_t there = bytes.size() - head_bytes; length > there) {
    throw state_error("truncated after " + std::to_string(bytes.size()) +
                      " of " + std::to_string(length + head_bytes) + " bytes");
  } else if (length < there) {
    throw state_error("something follows after its end");
  }
  std::uint64_t sum = 0;
  state_archive tail(bytes.last(sum_bytes));
  tail(sum);
  if (sum != kernels::hash_64_of(bytes.first(bytes.size() - sum_bytes))) {
    throw state_error("damaged");
  }
  return bytes.subspan(head_bytes, bytes.size() - head_bytes - sum_bytes);
}

}  // namespace sounder::actors
