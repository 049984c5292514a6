#pragma once

// Values as they travel on a link: as they are, or compressed.

#include <optional>
#include <span>

#include "actors/sync/rules.hpp"
#include "kernels/exchange/packer.hpp"

namespace sounder::actors {

/// One end of a link to another node. Both ends must have begun with the same
/// parameters, and see all that is sent in order.
struct codec {
  std::optional<kernels::packer> out;  // none: values travel as they are
  std::optional<kernels::unpacker> in;

  codec() = default;
  /// With what goes out at this end, and what comes in.
  codec(const kernels::compression& how, kernels::payload goes_out,
        kernels::payload comes_in, std::span<const float> start) {
    if (how.form != kernels::packing::none) {
      out.emplace(how, goes_out, start);
      in.emplace(how.form, comes_in, start);
    }
  }
};

/// Of a link, with what goes out and comes in at an end that both ends know so
/// far.
template <class Start>
codec codec_of(const topology::link& link, kernels::payload out,
               kernels::payload in, const Start& start) {
  const kernels::compression how = packing_of(link);
  return how.form == kernels::packing::none ? codec()
                                            : codec(how, out, in, start());
}

}  // namespace sounder::actors
