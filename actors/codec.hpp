#pragma once

// Values as they travel on a link: as they are, or compressed.

#include <optional>
#include <span>

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

}  // namespace sounder::actors
