#include "actors/packet.hpp"

#include <cstring>

namespace sounder::actors {

float* outgoing::start(const packet_header& header) {
  // Floats begin behind a header of 32 bytes: aligned.
  bytes_.resize(sizeof header + header.bytes);
  std::memcpy(bytes_.data(), &header, sizeof header);
  sent_ = 0;
  return reinterpret_cast<float*>(bytes_.data() + sizeof header);
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
    char* const into = has_header() ? reinterpret_cast<char*>(values_.data()) +
                                          got_ - sizeof header_
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
      check();
      values_.resize(header_.length);
    }
  }
  return moved;
}

void incoming::check() const {
  const bool fits =
      header_.kind <= packet_kind::sync && header_.length <= packet_floats &&
      header_.offset <= size_ && header_.length <= size_ - header_.offset &&
      (header_.bytes == 0 || header_.bytes == header_.length * sizeof(float));
  if (!fits) {
    throw stream_error("a packet that does not fit");
  }
}

}  // namespace sounder::actors
