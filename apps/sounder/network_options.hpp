#pragma once

// Nodes, addresses, TLS: the options of commands that talk to other processes.

#include <chrono>
#include <string>
#include <vector>

#include "actors/node/network.hpp"
#include "actors/plan/training_plan.hpp"
#include "apps/sounder/options.hpp"

namespace sounder::app {

/// --tls-cert, --tls-key, --tls-ca, --insecure.
option_group tls_options();
/// --nodes, --all-here and --connect-deadline.
option_group nodes_options();

/// Files that are there, all three or none. Errors: usage_error.
actors::tls_files read_tls(const settings& values);

/// The address that an option names. Errors: usage_error.
actors::node_address read_address(const settings& values,
                                  const std::string& option);

/// Refuses to be reached from other machines without TLS, unless --insecure
/// is there: then it is warned of.
void check_exposure(const settings& values, const std::string& option,
                    const actors::node_address& at,
                    const actors::tls_files& tls);

/// How many of --nodes are for no place in particular.
unsigned unnamed_nodes(const settings& values);

/// Puts --nodes into the plan: replicas without a place go to the nodes in
/// turn; hubs stay here. A name of a place in the wiring may be bound to an
/// address: NAME=HOST:PORT. With --all-here there are no places.
/// Errors: usage_error, among others for an address that is there twice.
void place_on_nodes(const settings& values, actors::training_plan& plan);

}  // namespace sounder::app
