#pragma once

// What sounder train says on stdout when it is through.

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "actors/plan/run_report.hpp"
#include "apps/sounder/recall.hpp"
#include "apps/sounder/wiring_options.hpp"
#include "apps/sounder/workload.hpp"

namespace sounder::app {

/// What the final model finds of each class; nothing when nobody asked.
struct found_classes {
  std::vector<class_recall> train;
  std::vector<class_recall> test;
};

struct finished_run {
  const chosen_wiring& wiring;
  const workload& work;
  const actors::run_report& report;
  bool profiled = false;
  found_classes found = {};
};

/// Epochs, links, where the time went.
std::string as_table(const finished_run& run);

/// The same in full.
nlohmann::ordered_json as_json(const finished_run& run);

}  // namespace sounder::app
