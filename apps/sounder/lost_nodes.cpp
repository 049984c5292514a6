#include "apps/sounder/lost_nodes.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "actors/node/node.hpp"
#include "actors/wire/address.hpp"
#include "actors/wire/peer_error.hpp"

namespace sounder::app {

namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Looks again and again, so that an interrupt is heard.
bool answers(const std::string& address, const actors::training_plan& plan,
             clock::time_point until) {
  constexpr milliseconds a_while(500);
  do {
    try {
      static_cast<void>(
          actors::status_of(actors::parse_address(address), plan.tls, a_while));
      return true;
    } catch (const actors::peer_error&) {
    }
  } while (clock::now() < until && !plan.interrupt.stop_requested());
  return plan.interrupt.stop_requested();
}

}  // namespace

std::vector<std::string> absent_nodes(const actors::training_plan& plan,
                                      std::chrono::duration<double> wait) {
  const auto until =
      clock::now() + std::chrono::duration_cast<clock::duration>(wait);
  std::set<std::string> addresses;
  for (const topology::replica& each : plan.graph.replicas) {
    const auto named = plan.nodes.find(each.place);
    if (!each.place.empty()) {
      addresses.insert(named == plan.nodes.end() ? each.place : named->second);
    }
  }
  std::vector<std::string> absent;
  std::copy_if(
      addresses.begin(), addresses.end(), std::back_inserter(absent),
      [&](const std::string& at) { return !answers(at, plan, until); });
  return absent;
}

settings without_node(const settings& values, const std::string& address) {
  if (values.has("wiring")) {
    values.fail("wiring", fmt::format("needs node {}, which is gone", address));
  }
  std::string rest;
  for (const std::string& item : values.list("nodes")) {
    if (item.substr(item.find('=') + 1) != address) {
      rest += (rest.empty() ? "" : ",") + item;
    }
  }
  if (rest.empty()) {
    values.fail("nodes", "none of them is left");
  }
  return values.with("nodes", rest);
}

}  // namespace sounder::app
