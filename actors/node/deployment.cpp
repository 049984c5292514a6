#include "actors/node/deployment.hpp"

#include <nlohmann/json.hpp>

#include "topology/wiring_file.hpp"

// Of each type the fields that travel, named once for both directions.

namespace sounder::kernels {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(optimizer, kind, momentum, beta, epsilon,
                                   weight_decay, trust)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(order_spec, kind, block_rows)

}  // namespace sounder::kernels

namespace sounder::topology {

static void to_json(nlohmann::json& out, const graph& wiring) {
  out = write_wiring(wiring);
}
static void from_json(const nlohmann::json& text, graph& wiring) {
  wiring = parse_wiring(text.get<std::string>());
}

}  // namespace sounder::topology

namespace sounder::actors {

using nlohmann::json;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(data_shape, rows, nonzeros, is_sparse)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(share, rows, part, parts)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(data_partition, shape, shares)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(chunk_range, first, last)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(epoch_cut, batch_size, chunks, phase_ends)

static void to_json(json& out, const run_cut& cut) { out = cut.epochs(); }
static void from_json(const json& text, run_cut& cut) {
  auto epochs = text.get<std::vector<epoch_cut>>();
  for (const epoch_cut& each : epochs) {
    if (each.batch_size == 0 || each.chunks.empty() ||
        each.phase_ends.empty()) {
      throw std::invalid_argument("a deployment with an empty epoch");
    }
  }
  cut = run_cut(std::move(epochs));
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(replica_setup, head, head_every, stepper,
                                   cut)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(timetable, partition, setups)

namespace {

/// Calls field("name", member) for each; Part is const or not.
template <class Part, class Field>
void for_each_field(Part& part, const Field& field) {
  auto& plan = part.plan;
  field("place", part.place);
  field("wiring", plan.graph);
  field("batch_size", plan.batch_size);
  field("epochs", plan.epochs);
  field("order", plan.order);
  field("seed", plan.seed);
  field("optimizer", plan.optimizer);
  field("gd_epochs", plan.gd.epochs);
  field("shape", part.shape);
  field("objective", part.objective);
  field("learned", part.learned);
  field("data", part.data);
  field("fingerprint", part.fingerprint);
  field("features", part.features);
  field("peers", part.peers);
  field("secret", part.secret);
}

std::vector<char> as_bytes(const json& text) {
  std::vector<char> bytes;
  json::to_cbor(text, bytes);
  return bytes;
}

}  // namespace

std::vector<char> encode(const deployment& part) {
  json text;
  for_each_field(
      part, [&](const char* name, const auto& member) { text[name] = member; });
  if (const auto& limit = part.plan.stop.wall_clock) {
    text["time_limit_s"] = limit->count();
  }
  if (const auto& lag = part.plan.max_lag) {
    text["max_lag"] = *lag;
  }
  return as_bytes(text);
}

std::vector<char> encode(const timetable& times) { return as_bytes(times); }

deployment decode(const std::vector<char>& bytes) {
  const json text = json::from_cbor(bytes);
  deployment part;
  for_each_field(part, [&](const char* name, auto& member) {
    text.at(name).get_to(member);
  });
  if (text.contains("time_limit_s")) {
    part.plan.stop.wall_clock =
        std::chrono::duration<double>(text.at("time_limit_s"));
  }
  if (text.contains("max_lag")) {
    part.plan.max_lag = text.at("max_lag").get<double>();
  }
  if (part.plan.batch_size == 0) {
    throw std::invalid_argument("a deployment with batches of 0 samples");
  }
  return part;
}

timetable decode_timetable(const std::vector<char>& bytes,
                           const training_plan& plan) {
  auto times = json::from_cbor(bytes).get<timetable>();
  const std::size_t replicas = plan.graph.replicas.size();
  if (times.setups.size() != replicas ||
      times.partition.shares.size() != replicas) {
    throw std::invalid_argument("a timetable that does not fit its graph");
  }
  return times;
}

}  // namespace sounder::actors
