#include "apps/sounder/profile.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "apps/sounder/table.hpp"
#include "kernels/network/product_rate.hpp"

namespace sounder::app {

namespace {

double spent(const kernels::layer_time& t) {
  return t.forward_s + t.backward_s;
}

/// All layers as one.
kernels::layer_time sum_of(const std::vector<kernels::layer_time>& times) {
  kernels::layer_time sum;
  for (const kernels::layer_time& t : times) {
    sum.forward_s += t.forward_s;
    sum.backward_s += t.backward_s;
    sum.flops += t.flops;
  }
  return sum;
}

double flops_per_s(const kernels::layer_time& t) {
  return t.flops / std::max(spent(t), 1e-12);
}

}  // namespace

std::string profile_text(const kernels::network& net, double steps_s) {
  const double peak = kernels::product_flops_per_s();
  const std::vector<kernels::layer_time> times = net.times();
  const kernels::layer_time layers = sum_of(times);
  const double all = std::max({steps_s, spent(layers), 1e-12});
  table rows({"layer", "share", "forward", "backward", "GFLOP/s", "of peak"},
             true);
  rows.may_drop({"of peak", "backward", "forward"});
  for (const kernels::layer_time& t : times) {
    rows.add({t.name, percent(spent(t) / all), seconds(t.forward_s),
              seconds(t.backward_s),
              fmt::format("{:.1f}", 1e-9 * flops_per_s(t)),
              percent(flops_per_s(t) / peak)});
  }
  rows.add({"other", percent(1.0 - spent(layers) / all), "", "", "", ""});
  return fmt::format(
      "{}steps: {} of all workers; other: samples, copies of the weights, "
      "loss, "
      "update\n"
      "all layers: {:.1f} GFLOP/s a thread; a product of two matrices "
      "reaches {:.1f} here\n",
      rows.text(), seconds(all), 1e-9 * flops_per_s(layers), 1e-9 * peak);
}

nlohmann::ordered_json profile_json(const kernels::network& net) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const kernels::layer_time& t : net.times()) {
    all.push_back({{"layer", t.name},
                   {"forward_s", t.forward_s},
                   {"backward_s", t.backward_s},
                   {"flops", t.flops}});
  }
  return all;
}

}  // namespace sounder::app
