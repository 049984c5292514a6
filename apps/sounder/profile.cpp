#include "apps/sounder/profile.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "apps/sounder/table.hpp"
#include "kernels/network/product_rate.hpp"

namespace sounder::app {

std::string profile_text(const kernels::network& net) {
  const double peak = kernels::product_flops_per_s();
  double all = 0.0;
  double flops = 0.0;
  for (const kernels::layer_time& t : net.times()) {
    all += t.forward_s + t.backward_s;
    flops += t.flops;
  }
  table rows({"layer", "share", "forward", "backward", "GFLOP/s", "of peak"},
             true);
  const auto rate = [&](double done, double seconds_spent) {
    return done / std::max(seconds_spent, 1e-12);
  };
  for (const kernels::layer_time& t : net.times()) {
    const double spent = t.forward_s + t.backward_s;
    rows.add({t.name, percent(spent / std::max(all, 1e-12)),
              seconds(t.forward_s), seconds(t.backward_s),
              fmt::format("{:.1f}", 1e-9 * rate(t.flops, spent)),
              percent(rate(t.flops, spent) / peak)});
  }
  return fmt::format(
      "{}all layers: {:.1f} GFLOP/s a thread; a product of two matrices "
      "reaches {:.1f} here\n",
      rows.text(), 1e-9 * rate(flops, all), 1e-9 * peak);
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
