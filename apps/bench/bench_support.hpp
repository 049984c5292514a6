#pragma once

// What the benchmarks share: data, timing, the machine, tables.

#include <functional>
#include <string>
#include <vector>

#include "kernels/data/dataset.hpp"
#include "kernels/data/train_test.hpp"

namespace sounder::bench {

/// A data set ready for training: labels +1/-1, features by popularity.
struct prepared {
  std::string name;
  kernels::dataset train;
  kernels::dataset test;
};

/// RCV1 from `folder`: rcv1_{train,test}.binary.bz2, as scripts/get-data brings
/// them, or rcv1_ccat_{train,test}.svm, plain or .xz. Empty sets when it holds
/// neither.
prepared load_rcv1(const std::string& folder);

/// The generated set of 677,399 x 47,236, or `rows` of it.
prepared generate_rcv1_like(std::size_t rows);

/// Renumbers both sets by the popularity of features in the first.
prepared prepare(std::string name, kernels::train_test sets);

/// Runs every candidate once a round, in turn, so that a noisy machine
/// treats all alike; returns each one's times in seconds, sorted.
std::vector<std::vector<double>> time_in_turn(
    const std::vector<std::function<double()>>& candidates, unsigned rounds);

double median(const std::vector<double>& sorted);

/// Wall seconds of a call.
double seconds(const std::function<void()>& call);

/// CPU, cores, compiler: one line.
std::string machine();

/// Largest resident size so far, in MB (10^6 bytes).
double peak_rss_mb();

}  // namespace sounder::bench
