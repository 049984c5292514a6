#include "actors/sync/packet.hpp"

#include <cstring>

namespace sounder::actors {

namespace {

/// Of a whole packet: an index and a value each, and their number.
constexpr std::size_t most_packed = sizeof(std::uint32_t) + 8 * packet_floats;

}  // namespace

float* outgoing::start(const packet_header& header, kernels::packer* by) {
  // Floats begin behind a header of 40 bytes: aligned.
  bytes_.resize(sizeof header + (by == nullptr ? header.bytes : 0));
  std::memcpy(bytes_.data(), &header, sizeof header);
  sent_ = 0;
  by_ = by;
  if (by_ != nullptr) {
    values_.resize(header.bytes / sizeof(float));
    return values_.data();
  }
  return reinterpret_cast<float*>(bytes_.data() + sizeof header);
}

std::uint32_t outgoing::seal(float up_rate) {
  packet_header header;
  std::memcpy(&header, bytes_.data(), sizeof header);
  if (by_ != nullptr && header.bytes > 0) {
    const std::vector<char> packed =
        by_->pack(header.offset, values_.data(), values_.size(), up_rate);
    header.bytes = static_cast<std::uint32_t>(packed.size());
    bytes_.resize(sizeof header + packed.size());
    std::memcpy(bytes_.data(), &header, sizeof header);
    std::memcpy(bytes_.data() + sizeof header, packed.data(), packed.size());
  }
  return header.bytes;
}

bool outgoing::send_on(stream& to) {
  bool moved = false;
  while (!is_empty()) {
    const std::size_t n =
        to.write_some(bytes_.data() + sent_, bytes_.size() - sent_);
    if (n == 0) {
      break;
    }
    sent_ += n;
    moved = true;
  }
  return moved;
}

bool incoming::receive(stream& from, char* into, std::size_t begin,
                       std::size_t end) {
  bool moved = false;
  while (got_ < end) {
    const std::size_t n = from.read_some(into + (got_ - begin), end - got_);
    if (n == 0) {
      break;
    }
    got_ += n;
    moved = true;
  }
  return moved;
}

bool incoming::receive_on(stream& from) {
  const bool moved = receive_header(from);
  if (has_header() && !is_open_) {
    open(from, size_, unpacker_ ? &*unpacker_ : nullptr);
  }
  return (is_open_ && receive_values(from)) || moved;
}

bool incoming::receive_header(stream& from) {
  return receive(from, reinterpret_cast<char*>(&header_), 0, sizeof header_);
}

void incoming::open(const stream& from, std::size_t size, kernels::unpacker* by,
                    float* vector) {
  const bool fits =
      header_.kind <= errand::drop && header_.length <= packet_floats &&
      header_.offset <= size && header_.length <= size - header_.offset &&
      (header_.bytes == 0 ||
       (by != nullptr ? header_.bytes <= most_packed
                      : header_.bytes == header_.length * sizeof(float)));
  if (!fits) {
    throw from.error("a packet that does not fit");
  }
  by_ = by;
  packed_.resize(by != nullptr ? header_.bytes : 0);
  values_.resize(vector == nullptr ? header_.length : 0);
  into_ = vector == nullptr ? values_.data() : vector + header_.offset;
  is_open_ = true;
}

bool incoming::receive_values(stream& from) {
  if (is_complete()) {
    return false;
  }
  const bool moved = receive(
      from, by_ != nullptr ? packed_.data() : reinterpret_cast<char*>(into_),
      sizeof header_, sizeof header_ + header_.bytes);
  if (is_complete()) {
    unpack(from);
  }
  return moved;
}

void incoming::unpack(const stream& from) {
  if (by_ != nullptr && header_.bytes > 0 &&
      !by_->unpack(header_.offset, packed_, into_, header_.length)) {
    throw from.error("a packet that is not packed as its link says");
  }
}

}  // namespace sounder::actors
