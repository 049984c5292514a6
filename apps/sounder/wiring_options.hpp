#pragma once

// From options to a graph: a system by name, or a wiring file.

#include <string>

#include "apps/sounder/options.hpp"
#include "topology/graph.hpp"

namespace sounder::app {

/// What systems of several replicas leave open, and HOGWILD!'s private head.
std::vector<option_group> wiring_options();

/// --topology, --wiring, --replicas, --workers.
option_group topology_options();

/// A graph as it was asked for.
struct chosen_wiring {
  std::string name;       // of the system
  unsigned replicas = 1;  // with parameters to step
  unsigned workers = 1;   // of each
  topology::graph graph;

  /// "2 x 1" for two replicas of one worker, "4" for one replica.
  std::string size() const;
  unsigned threads() const noexcept { return replicas * workers; }
};

/// Whether the system has one replica, whose workers are to be counted.
bool has_one_replica(const std::string& name);

/// Refuses several replicas of a system that has one, and workers of serial:
/// it would run without them. Errors: usage_error.
void check_counts(const settings& values, const std::string& system,
                  unsigned replicas, unsigned workers);

/// Says that --compress has no effect when no replica lives on another node.
void warn_of_compression(const settings& values, const topology::graph& wiring);

/// Says which of the options of several replicas make no difference to the
/// system that was chosen.
void warn_of_idle_options(const settings& values, const chosen_wiring& chosen);

/// The system of that name ("auto" among them). `option` is where the name
/// stands, for messages. Errors: usage_error.
chosen_wiring read_wiring(const settings& values, const std::string& option,
                          const std::string& name, unsigned replicas,
                          unsigned workers);

/// The graph in the file that --wiring names. Errors: usage_error, also for
/// options that say what the file says.
chosen_wiring read_wiring_file(const settings& values);

}  // namespace sounder::app
