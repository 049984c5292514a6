#include "actors/run/start_loss.hpp"

#include <algorithm>
#include <vector>

namespace sounder::actors {

double loss_at_start(const kernels::objective& objective,
                     const kernels::dataset& data, std::uint64_t seed) {
  constexpr std::size_t most_stretches = 16;
  constexpr std::size_t least_stretches = 4;  // classes may lie apart
  constexpr double most_rows = 2048.0;
  constexpr double most_cost = 2e7;  // some 20 ms
  const std::size_t rows = data.rows();
  if (rows == 0) {
    return 0.0;
  }
  const double a_row =
      std::max(objective.row_cost(static_cast<double>(data.nonzeros()) /
                                  static_cast<double>(rows)),
               1.0);
  const auto wanted =
      static_cast<std::size_t>(std::min(most_rows, most_cost / a_row));
  const std::size_t usual = std::clamp<std::size_t>(
      wanted / most_stretches, std::min(objective.evaluation_batch(), rows),
      rows);
  const std::size_t length = rows < least_stretches * usual ? rows : usual;
  const std::size_t stretches =
      std::min(std::clamp(wanted / length, least_stretches, most_stretches),
               rows / length);
  std::vector<float> start(objective.dimension());
  objective.initialise(start, seed);
  kernels::loss_sums sums;
  for (std::size_t k = 0; k < stretches; ++k) {
    const std::size_t first =
        (rows - length) * k / std::max<std::size_t>(stretches - 1, 1);
    sums += objective.evaluate(data, first, first + length, start.data());
  }
  return sums.loss / static_cast<double>(sums.rows) +
         objective.penalty(start.data());
}

}  // namespace sounder::actors
