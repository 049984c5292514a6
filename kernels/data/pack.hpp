#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/data/dataset.hpp"
#include "kernels/data/hash.hpp"

namespace sounder::kernels {

/// The samples as one run of bytes, in this machine's byte order, for another
/// process to unpack.
std::vector<char> pack(const dataset& data);

/// The samples in the bytes.
/// Errors: std::invalid_argument when they are not what pack() makes: lengths
///         that do not fit, indices beyond the features, rows that descend.
dataset unpack(std::span<const char> bytes);

/// Tells data sets apart: equal for equal samples in equal order.
hash_128 fingerprint(const dataset& data);

}  // namespace sounder::kernels
