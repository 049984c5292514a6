// A program of somebody else, built against the installed package.
#include "kernels/step/step_size.hpp"
#include "topology/graph.hpp"

int main() {
  const auto step = sounder::kernels::decaying_step(0.5, 0.5);
  const auto wiring = sounder::topology::hogwild(2);
  const bool works = step(2.0) == 0.125 && validate(wiring).empty();
  return works ? 0 : 1;
}
