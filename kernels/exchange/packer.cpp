#include "kernels/exchange/packer.hpp"

#include <algorithm>
#include <utility>

#include "kernels/shared_vector.hpp"

namespace sounder::kernels {

packer::packer(const compression& how, payload what,
               std::span<const float> start)
    : how_(how), what_(what), memory_(start.size(), 0.0F) {
  if (what == payload::parameters) {
    std::copy(start.begin(), start.end(), memory_.begin());
  }
}

namespace {

/// As many as a packet has.
constexpr std::size_t searched_at_once = std::size_t{1} << 16U;

}  // namespace

packer::packer(known_parameters known, payload what)
    : what_(what),
      memory_(what == payload::differences ? known->size() : 0, 0.0F),
      known_(std::move(known)),
      searches_(known_->size() / searched_at_once + 1) {}

std::vector<char> packer::pack(std::size_t first, const float* x, std::size_t n,
                               float up_rate) {
  if (known_) {
    return pack_unknown(first, x, n, up_rate);
  }
  const float sign = what_ == payload::differences  ? 1.0F
                     : what_ == payload::parameters ? -1.0F
                                                    : 0.0F;
  float* const m = memory_.data() + first;
  std::vector<float> whole(n);
  for (std::size_t j = 0; j < n; ++j) {
    whole[j] = sign == 0.0F ? x[j] : x[j] + sign * m[j];
  }
  std::vector<char> bytes = encode(how_, whole.data(), n);
  // By the same function as there, so that both ends have the same bits.
  std::vector<float> there(n);
  decode(how_.form, bytes, there.data(), n);
  for (std::size_t j = 0; j < n; ++j) {
    m[j] = what_ == payload::parameters ? m[j] + there[j] : whole[j] - there[j];
  }
  return bytes;
}

/// What is not known of x and, of differences, of what has not travelled.
std::vector<char> packer::pack_unknown(std::size_t first, const float* x,
                                       std::size_t n, float up_rate) {
  if (what_ == payload::differences) {
    float* const lost = memory_.data() + first;
    for (std::size_t j = 0; j < n; ++j) {
      lost[j] += x[j];
    }
    x = lost;
  }
  const float* const m = known_->data() + first;
  exception_search& search = searches_[first / searched_at_once];
  if (search.is_due()) {
    const float ratio = common_ratio(m, x, n);
    const bool has_found = find_exceptions(
        m, x, n, ratio, slack_of(what_, ratio, up_rate), found_);
    search.note(has_found);
    if (has_found) {
      std::vector<char> bytes = encode_exceptions(x, n, ratio, found_);
      note_list(first, x, n, ratio);
      return bytes;
    }
  }
  std::vector<char> bytes = encode_whole(x, n);
  if (what_ == payload::differences) {
    std::fill_n(memory_.data() + first, n, 0.0F);
  } else {
    std::copy_n(x, n, known_->data() + first);
  }
  return bytes;
}

/// The exceptions found have been said, of the others the ratio.
void packer::note_list(std::size_t first, const float* x, std::size_t n,
                       float ratio) {
  float* const m = known_->data() + first;
  if (what_ == payload::differences) {
    float* const lost = memory_.data() + first;
    for (std::size_t j = 0; j < n; ++j) {
      lost[j] -= ratio * m[j];
    }
    for (const std::uint32_t j : found_) {
      lost[j] = 0.0F;
    }
    return;
  }
  for (std::size_t j = 0; j < n; ++j) {
    m[j] *= ratio;
  }
  for (const std::uint32_t j : found_) {
    m[j] = x[j];
  }
}

unpacker::unpacker(packing form, payload what, std::span<const float> start)
    : form_(form), what_(what), size_(start.size()) {
  if (what == payload::parameters) {
    memory_.assign(start.begin(), start.end());
  }
}

unpacker::unpacker(known_parameters known, payload what)
    : form_(packing::none),
      what_(what),
      size_(known->size()),
      known_(std::move(known)) {}

bool unpacker::unpack(std::size_t first, std::span<const char> bytes, float* x,
                      std::size_t n) {
  if (known_) {
    if (first > size_ || n > size_ - first ||
        !decode_exceptions(known_->data() + first, bytes, x, n)) {
      return false;
    }
    if (what_ == payload::parameters) {
      std::copy_n(x, n, known_->data() + first);
    }
    return true;
  }
  if (first > size_ || n > size_ - first || !decode(form_, bytes, x, n)) {
    return false;
  }
  if (what_ == payload::parameters) {
    for (std::size_t j = 0; j < n; ++j) {
      x[j] = memory_[first + j] += x[j];
    }
  }
  return true;
}

void take_back(const far_end& e, const float* lost) noexcept {
#pragma omp simd
  for (std::size_t j = 0; j < e.n; ++j) {
    relaxed::store(e.c[j], relaxed::load(e.c[j]) - lost[j]);
  }
}

}  // namespace sounder::kernels
