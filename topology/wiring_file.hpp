#pragma once

// Graphs as text: a wiring file, in JSON with // comments. The reference is
// docs/reference/wiring-file.md.

#include <stdexcept>
#include <string>
#include <string_view>

#include "topology/graph.hpp"

namespace sounder::topology {

/// A wiring file that cannot be understood. what() is one line:
///
///   FILE:LINE: PROBLEM                       the text is not JSON
///   FILE:LINE: links[3].exchange: PROBLEM    a value is not what it must be
///   FILE: PROBLEM                            the file cannot be read
///
/// and lists what is allowed. Whether the graph can run is not the question
/// here: validate answers it.
class wiring_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The graph that the text describes; `file` is for messages.
/// Errors: wiring_error, also for more than 1,024 replicas or 2^20 links.
graph parse_wiring(std::string_view text, const std::string& file = "wiring");

/// The graph in the file. Errors: wiring_error, also when it cannot be read or
/// has more than 64 MiB.
graph read_wiring(const std::string& file);

/// The graph as the text of a file, a line for each replica and link:
/// parse_wiring(write_wiring(g)) is g again.
std::string write_wiring(const graph& wiring);

}  // namespace sounder::topology
