// What a node says of itself, and who asks it from outside.

#include <thread>

#include <caf/io/all.hpp>
#include <nlohmann/json.hpp>

#include "actors/exit_reasons.hpp"
#include "actors/node/node.hpp"
#include "actors/node/node_session.hpp"
#include "actors/plan/link_json.hpp"

namespace sounder::actors {

namespace {

using nlohmann::json;

json as_json(const std::vector<std::shared_ptr<link_meter>>& meters) {
  json links = json::array();
  for (const auto& meter : meters) {
    if (meter->latency_ns->count() > 0) {
      links.push_back(json(as_json(meter->record())));
    }
  }
  return links;
}

/// What the node says now, with the rates since it was asked before.
json with_rates(const json& before, json now) {
  const double seconds =
      now.at("time_s").get<double>() - before.at("time_s").get<double>();
  const json& was = before.at("replicas");
  for (std::size_t k = 0; k < now["replicas"].size(); ++k) {
    json& replica = now["replicas"][k];
    const auto samples = replica.at("samples").get<double>();
    const double moved =
        k < was.size() ? samples - was[k].at("samples").get<double>() : 0.0;
    replica["samples_per_s"] = seconds > 0.0 ? moved / seconds : 0.0;
  }
  now.erase("time_s");
  return now;
}

}  // namespace

std::string links_text(const node_session* run) {
  return run ? as_json(run->meters).dump() : "[]";
}

std::string status_text(const node_address& listens, const node_session* run,
                        const std::vector<token_status>& tokens) {
  json out = {{"listen", listens.text()},
              {"protocol", protocol},
              {"state", run ? "training" : "waiting"}};
  if (run) {
    out["time_s"] = std::chrono::duration<double>(
                        std::chrono::steady_clock::now().time_since_epoch())
                        .count();
    out["replicas"] = json::array();
    for (const wired_replica& r : run->replicas) {
      const std::uint64_t samples = r.state->samples;
      out["replicas"].push_back(
          {{"name", r.name},
           {"workers", r.setup->workers},
           {"samples", samples},
           {"steps", samples / r.setup->plan->batch_size}});
    }
    out["links"] = as_json(run->meters);
    out["tokens"] = json::array();
    for (const token_status& t : tokens) {
      out["tokens"].push_back(
          {{"ring", t.ring}, {"holder", t.holder}, {"passes", t.passes}});
    }
  }
  return out.dump();
}

std::string status_of(const node_address& at, const tls_files& tls,
                      std::chrono::milliseconds deadline) {
  network_config config;
  configure_network(config, tls);
  caf::actor_system system(config);
  const node_actor node = connect(system, at, deadline);
  caf::scoped_actor self(system, true);
  const auto ask = [&] {
    json said;
    self->request(node, deadline, status_atom::value)
        .receive([&](const std::string& text) { said = json::parse(text); },
                 [&](const caf::error& problem) {
                   throw peer_error("node " + at.text() + " does not answer (" +
                                    words_of(system, problem) + ")");
                 });
    return said;
  };
  json first = ask();
  if (!first.contains("replicas")) {
    return first.dump();
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(250));
  json then = ask();
  return (then.contains("replicas") ? with_rates(first, std::move(then)) : then)
      .dump();
}

}  // namespace sounder::actors
