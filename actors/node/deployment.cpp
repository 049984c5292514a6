#include "actors/node/deployment.hpp"

#include <nlohmann/json.hpp>

#include "topology/wiring_file.hpp"

namespace sounder::actors {

namespace {

using nlohmann::json;

json as_json(const epoch_cut& cut) {
  json chunk_ends = json::array();
  for (const chunk_range& chunk : cut.chunks) {
    chunk_ends.push_back(chunk.last);
  }
  return {{"batch_size", cut.batch_size},
          {"chunk_ends", std::move(chunk_ends)},
          {"phase_ends", cut.phase_ends}};
}

epoch_cut as_cut(const json& text) {
  epoch_cut cut;
  cut.batch_size = text.at("batch_size");
  std::size_t first = 0;
  for (const json& end : text.at("chunk_ends")) {
    cut.chunks.push_back({first, end.get<std::size_t>()});
    first = cut.chunks.back().last;
  }
  cut.phase_ends = text.at("phase_ends").get<std::vector<std::size_t>>();
  if (cut.batch_size == 0 || cut.chunks.empty() || cut.phase_ends.empty()) {
    throw std::invalid_argument("a deployment with an empty epoch");
  }
  return cut;
}

json as_json(const replica_setup& setup) {
  json epochs = json::array();
  for (const epoch_cut& cut : setup.cut.epochs()) {
    epochs.push_back(as_json(cut));
  }
  return {{"head", setup.head},
          {"head_every", setup.head_every},
          {"stepper", static_cast<int>(setup.stepper)},
          {"epochs", std::move(epochs)}};
}

replica_setup as_setup(const json& text) {
  replica_setup setup;
  setup.head = text.at("head");
  setup.head_every = text.at("head_every");
  setup.stepper = static_cast<stepper>(text.at("stepper").get<int>());
  std::vector<epoch_cut> epochs;
  for (const json& cut : text.at("epochs")) {
    epochs.push_back(as_cut(cut));
  }
  setup.cut = run_cut(std::move(epochs));
  return setup;
}

std::vector<char> as_bytes(const json& text) {
  std::vector<char> bytes;
  json::to_cbor(text, bytes);
  return bytes;
}

}  // namespace

std::vector<std::size_t> deployment::stepping() const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < plan.graph.replicas.size(); ++i) {
    if (plan.graph.replicas[i].place == place &&
        !plan.graph.replicas[i].is_hub()) {
      found.push_back(i);
    }
  }
  return found;
}

std::vector<char> encode(const deployment& part) {
  const training_plan& plan = part.plan;
  return as_bytes({
      {"place", part.place},
      {"wiring", topology::write_wiring(plan.graph)},
      {"batch_size", plan.batch_size},
      {"epochs", plan.epochs},
      {"order", static_cast<int>(plan.order.kind)},
      {"block_rows", plan.order.block_rows},
      {"seed", plan.seed},
      {"optimizer",
       {static_cast<int>(plan.optimizer.kind), plan.optimizer.momentum,
        plan.optimizer.beta, plan.optimizer.epsilon,
        plan.optimizer.weight_decay, plan.optimizer.trust}},
      {"gd_epochs", plan.gd.epochs},
      {"time_limit_s",
       plan.stop.wall_clock ? plan.stop.wall_clock->count() : 0},
      {"rows", part.shape.rows},
      {"nonzeros", part.shape.nonzeros},
      {"objective", part.objective},
      {"learned", part.learned},
      {"data", part.data},
      {"fingerprint", part.fingerprint},
      {"features", part.features},
      {"peers", part.peers},
      {"secret", part.secret},
  });
}

std::vector<char> encode(const timetable& times) {
  json shares = json::array();
  for (const share& each : times.partition.shares) {
    shares.push_back({each.rows, each.part, each.parts});
  }
  json setups = json::array();
  for (const replica_setup& setup : times.setups) {
    setups.push_back(as_json(setup));
  }
  return as_bytes({{"rows", times.partition.shape.rows},
                   {"nonzeros", times.partition.shape.nonzeros},
                   {"shares", std::move(shares)},
                   {"setups", std::move(setups)}});
}

timetable decode_timetable(const std::vector<char>& bytes,
                           const training_plan& plan) {
  const json text = json::from_cbor(bytes);
  timetable times;
  times.partition.shape = {text.at("rows"), text.at("nonzeros")};
  for (const json& each : text.at("shares")) {
    times.partition.shares.push_back({each.at(0), each.at(1), each.at(2)});
  }
  for (const json& setup : text.at("setups")) {
    times.setups.push_back(as_setup(setup));
  }
  const std::size_t replicas = plan.graph.replicas.size();
  if (times.setups.size() != replicas ||
      times.partition.shares.size() != replicas) {
    throw std::invalid_argument("a timetable that does not fit its graph");
  }
  return times;
}

deployment decode(const std::vector<char>& bytes) {
  const json text = json::from_cbor(bytes);
  deployment part;
  part.place = text.at("place");
  training_plan& plan = part.plan;
  plan.graph = topology::parse_wiring(text.at("wiring").get<std::string>());
  plan.batch_size = text.at("batch_size");
  plan.epochs = text.at("epochs");
  plan.order.kind =
      static_cast<kernels::order_kind>(text.at("order").get<int>());
  plan.order.block_rows = text.at("block_rows");
  plan.seed = text.at("seed");
  const json& optimizer = text.at("optimizer");
  plan.optimizer = {
      static_cast<kernels::optimizer_kind>(optimizer.at(0).get<int>()),
      optimizer.at(1),
      optimizer.at(2),
      optimizer.at(3),
      optimizer.at(4),
      optimizer.at(5)};
  plan.gd.epochs = text.at("gd_epochs");
  if (const double limit = text.at("time_limit_s"); limit > 0.0) {
    plan.stop.wall_clock = std::chrono::duration<double>(limit);
  }
  part.shape = {text.at("rows"), text.at("nonzeros")};
  if (plan.batch_size == 0) {
    throw std::invalid_argument("a deployment with batches of 0 samples");
  }
  part.objective = text.at("objective");
  part.learned = text.at("learned").get<std::vector<float>>();
  part.data = text.at("data");
  part.fingerprint = text.at("fingerprint").get<std::vector<std::uint64_t>>();
  part.features = text.at("features");
  part.peers = text.at("peers").get<std::map<std::string, std::string>>();
  part.secret = text.at("secret").get<run_secret>();
  return part;
}

}  // namespace sounder::actors
