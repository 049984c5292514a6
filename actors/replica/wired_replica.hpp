#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actors/plan/replica_setup.hpp"
#include "actors/replica/replica_state.hpp"
#include "actors/sync/target.hpp"
#include "actors/sync/token_ring.hpp"

namespace sounder::actors {

/// One replica of a graph; all but the name only if it lives in this process.
struct wired_replica {
  /// How others meet it, if they do: a hub lives as long as who meets it.
  std::shared_ptr<target> far() const {
    return is_hub ? std::shared_ptr<target>(state, state->met.get())
                  : state->met;
  }

  std::string name;
  std::shared_ptr<replica_setup> setup;
  std::shared_ptr<replica_state> state;
  bool is_hub = false;
  bool is_here = true;
};

/// The token of a ring with members in this process.
struct wired_token {
  std::vector<std::string> members;  // in turn, of all processes
  std::shared_ptr<token_ring> ring;
};

}  // namespace sounder::actors
