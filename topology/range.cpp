#include "topology/range.hpp"

#include <cmath>

namespace sounder::topology {

bool is_within(double value, range allowed) noexcept {
  switch (allowed) {
    case range::any:
    case range::rule:
      return true;
    case range::steps:
    case range::count:
      return value >= 1.0;
    case range::milliseconds:
      return value <= 86'400'000.0;
    case range::share:
      return value > 0.0 && value < 1.0;
    case range::momentum:
      return value >= 0.0 && value < 1.0;
    case range::positive:
      return value > 0.0 && std::isfinite(value);
    case range::not_negative:
      return value >= 0.0 && std::isfinite(value);
    case range::sparse_share:
      return value > 0.0 && value < 0.5;
  }
  return false;
}

std::string limits(range allowed) {
  switch (allowed) {
    case range::any:
    case range::rule:
      return "";
    case range::steps:
      return "1 step is the least";
    case range::count:
      return "1 is the least";
    case range::milliseconds:
      return "a day, 86400000, is the most";
    case range::share:
      return "it must lie between 0 and 1";
    case range::momentum:
      return "it must be 0 or more, below 1";
    case range::positive:
      return "it must be above 0";
    case range::not_negative:
      return "0 is the least";
    case range::sparse_share:
      return "it must be above 0 and below 0.5, from where on indices and "
             "numbers are no less than all numbers";
  }
  return "";
}

}  // namespace sounder::topology
