#pragma once

// Link records as JSON: in reports and metrics, and between nodes.

#include <nlohmann/json.hpp>

#include "actors/plan/link_record.hpp"

namespace sounder::actors {

/// With its keys in the order of the documentation.
nlohmann::ordered_json as_json(const link_record& r);

/// Throws nlohmann::json::exception when it is none.
link_record as_link_record(const nlohmann::json& text);

}  // namespace sounder::actors
