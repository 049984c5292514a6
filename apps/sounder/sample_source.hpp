#pragma once

// What the leader of a run says about its samples, and what nodes with files of
// their own make of it.

#include <string>

#include "apps/sounder/options.hpp"
#include "apps/sounder/progress.hpp"
#include "apps/sounder/workload.hpp"

namespace sounder::app {

/// What a node was started with.
struct own_files {
  std::string data;
  std::string topics;   // of its samples; empty: none
  std::string weights;  // the same
};

/// The options that say which samples a run is on, for nodes that have the
/// same file.
std::string copy_source(const settings& values);

/// How nodes shall read samples of their own: format, labels, what these
/// count, features and their order as in the leader's.
std::string part_source(const settings& values, const workload& work);

/// The leader's samples, from a copy of its file.
/// Errors: usage_error, data_error.
kernels::dataset open_copy(const std::string& source, const own_files& own,
                           progress& out);

/// Other samples, in the leader's terms.
/// Errors: usage_error; data_error when they are not of its kind.
kernels::dataset open_part(const std::string& source, const own_files& own,
                           progress& out);

}  // namespace sounder::app
