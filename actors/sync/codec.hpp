#pragma once

// Values as they travel on a link: as they are, or compressed.

#include <memory>
#include <optional>
#include <span>
#include <vector>

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

  /// Exact to rounding: what the other end knows is not said again. Parameters
  /// of a way are known from the last ones that went it, differences from the
  /// parameters of the way back.
  static codec against_known(kernels::payload goes_out,
                             kernels::payload comes_in,
                             std::span<const float> start) {
    const auto made = [&] {
      return std::make_shared<std::vector<float>>(start.begin(), start.end());
    };
    const kernels::known_parameters known = made();
    const bool both = goes_out == kernels::payload::parameters &&
                      comes_in == kernels::payload::parameters;
    codec of;
    of.out.emplace(known, goes_out);
    of.in.emplace(both ? made() : known, comes_in);
    return of;
  }
};

/// Of a link, with what goes out and comes in at an end that both ends know so
/// far. `says_less`: where the link does not compress, what is known is not
/// said again.
template <class Start>
codec codec_of(const topology::link& link, kernels::payload out,
               kernels::payload in, const Start& start,
               bool says_less = false) {
  const kernels::compression how = packing_of(link);
  if (how.form != kernels::packing::none) {
    return codec(how, out, in, start());
  }
  return says_less ? codec::against_known(out, in, start()) : codec();
}

}  // namespace sounder::actors
