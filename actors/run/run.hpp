#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include "actors/messages.hpp"
#include "actors/node/graph_builder.hpp"
#include "actors/plan/run_policy.hpp"
#include "actors/replica/evaluation.hpp"
#include "actors/replica/local_phase.hpp"
#include "actors/run/checkpoint.hpp"
#include "actors/run/cluster.hpp"
#include "actors/run/train.hpp"

namespace sounder::actors {

/// What the replicas have delivered for one evaluation, while some are still
/// on their way.
struct goal_results {
  std::size_t arrived = 0;
  std::vector<phase_result> phases;  // by stepping replica
};

/// A replica with workers, as the run sees it.
struct stepping_replica {
  std::uint32_t number = 0;  // in the graph
  std::string name;
  std::string place;
  std::string home;  // for people: the leader, or the node it lives on
  replica_actor actor;
  bool is_here = true;
  bool is_gone = false;
  run_cut cut;
  bool has_common_samples = true;  // not a node's own
  bool knows_all_common = true;    // the samples of the others, too
  std::uint64_t hand = 0;          // phases dealt to it for its stride
  std::chrono::steady_clock::time_point set_out;  // on them
  double phases_of_late = 0.0;  // walked, older ones counting less
  double seconds_of_late = 0.0;
  double speed = 0.0;  // the one by the other
  unsigned goals_reached = 0;
  bool walking = false;
  unsigned walked_from = 0;    // epochs done when it was sent on
  unsigned epochs_walked = 0;  // when it rests again
  std::chrono::steady_clock::time_point came_home;
  std::optional<std::uint64_t> began_ns;  // on its way to the next goal
  phase_result last;
};

/// The phases of a stride, by stepping replica.
struct dealt_stride {
  unsigned to = 0;  // epoch
  std::vector<std::vector<phase_range>> hands;
  std::map<std::uint32_t, step_table> steps;  // by way, for other nodes
  std::size_t taken = 0;                      // hands
};

/// Those who are asked for their parameters, and what they have told.
class snapshot_round {
 public:
  using clock = std::chrono::steady_clock;
  using continuation = std::function<void(const std::vector<parameters>&)>;

  /// Calls then() once: when all have told, or it is closed. `usual_s` is what
  /// a snapshot may take on its way.
  snapshot_round(std::size_t asked, double usual_s, continuation then)
      : found_(asked),
        left_(asked),
        usual_s_(usual_s),
        then_(std::move(then)) {}

  void take(std::size_t k, const parameters& w) {
    if (is_closed()) {
      return;
    }
    found_[k] = w;
    last_ = clock::now();
    if (--left_ == 0) {
      close();
    }
  }
  bool is_closed() const noexcept { return then_ == nullptr; }
  std::size_t asked() const noexcept { return found_.size(); }
  std::size_t told() const noexcept { return found_.size() - left_; }
  /// Whether some take so much longer than others, or than usual, that theirs
  /// can be missed.
  bool is_overdue() const;
  /// Without those who have not told.
  void close();
  /// Nothing comes of it.
  void drop() noexcept { then_ = nullptr; }

 private:
  std::vector<parameters> found_;
  std::size_t left_;
  double usual_s_;
  continuation then_;
  clock::time_point since_ = clock::now();
  clock::time_point last_ = since_;
};

/// A hub, or a part of one.
struct run_hub {
  std::uint32_t number = 0;  // in the graph
  hub_actor actor;
  std::size_t first = 0;  // coordinate
  std::string place;
  bool is_here = true;
  bool is_gone = false;
};

/// The checkpoints of a run.
struct checkpoints {
  using clock = std::chrono::steady_clock;

  // Set once.
  checkpointing how;
  offload_actor writer;
  kernels::hash_128 samples_hash{};

  /// All rest at the end of this epoch until they have told their states.
  std::optional<unsigned> rest_at;
  bool is_asking = false;
  std::function<void()> when_told;
  std::shared_ptr<checkpoint> taken;         // waits for its evaluation
  std::shared_ptr<const checkpoint> newest;  // whole
  clock::time_point taken_at;                // or tried to
  clock::duration rested{0};  // by who came first, for the last one
  clock::time_point written_at;
  std::optional<unsigned> written;  // epoch
  std::size_t writing = 0;
  std::function<void()> when_written;
};

/// The state of a run: where it stands, what it has found, when to stop.
struct run_state {
  const char* name = "run";
  using clock = std::chrono::steady_clock;

  // Set once.
  plan_ptr plan;
  std::chrono::milliseconds stall_deadline{};
  kernels::dataset train_set;
  kernels::dataset test_set;
  bool concurrent = false;
  // Epochs that a replica walks before it comes back to the run, which looks at
  // where the others are.
  actors::stride stride;  // where there are nodes
  bool deals = false;     // what they walk of it
  std::vector<run_hub> hubs;
  std::vector<token_actor> tokens;  // those here: they live as long as this
  std::vector<member_node> nodes;
  std::vector<caf::actor> helpers;  // of links to the nodes
  data_shape epoch_shape;           // of what all replicas walk
  std::vector<std::shared_ptr<link_meter>> meters;
  std::vector<evaluator_actor> evaluators;  // the replicas when they pause
  recorder_actor recorder;
  clock::time_point started;
  std::stop_source stop_source;

  // Only this actor.
  std::vector<stepping_replica> replicas;
  std::map<unsigned, dealt_stride> dealt;  // by the epoch it begins after
  std::deque<goal_results> arriving;       // of goals not all have reached
  unsigned goals_reached = 0;              // by all
  unsigned goals_evaluated = 0;
  bool asks_makers = false;  // for what they are at the goal just reached
  std::shared_ptr<snapshot_round> asking;  // replicas, for that
  std::deque<evaluation_ptr> evaluating;
  std::size_t evaluators_at_work = 0;
  std::deque<epoch_record> awaiting;     // their records, losses still open
  std::optional<stop_reason> cut_short;  // within an epoch
  std::string closing;        // of a run cut short: its last evaluation is on
  std::string lost;           // who lost whom
  bool node_is_gone = false;  // that is what `lost` says
  run_report report;
  double start_loss = 0.0;
  double best_loss = 0.0;
  unsigned epochs_since_best = 0;
  std::uint64_t trained_until_ns = 0;
  bool finished = false;
  std::unique_ptr<std::stop_callback<std::function<void()>>> on_interrupt;
  caf::typed_response_promise<run_report_ptr> answer;

  actors::checkpoints checkpoints;
  double time_before = 0.0;  // of the processes that the run has outlived

  // The watch.
  std::uint64_t last_progress = 0;
  clock::time_point last_moved;
  std::vector<progress_report> seen;

  /// Adds the time in which some replica walked towards the goal.
  void add_time(const goal_results& at);

  /// Epochs walked when goal number `goal` (from 1) is reached.
  unsigned epoch_of(unsigned goal) const noexcept;
  unsigned goals() const noexcept;
  /// At that epoch's end, or before.
  unsigned goals_before(unsigned epoch) const noexcept;
  /// Done by all replicas that are not overdue.
  unsigned epochs_of_slowest() const;
  /// The epoch that a replica is sent to from one on its way to a goal: not so
  /// far that the others would lose touch, nor where it takes a long table of
  /// step sizes.
  unsigned next_stop(const stepping_replica& replica,
                     unsigned from) const noexcept;
  /// The stride that replica k sets out on, dealt when the first one does.
  dealt_stride& dealt_to(std::size_t k);
  /// Epochs that a replica may be ahead when it sets out.
  unsigned lead() const noexcept;
  bool knows_speeds() const noexcept;
  /// What replica k is to walk up to that epoch.
  assignment assign(std::size_t k, unsigned to);
  /// The next goal that nobody has set out beyond.
  unsigned common_goal() const noexcept;
  /// Whether all of them rest there.
  bool rests_at(unsigned epoch) const noexcept;
  /// Whether the others go on without it for now.
  bool is_overdue(const stepping_replica& replica) const;
  /// Whether all are there, but for who is overdue; at the last goal, all.
  bool is_next_goal_reached() const;
  /// After it has walked its hand.
  static void measure(stepping_replica& replica);
  double seconds_since_start() const;

  /// The hubs are the model where there are some, otherwise the replicas.
  bool has_hub() const noexcept { return !hubs.empty(); }
  /// Those who are the model and are not gone; of replicas, those at rest.
  std::vector<hub_actor> makers() const;
  /// Whether all replicas rest once they have reached the goal at that epoch's
  /// end.
  bool all_rest_at(std::size_t epoch) const noexcept;
  /// The makers' mean.
  parameters_ptr model_of(const std::vector<parameters>& makers) const;

  /// Completes the oldest awaiting record.
  void take(const evaluation_result& found);

  /// Whether the last record ends the run, and why.
  std::optional<stop_reason> verdict();
  /// Whether the last record is that of a model worse than the initial one,
  /// `at_end`: of a run that has nothing left to do.
  bool has_diverged(bool at_end) const noexcept;
  std::string divergence_advice() const;

  /// A replica rests for good, or at its goal.
  void come_home(std::size_t k);
  /// Whether nobody is walking but who is gone.
  bool all_are_home() const noexcept;
  /// Nobody there is to be waited for.
  void give_up_place(const std::string& place);
  bool is_interrupted() const { return plan->interrupt.stop_requested(); }

  /// For people: who is at work and whom they wait for; where a place is.
  std::string whom() const;
  std::string home_of(const std::string& place) const;
};

using run_ptr = whole_run::stateful_pointer<run_state>;

/// Sends replicas on, unless they are walking, or have nothing left, or the
/// evaluation or another replica is behind, or those who are the model tell
/// what they have come to, or all rest for a checkpoint.
void advance(run_ptr self);

/// The supervisor of a training run.
///
///   start -> advance -> phase_result of all -> evaluate -> evaluation_result
///   ..
///                 ^                                            |
///                 +------------- no verdict yet ---------------+
///
/// With concurrent evaluation a replica's next advance does not wait for the
/// evaluation, as long as it is at most two ahead; nor for other replicas, as
/// long as it is at most two strides ahead. Who is overdue is waited for only
/// at the end: the others go on, and are evaluated without it. A watch looks
/// after progress and ends a stalled run.
///
/// Who ends a group of processes by a signal ends all, in any order: when a
/// node is lost, the run waits a moment for an interrupt of its own, and ends
/// as interrupted with the parameters that it still has.
whole_run::behavior_type run(run_ptr self, plan_ptr plan,
                             deployed_graph deployed,
                             kernels::dataset train_set,
                             kernels::dataset test_set, epoch_observer observer,
                             checkpointing keeps);

}  // namespace sounder::actors
