#pragma once

// What travels between nodes, on a link's own stream or on that which many
// share, after a header of fixed size: a stretch of parameters, or nothing.
// Byte order is the machines': both ends are little-endian, as the greeting of
// a stream checks.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "actors/sync/errand.hpp"
#include "actors/sync/state_archive.hpp"
#include "actors/wire/stream.hpp"
#include "kernels/exchange/packer.hpp"

namespace sounder::actors {

/// Floats in a packet: 256 KiB stay in the second-level cache on the way from
/// the vector to the socket and back.
constexpr std::size_t packet_floats = std::size_t{1} << 16U;

struct packet_header {
  errand kind = errand::trade;
  std::uint16_t before_optimizer = 0;  // 1: of gradients that it has not seen
  std::uint32_t channel = 0;           // whose it is, on a stream of many
  std::uint64_t offset = 0;            // of the first coordinate
  std::uint32_t length = 0;            // coordinates that it is about
  std::uint32_t bytes = 0;    // that follow: its values, perhaps compressed
  std::uint64_t version = 0;  // of the target, in answers; an update's round
  double factor = 0.0;        // size of the local steps; an update's weight
};
static_assert(sizeof(packet_header) == 40);

/// A packet on its way out, a piece at a time.
class outgoing {
 public:
  /// Compresses values with `packer`, if there is one.
  explicit outgoing(std::optional<kernels::packer> packer = std::nullopt)
      : packer_(std::move(packer)) {}

  bool is_empty() const noexcept { return sent_ == bytes_.size(); }

  /// Room for a packet's values after its header; until the next call. Its
  /// bytes are those of the values as they are, or 0.
  float* start(const packet_header& header) {
    return start(header, packer_ ? &*packer_ : nullptr);
  }
  /// Likewise, to be compressed by another.
  float* start(const packet_header& header, kernels::packer* by);

  /// The values are written: the packet may go. Returns the bytes that follow
  /// its header. Of differences: exchange_rule::up_rate.
  std::uint32_t seal(float up_rate = 1.0F);

  /// What has been lost of all payloads of that kind, from a coordinate on;
  /// null when these are others, or nothing is lost.
  const float* residual(kernels::payload what,
                        std::size_t first) const noexcept {
    return packer_ && packer_->what() == what ? packer_->memory(first)
                                              : nullptr;
  }

  /// Goes on sending. True when anything moved. Throws stream_error.
  bool send_on(stream& to);

  /// What is lost on the way.
  void keep(state_archive& all) {
    if (packer_) {
      all(*packer_);
    }
  }

 private:
  std::optional<kernels::packer> packer_;
  kernels::packer* by_ = nullptr;  // of the packet at hand
  std::vector<float> values_;      // to be compressed
  std::vector<char> bytes_;
  std::size_t sent_ = 0;
};

/// A packet on its way in, a piece at a time: its header, then its values.
class incoming {
 public:
  /// Packets are about a vector of this size; their values are compressed when
  /// there is an unpacker. Those of a stream of many are opened one by one.
  explicit incoming(std::size_t size = 0,
                    std::optional<kernels::unpacker> unpacker = std::nullopt)
      : size_(size), unpacker_(std::move(unpacker)) {}

  const packet_header& header() const noexcept { return header_; }
  float* values() noexcept { return values_.data(); }

  /// Goes on receiving. True when anything moved. Throws stream_error, also
  /// for a packet that does not fit.
  bool receive_on(stream& from);

  /// The same in steps: the header; then whose it is, with the vector of `size`
  /// that its values belong in (null: values()); then these.
  bool receive_header(stream& from);
  void open(const stream& from, std::size_t size, kernels::unpacker* by,
            float* vector = nullptr);
  bool receive_values(stream& from);

  bool has_header() const noexcept { return got_ >= sizeof header_; }
  bool is_open() const noexcept { return is_open_; }
  bool is_complete() const noexcept {
    return is_open_ && got_ == sizeof header_ + header_.bytes;
  }
  /// Ready for the next one.
  void clear() noexcept {
    got_ = 0;
    is_open_ = false;
  }

  /// What is known of the other end, between two packets.
  void keep(state_archive& all) {
    all.require_rest(got_ == 0);
    if (unpacker_) {
      all(*unpacker_);
    }
  }

 private:
  bool receive(stream& from, char* into, std::size_t begin, std::size_t end);
  void unpack(const stream& from);

  std::size_t size_;
  std::optional<kernels::unpacker> unpacker_;
  packet_header header_;
  std::size_t got_ = 0;  // bytes of the packet

  // Of the packet at hand, once it is open.
  bool is_open_ = false;
  kernels::unpacker* by_ = nullptr;
  float* into_ = nullptr;
  std::vector<char> packed_;
  std::vector<float> values_;
};

}  // namespace sounder::actors
