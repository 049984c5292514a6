#pragma once

// What a node has to know to run its part of a plan, as bytes.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/node/graph_builder.hpp"
#include "actors/plan/data_partition.hpp"

namespace sounder::actors {

/// Objectives of your own on other nodes: from their description to the thing.
using objective_factory =
    std::function<std::shared_ptr<const kernels::objective>(
        const std::string& description, const kernels::dataset& train)>;

/// A node's part of a run.
struct deployment {
  std::string place;           // which of the graph's places the node is
  training_plan plan;          // without objective and schedule
  std::string objective;       // its description
  std::vector<float> learned;  // by the leader's objective
  std::string data;            // the plan's data_source, or its part_source
  data_shape shape;            // of the leader's data set
  std::vector<std::uint64_t> fingerprint;
  std::uint64_t features = 0;
  std::map<std::string, std::string> peers;  // addresses of places
  run_secret secret{};                       // for streams
};

/// Who walks which samples in which steps: known when all nodes have said what
/// samples they have.
struct timetable {
  data_partition partition;
  std::vector<replica_setup> setups;  // of all
};

/// Throws std::invalid_argument when the plan's objective cannot be described.
std::vector<char> encode(const deployment& part);
std::vector<char> encode(const timetable& times);

/// Throw std::exception of some kind when the bytes are not what they should
/// be.
deployment decode(const std::vector<char>& bytes);
timetable decode_timetable(const std::vector<char>& bytes,
                           const training_plan& plan);

}  // namespace sounder::actors
