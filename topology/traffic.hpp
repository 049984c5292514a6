#pragma once

// What a graph sends, from formulas alone. B is the size of the parameters;
// all is per local step, one step of every replica. A message is one that
// carries parameters, deltas, gradients; requests, acknowledgements and the
// framing of messages are not counted, nor is what replicas of one process do
// not have to send.
//
//   at a hub, `up` from the replica and `down` to it; at one of n parts 1 / n:
//     add-delta, gradient, outer-step, elastic,
//     custom                                      up B / tau, down B / tau
//     overwrite                                   down B / tau
//     gradient with push-fetch                    up B / push, down B / fetch
//     anything with one-of-group in a group of G  1 / G of it at each member
//                                                 when random, else all of it
//                                                 at the first
//   token-merge on a ring of n     2 B / (n tau0): once a turn the holder
//                                  reads the next one's parameters and adds to
//                                  them; a turn takes n tau0 steps
//   broadcast-delta, mix           B / tau in each direction
//   pair-average, every            2 B / tau
//   pair-average, random           B / tau (1 / d_i + 1 / d_j) in each
//                                  direction, d the numbers of such links
//   push-sum                       B / tau along the link
//   all-reduce, ring of N leaders  2 (N - 1) / N B / tau from each to the next,
//                                  in 2 (N - 1) messages; two leaders share a
//                                  link and use it in both directions
//   all-reduce, member of a group  up B / tau, down B / tau
//
// B is what is left of it on a link that compresses (compressed_bytes). On one
// that does not, where steps are on sparse samples, it is what the other end
// does not know (kernels/exchange/exceptions.hpp), 5 bytes a parameter that
// steps have moved, B at most:
//
//   up, add-delta, gradient, outer-step    moved by the replica since last time
//   down, add-delta, overwrite, gradient   by all that meet the hub
//   without momentum
//
// Steps on k samples move sum_j 1 - (1 - p_j)^k parameters, p_j the share of
// samples that have feature j: samples drawn one by one, each of which moves
// all of its features. A hinge loss moves fewer.
//
// What a group of EA-wild hands on inside after a push is not counted. Merges
// that skip small differences (token-merge, reference form) send less.

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "topology/graph.hpp"

namespace sounder::topology {

struct flow {
  double messages = 0.0;
  double bytes = 0.0;
};

/// Of one link: from its `from` to its `to`, and back.
struct link_traffic {
  flow forth;
  flow back;
};

struct traffic {
  std::vector<link_traffic> links;  // as in the graph
  std::vector<flow> replicas;       // what each sends and receives
  flow total;                       // each message once
  std::size_t busiest = 0;          // the replica with the most bytes
  bool assumes_tau = false;         // a link leaves tau to the run
};

/// Which features samples have.
struct sparse_samples {
  std::map<double, double> by_share;  // share of samples: features in so many
  double features = 0.0;              // all
  double batch = 1.0;                 // samples a step
};

/// Features that `rows` samples have, on average.
double touched(const sparse_samples& samples, double rows);

/// Errors: none; links must join existing replicas.
/// Inputs: B in bytes; the tau (>= 1) for links that leave it to the run. For
///         tokens that is the authors' 64, 16 above 4 and 4 above 10 replicas.
///         The samples where they are sparse and a step of the run moves the
///         parameters of their features alone.
/// Cost:   O(links), with samples times the different shares of them.
traffic traffic_of(const graph& wiring, double parameter_bytes,
                   std::size_t assumed_tau = 100,
                   const std::optional<sparse_samples>& samples = {});

}  // namespace sounder::topology
