// What a run knows, and what follows from it: time, the way, the model, the
// verdict.

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "actors/run/run.hpp"
#include "kernels/exchange/gossip.hpp"

namespace sounder::actors {

namespace {

std::string listed(const std::vector<std::uint32_t>& workers) {
  std::string text;
  for (const std::uint32_t k : workers) {
    text += (text.empty() ? "" : ", ") + std::to_string(k);
  }
  return text;
}

bool tells(const run_hub& hub) { return !hub.is_gone; }
bool tells(const stepping_replica& replica) {
  return !replica.is_gone && !replica.walking;
}

template <class Part>
std::vector<hub_actor> actors_of(const std::vector<Part>& parts) {
  std::vector<hub_actor> all;
  for (const Part& each : parts) {
    if (tells(each)) {
      all.push_back(each.actor);
    }
  }
  return all;
}

}  // namespace

unsigned run_state::epoch_of(unsigned goal) const noexcept {
  const unsigned every = std::max(plan->evaluate_every, 1U);
  return std::min(plan->epochs, goal * every);
}

void run_state::add_time(const goal_results& at) {
  std::uint64_t begin = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t end = 0;
  std::uint64_t longest = 0;  // elsewhere, where clocks are others
  for (std::size_t k = 0; k < at.phases.size(); ++k) {
    const phase_result& phase = at.phases[k];
    if (phase.end_ns <= phase.begin_ns) {
      continue;  // has not come home
    }
    if (replicas[k].is_here) {
      begin = std::min(begin, phase.begin_ns);
      end = std::max(end, phase.end_ns);
    } else {
      longest = std::max(longest, phase.end_ns - phase.begin_ns);
    }
  }
  const std::uint64_t from = std::max(begin, trained_until_ns);
  const std::uint64_t here = end > from ? end - from : 0;
  trained_until_ns = std::max(trained_until_ns, end);
  report.train_s += 1e-9 * static_cast<double>(std::max(here, longest));
}

unsigned run_state::goals() const noexcept {
  const unsigned every = std::max(plan->evaluate_every, 1U);
  return plan->epochs / every + (plan->epochs % every == 0 ? 0 : 1);
}

unsigned run_state::goals_before(unsigned epoch) const noexcept {
  return epoch / std::max(plan->evaluate_every, 1U);
}

unsigned run_state::common_goal() const noexcept {
  unsigned furthest = 1;
  for (const stepping_replica& each : replicas) {
    furthest = std::max(furthest, each.epochs_walked);
  }
  const unsigned before = goals_before(furthest);
  return epoch_of(before) == furthest ? furthest : epoch_of(before + 1);
}

bool run_state::rests_at(unsigned epoch) const noexcept {
  return std::all_of(replicas.begin(), replicas.end(),
                     [=](const stepping_replica& each) {
                       return !each.walking && each.epochs_walked == epoch;
                     });
}

unsigned run_state::epochs_of_slowest() const {
  unsigned least = plan->epochs;
  for (const stepping_replica& each : replicas) {
    if (!is_overdue(each)) {
      least =
          std::min(least, each.walking ? each.walked_from : each.epochs_walked);
    }
  }
  return least;
}

unsigned run_state::next_stop(const stepping_replica& replica,
                              unsigned from) const noexcept {
  constexpr std::size_t most_chunks = std::size_t{1} << 18U;
  const unsigned left = epoch_of(goals_before(from) + 1) - from;
  const unsigned goal = from + std::min(left, stride.length);
  if (replica.is_here) {
    return goal;
  }
  const numbering& chunks = replica.cut.chunks();
  const std::size_t ways = deals ? replicas.size() : 1;  // a table for each
  const std::size_t epoch =
      chunks.place_of(chunks.before(from) + most_chunks / ways).epoch;
  return epoch >= goal ? goal
                       : std::max(static_cast<unsigned>(epoch), from + 1);
}

std::vector<hub_actor> run_state::makers() const {
  return has_hub() ? actors_of(hubs) : actors_of(replicas);
}

bool run_state::all_rest_at(std::size_t epoch) const noexcept {
  return !concurrent || epoch >= plan->epochs;
}

parameters_ptr run_state::model_of(
    const std::vector<parameters>& makers) const {
  const std::size_t size = plan->objective->dimension();
  if (makers.size() == 1 && makers.front().values->size() == size) {
    return makers.front().values;
  }
  std::vector<float> sum(size);
  std::size_t coordinates = 0;  // of all that is added up
  for (std::size_t k = 0; k < makers.size(); ++k) {
    const std::vector<float>& w = *makers[k].values;
    const std::size_t first = has_hub() ? hubs[k].first : 0;
    const std::size_t n = std::min(w.size(), size - first);
    kernels::push_sum_gather(sum.data() + first, w.data(), n);
    coordinates += n;
  }
  // Each coordinate is there equally often.
  const std::size_t count = coordinates / std::max<std::size_t>(size, 1);
  for (float& w : sum) {
    w /= static_cast<float>(count);
  }
  return std::make_shared<const std::vector<float>>(std::move(sum));
}

double run_state::seconds_since_start() const {
  return std::chrono::duration<double>(clock::now() - started).count();
}

void run_state::take(const evaluation_result& found) {
  epoch_record record = awaiting.front();
  awaiting.pop_front();
  report.parameters = *evaluating.front()->parameters();
  evaluating.pop_front();
  const auto mean = [](double sum, std::uint64_t rows) {
    return rows > 0 ? sum / static_cast<double>(rows) : 0.0;
  };
  record.time_s = time_before + seconds_since_start();
  record.penalty = found.penalty;
  record.train_loss = mean(found.train.loss, found.train.rows) + found.penalty;
  const bool classifies = plan->objective->classifies();
  if (classifies) {
    record.train_error =
        mean(static_cast<double>(found.train.errors), found.train.rows);
  }
  if (found.test.rows > 0) {
    record.test_loss = mean(found.test.loss, found.test.rows);
  }
  if (found.test.rows > 0 && classifies) {
    record.test_error =
        mean(static_cast<double>(found.test.errors), found.test.rows);
  }
  const epoch_record before =
      report.epochs.empty() ? epoch_record{} : report.epochs.back();
  const double seconds = record.train_s - before.train_s;
  if (seconds > 0.0) {
    record.samples_per_s =
        static_cast<double>(record.samples - before.samples) / seconds;
    record.nonzeros_per_s =
        static_cast<double>(record.nonzeros - before.nonzeros) / seconds;
  }
  report.epochs.push_back(record);
}

std::optional<stop_reason> run_state::verdict() {
  const stopping& stop = plan->stop;
  const epoch_record& last = report.epochs.back();
  const double loss = last.test_loss.value_or(last.train_loss);
  if (report.epochs.size() == 1 || loss < best_loss) {
    best_loss = loss;
    epochs_since_best = 0;
  } else {
    epochs_since_best += last.epoch - report.epochs.rbegin()[1].epoch;
  }
  const auto& error = last.test_error ? last.test_error : last.train_error;
  if (stop.target_error && error && *error <= *stop.target_error) {
    return stop_reason::target_reached;
  }
  if (stop.loss_change && report.epochs.size() > 1 &&
      std::abs(last.train_loss - report.epochs.rbegin()[1].train_loss) <
          *stop.loss_change) {
    return stop_reason::loss_settled;
  }
  if (stop.patience && epochs_since_best >= *stop.patience) {
    return stop_reason::patience_spent;
  }
  if (last.epoch >= plan->epochs) {
    return stop_reason::epochs_done;
  }
  return std::nullopt;
}

bool run_state::has_diverged(bool at_end) const noexcept {
  constexpr double noise = 0.05;  // of the start's loss, on some rows only
  const epoch_record& last = report.epochs.back();
  const double loss = last.train_loss;
  // A single step is a look at a gradient, not a training.
  return (at_end || plan->halts_above_start) &&
         last.samples > last.batch_size &&
         loss > start_loss + noise * std::abs(start_loss) + 1e-9;
}

std::string run_state::divergence_advice() const {
  double used = plan->schedule(0.0);  // the largest seen
  for (const epoch_record& record : report.epochs) {
    used = std::max(used, record.step_size);
  }
  const double safe = plan->objective->safe_step(train_set);
  const double advised = safe > 0.0 && safe < used ? safe : used / 10.0;
  const epoch_record& last = report.epochs.back();
  char what[96] = "not finite";
  if (std::isfinite(last.train_loss)) {
    std::snprintf(what, sizeof what, "%.4g, at the start %.4g,",
                  last.train_loss, start_loss);
  }
  char text[240];
  std::snprintf(text, sizeof text,
                "the loss is %s after epoch %u with step size %g; try %.2g",
                what, last.epoch, used, advised);
  return text;
}

void run_state::come_home(std::size_t k) {
  stepping_replica& replica = replicas[k];
  replica.began_ns.reset();
  if (replica.goals_reached < goals_reached) {
    return;  // it was overdue: that goal has its record
  }
  const std::size_t ahead = replica.goals_reached - goals_reached;
  if (arriving.size() <= ahead) {
    arriving.resize(ahead + 1);
  }
  goal_results& at = arriving[ahead];
  at.phases.resize(replicas.size());
  at.phases[k] = replica.last;
  ++at.arrived;
}

bool run_state::all_are_home() const noexcept {
  return std::none_of(
      replicas.begin(), replicas.end(),
      [](const stepping_replica& r) { return r.walking && !r.is_gone; });
}

void run_state::give_up_place(const std::string& place) {
  for (stepping_replica& replica : replicas) {
    replica.is_gone = replica.is_gone || replica.place == place;
  }
  for (run_hub& hub : hubs) {
    hub.is_gone = hub.is_gone || hub.place == place;
  }
}

std::string run_state::whom() const {
  std::string text;
  for (std::size_t k = 0; k < seen.size(); ++k) {
    const progress_report& one = seen[k];
    std::string who = one.waits_for;
    if (who.empty() && !one.busy.empty()) {
      who = "waiting for worker " + listed(one.busy) +
            (replicas.size() > 1 ? " of " + replicas[k].name : "");
    }
    text += (text.empty() || who.empty() ? "" : "; ") + who;
  }
  return text.empty() ? "waiting for the evaluation" : text;
}

std::string run_state::home_of(const std::string& place) const {
  for (const member_node& node : nodes) {
    if (node.place == place) {
      return "node " + node.address.text();
    }
  }
  return "the leader";
}

}  // namespace sounder::actors
