#include "actors/sync/packet.hpp"

#include <cstring>

namespace sounder::actors {

namespace {

/// Of a whole packet: an index and a value each, and their number.
constexpr std::size_t most_packed = sizeof(std::uint32_t) + 8 * packet_floats;

}  // namespace

float* outgoing::start(const packet_header& header) {
  // Floats begin behind a header of 40 bytes: aligned.
  bytes_.resize(sizeof header + header.bytes);
  std::memcpy(bytes_.data(), &header, sizeof header);
  sent_ = 0;
  if (packer_) {
    values_.resize(header.bytes / sizeof(float));
    return values_.data();
  }
  return reinterpret_cast<float*>(bytes_.data() + sizeof header);
}

std::uint32_t outgoing::seal() {
  packet_header header;
  std::memcpy(&header, bytes_.data(), sizeof header);
  if (packer_ && header.bytes > 0) {
    const std::vector<char> packed =
        packer_->pack(header.offset, values_.data(), values_.size());
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

bool incoming::receive_on(stream& from) {
  bool moved = false;
  while (!is_complete()) {
    char* const into = has_header() ? room() + got_ - sizeof header_
                                    : reinterpret_cast<char*>(&header_) + got_;
    const std::size_t whole =
        sizeof header_ + (has_header() ? header_.bytes : 0);
    const std::size_t n = from.read_some(into, whole - got_);
    if (n == 0) {
      break;
    }
    got_ += n;
    moved = true;
    if (got_ == sizeof header_) {
      check(from);
      values_.resize(header_.length);
      packed_.resize(unpacker_ ? header_.bytes : 0);
    }
    if (is_complete()) {
      unpack(from);
    }
  }
  return moved;
}

void incoming::check(const stream& from) const {
  const bool fits =
      header_.kind <= errand::drop && header_.length <= packet_floats &&
      header_.offset <= size_ && header_.length <= size_ - header_.offset &&
      (header_.bytes == 0 ||
       (unpacker_ ? header_.bytes <= most_packed
                  : header_.bytes == header_.length * sizeof(float)));
  if (!fits) {
    throw from.error("a packet that does not fit");
  }
}

void incoming::unpack(const stream& from) {
  if (unpacker_ && header_.bytes > 0 &&
      !unpacker_->unpack(header_.offset, packed_, values_.data(),
                         header_.length)) {
    throw from.error("a packet that is not packed as its link says");
  }
}

}  // namespace sounder::actors
