#include "apps/sounder/reproducible.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "apps/sounder/network_model.hpp"
#include "apps/sounder/plan_options.hpp"
#include "topology/reproducible.hpp"

namespace sounder::app {

bool leaves_wiring_open(const settings& values) {
  return values.flag("reproducible") && !values.has("wiring") &&
         values.text("topology") == "auto";
}

settings with_reproducible_wiring(const settings& values, unsigned threads) {
  const bool splits_batch = is_network(values.text("model"));
  const settings wired = values
                             .with("topology", threads == 1   ? "serial"
                                               : splits_batch ? "allreduce"
                                                              : "star-in-turn")
                             .with("replicas", std::to_string(threads))
                             .with("workers", "1");
  if (!splits_batch || values.has("batch")) {
    return wired;
  }
  // Batch norm needs two samples.
  const std::size_t batch = std::max<std::size_t>(network_batch / threads, 2);
  return wired.with("batch", std::to_string(batch));
}

std::string reproducible_note(const settings& chosen) {
  return fmt::format(
      "reproducible: --topology {} --replicas {}{}", chosen.text("topology"),
      chosen.text("replicas"),
      chosen.has("batch") ? " --batch " + chosen.text("batch") : "");
}

void make_reproducible(const settings& values, actors::training_plan& plan) {
  if (!values.flag("reproducible")) {
    return;
  }
  // train() tells what is wrong with a graph.
  if (topology::validate(plan.graph).empty()) {
    const std::string why = topology::why_not_reproducible(plan.graph);
    if (!why.empty()) {
      values.fail("reproducible", why);
    }
  }
  if (values.has("time-limit")) {
    values.fail("time-limit",
                "how far a run comes in that time is not --reproducible; stop "
                "it by --epochs or --patience");
  }
  if (values.text("evaluate") == "concurrent") {
    values.fail("evaluate",
                "concurrent stops a run while its next epoch is under way, "
                "which is not --reproducible; take between");
  }
  plan.evaluation = actors::evaluation_mode::between;
}

}  // namespace sounder::app
