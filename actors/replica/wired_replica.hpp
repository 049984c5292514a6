#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actors/plan/replica_setup.hpp"
#include "actors/replica/local_phase.hpp"
#include "actors/replica/training_job.hpp"
#include "actors/sync/target.hpp"
#include "actors/sync/token_ring.hpp"

namespace sounder::actors {

/// One replica of a graph; all but the name only if it lives in this process.
struct wired_replica {
  std::string name;
  std::shared_ptr<replica_setup> setup;
  std::shared_ptr<replica_memory> memory;
  std::shared_ptr<replica_links> links;  // of one that steps
  std::shared_ptr<target> far;           // how others meet it, if they do
  bool is_hub = false;
  bool is_here = true;
};

/// The token of a ring with members in this process.
struct wired_token {
  std::vector<std::string> members;  // in turn, of all processes
  std::shared_ptr<token_ring> ring;
};

}  // namespace sounder::actors
