#include "kernels/model/fold.hpp"

#include "kernels/assert.hpp"

namespace sounder::kernels {

namespace {

/// sum_u w_u shift_u of an output. The weights are floats already, so that the
/// bias makes up for their rounding, too.
double shifted(const normalisation& how, const model& m, std::size_t output) {
  double sum = 0.0;
  for (std::size_t u = 0; u < m.features; ++u) {
    sum += static_cast<double>(m.weights[u * m.outputs + output]) *
           how.shift_of(u);
  }
  return sum;
}

void check(const normalisation& how, const model& m) {
  SOUNDER_ASSERT(how.shift.empty() || m.bias != 0.0);
  static_cast<void>(how);
  static_cast<void>(m);
}

}  // namespace

void fold(const normalisation& how, double constant, model& trained) {
  check(how, trained);
  trained.normalised = how.kind;
  const std::size_t outputs = trained.outputs;
  for (std::size_t k = 0; k < trained.features * outputs; ++k) {
    trained.weights[k] = static_cast<float>(
        static_cast<double>(trained.weights[k]) * how.factor_of(k / outputs));
  }
  for (std::size_t c = 0; c < outputs && trained.bias != 0.0; ++c) {
    float& w = trained.weights[trained.features * outputs + c];
    w = static_cast<float>(
        (static_cast<double>(w) * constant - shifted(how, trained, c)) /
        trained.bias);
  }
}

void unfold(const normalisation& how, double constant, model& trained) {
  check(how, trained);
  const std::size_t outputs = trained.outputs;
  for (std::size_t c = 0; c < outputs && trained.bias != 0.0; ++c) {
    float& w = trained.weights[trained.features * outputs + c];
    w = static_cast<float>(
        (static_cast<double>(w) * trained.bias + shifted(how, trained, c)) /
        constant);
  }
  for (std::size_t k = 0; k < trained.features * outputs; ++k) {
    trained.weights[k] = static_cast<float>(
        static_cast<double>(trained.weights[k]) / how.factor_of(k / outputs));
  }
}

}  // namespace sounder::kernels
