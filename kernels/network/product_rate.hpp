#pragma once

namespace sounder::kernels {

/// Floating-point operations a second that one thread reaches here in a
/// product of two matrices of up to 512 x 512: what layers are measured
/// against. Takes some 100 ms.
double product_flops_per_s();

}  // namespace sounder::kernels
