#include "actors/run/run_checkpoint.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "actors/exit_reasons.hpp"
#include "actors/run/run_ending.hpp"

namespace sounder::actors {

namespace {

using clock = checkpoints::clock;

/// A run rests for a fiftieth of its time at most, and not all the time.
constexpr int most_rests = 50;
constexpr std::chrono::milliseconds least_between(500);

/// A token that is on its way between processes when all have come to rest
/// arrives within moments: states are asked for until two answers are alike.
constexpr int most_looks = 20;

/// All replicas and hubs, by number.
std::vector<hub_actor> all_of(const run_state& state) {
  std::vector<hub_actor> all(state.replicas.size() + state.hubs.size());
  for (const stepping_replica& each : state.replicas) {
    all[each.number] = each.actor;
  }
  for (const run_hub& each : state.hubs) {
    all[each.number] = each.actor;
  }
  return all;
}

bool has_tokens_on_their_way(const run_state& state) {
  const auto& links = state.plan->graph.links;
  return !state.nodes.empty() &&
         std::any_of(links.begin(), links.end(), [](const auto& each) {
           return discipline_of<topology::on_token>(each) != nullptr;
         });
}

bool is_due(const run_state& state) {
  const checkpoints& all = state.checkpoints;
  const auto wanted =
      std::chrono::duration_cast<clock::duration>(all.how.every);
  const auto affordable =
      std::max<clock::duration>(most_rests * all.rested, least_between);
  return clock::now() - all.taken_at >= std::min(wanted, affordable);
}

/// Nobody has to rest any longer.
void send_all_on(run_ptr self) {
  checkpoints& all = self->state.checkpoints;
  all.rest_at.reset();
  all.taken_at = clock::now();
}

/// Training goes on; once each time it begins.
void note_problem(run_ptr self, const std::string& problem) {
  std::string& noted = self->state.report.checkpoint_problem;
  if (noted.empty()) {
    std::fprintf(stderr, "a checkpoint is missing: %s\n", problem.c_str());
  }
  noted = problem;
}

using states = std::vector<std::vector<char>>;

/// Calls then() with the states of all, or otherwise() with the reason.
void ask_states(run_ptr self, std::function<void(states)> then,
                std::function<void(const std::string&)> otherwise) {
  struct round {
    states found;
    std::size_t left;
  };
  const std::vector<hub_actor> all = all_of(self->state);
  const auto asked =
      std::make_shared<round>(round{states(all.size()), all.size()});
  for (std::size_t i = 0; i < all.size(); ++i) {
    self->request(all[i], self->state.stall_deadline, keep_atom::value)
        .then(
            [=](std::vector<char>& bytes) {
              asked->found[i] = std::move(bytes);
              if (--asked->left == 0) {
                then(std::move(asked->found));
              }
            },
            [=](const caf::error& problem) {
              if (std::exchange(asked->left, 0) > 0) {
                otherwise(self->state.plan->graph.replicas[i].name + ": " +
                          words_of(self->system(), problem));
              }
            });
  }
}

void ask_until_alike(run_ptr self, states before, int looks,
                     const std::function<void(states)>& then,
                     const std::function<void(const std::string&)>& otherwise) {
  ask_states(
      self,
      [=, before = std::move(before)](states found) {
        if (found == before || !has_tokens_on_their_way(self->state)) {
          then(std::move(found));
        } else if (looks == 0) {
          otherwise("a token does not come to rest");
        } else {
          ask_until_alike(self, std::move(found), looks - 1, then, otherwise);
        }
      },
      otherwise);
}

/// What the run itself has come to is added by complete_checkpoint().
std::shared_ptr<checkpoint> made_of(const run_state& state, unsigned epoch,
                                    states found) {
  const auto made = std::make_shared<checkpoint>();
  made->last.epoch = epoch;
  made->samples_hash = state.checkpoints.samples_hash;
  made->words = state.checkpoints.how.words;
  made->wiring = wiring_text(state.plan->graph);
  for (std::size_t i = 0; i < found.size(); ++i) {
    made->states.push_back(
        {state.plan->graph.replicas[i].name, std::move(found[i])});
  }
  return made;
}

/// All rest at that epoch's end. Then() follows in any case.
void take(run_ptr self, unsigned epoch, const std::function<void()>& then) {
  const auto go_on = [=] {
    checkpoints& all = self->state.checkpoints;
    all.is_asking = false;
    then();
    if (all.when_told) {
      std::exchange(all.when_told, nullptr)();
    }
  };
  self->state.checkpoints.is_asking = true;
  ask_until_alike(
      self, {}, most_looks,
      [=](states found) {
        run_state& state = self->state;
        state.checkpoints.taken = made_of(state, epoch, std::move(found));
        complete_checkpoint(self);
        go_on();
      },
      [=](const std::string& why) {
        note_problem(self, "none was taken after epoch " +
                               std::to_string(epoch) + ": " + why);
        go_on();
      });
}

void write(run_ptr self) {
  checkpoints& all = self->state.checkpoints;
  all.written_at = clock::now();
  all.written = all.newest->epoch();
  ++all.writing;
  const auto work = std::make_shared<const std::function<void()>>(
      [newest = all.newest, folder = all.how.folder, count = all.how.count] {
        folder->write(*newest, count);
      });
  const auto written = [=] {
    checkpoints& s = self->state.checkpoints;
    if (--s.writing == 0 && s.when_written) {
      std::exchange(s.when_written, nullptr)();
    }
  };
  self->request(all.writer, caf::infinite, work_atom::value, work)
      .then(
          [=, epoch = all.newest->epoch()](bool) {
            self->state.report.checkpoint = epoch;
            self->state.report.checkpoint_problem.clear();
            written();
          },
          [=](const caf::error& problem) {
            note_problem(self, words_of(self->system(), problem));
            written();
          });
}

}  // namespace

void take_checkpoint_if_due(run_ptr self) {
  run_state& state = self->state;
  checkpoints& all = state.checkpoints;
  if (!all.how.folder || state.finished || state.cut_short || all.is_asking) {
    return;
  }
  const bool some_are_overdue = std::any_of(
      state.replicas.begin(), state.replicas.end(),
      [&](const stepping_replica& each) { return state.is_overdue(each); });
  if (some_are_overdue) {
    if (all.rest_at) {
      send_all_on(self);  // who has stopped holds up nobody
    }
    return;
  }
  if (!all.rest_at && is_due(state)) {
    all.rest_at = state.common_goal();
  }
  if (!all.rest_at || !state.rests_at(*all.rest_at)) {
    return;
  }
  clock::time_point first = clock::now();
  for (const stepping_replica& each : state.replicas) {
    first = std::min(first, each.came_home);
  }
  take(self, *all.rest_at, [=] {
    self->state.checkpoints.rested = clock::now() - first;
    send_all_on(self);
    advance(self);
  });
}

void complete_checkpoint(run_ptr self) {
  run_state& state = self->state;
  checkpoints& all = state.checkpoints;
  if (!all.taken || state.report.epochs.empty() ||
      state.report.epochs.back().epoch != all.taken->epoch()) {
    return;
  }
  all.taken->last = state.report.epochs.back();
  all.taken->best_loss = state.best_loss;
  all.taken->epochs_since_best = state.epochs_since_best;
  all.taken->parameters = state.report.parameters;
  all.newest = std::exchange(all.taken, nullptr);
  if (clock::now() - all.written_at >=
      std::chrono::duration_cast<clock::duration>(all.how.every)) {
    write(self);
  }
}

void take_last_checkpoint(run_ptr self, std::function<void()> then) {
  complete_checkpoint(self);
  checkpoints& all = self->state.checkpoints;
  const unsigned epoch = self->state.report.epochs.back().epoch;
  const bool is_there = all.newest && all.newest->epoch() == epoch;
  if (all.is_asking) {
    all.when_told = std::move(then);
  } else if (!all.how.folder || is_there || self->state.cut_short ||
             !self->state.rests_at(epoch)) {
    then();
  } else {
    take(self, epoch, then);
  }
}

void write_newest_checkpoint(run_ptr self, std::function<void()> then) {
  checkpoints& all = self->state.checkpoints;
  if (all.newest && all.written != all.newest->epoch()) {
    write(self);
  }
  if (all.writing == 0) {
    then();
  } else {
    all.when_written = std::move(then);
  }
}

namespace {

/// Where the run stood, now that everybody is there again; with their samples,
/// by number in the graph.
void stand_at(run_state& state, const checkpoint& from,
              const std::vector<std::uint64_t>& samples) {
  state.best_loss = from.best_loss;
  state.epochs_since_best = from.epochs_since_best;
  state.time_before = from.last.time_s;
  state.report.epochs = {from.last};
  state.report.parameters = from.parameters;
  state.report.train_s = from.last.train_s;
  const unsigned goals = state.goals_before(from.epoch());
  state.goals_reached = state.goals_evaluated = goals;
  for (stepping_replica& replica : state.replicas) {
    replica.walked_from = replica.epochs_walked = from.epoch();
    replica.goals_reached = goals;
    replica.last.samples = samples[replica.number];
    state.report.samples += samples[replica.number];
  }
  state.checkpoints.written = from.epoch();
}

}  // namespace

void resume_from_checkpoint(run_ptr self, std::function<void()> then) {
  checkpoints& at = self->state.checkpoints;
  at.taken_at = at.written_at = clock::now();
  const auto from = std::exchange(at.how.from, nullptr);
  if (!from) {
    then();
    return;
  }
  struct round {
    std::vector<std::uint64_t> samples;
    std::size_t left;
  };
  const bool is_the_same = from->wiring == wiring_text(self->state.plan->graph);
  const std::vector<hub_actor> all = all_of(self->state);
  const auto asked = std::make_shared<round>(
      round{std::vector<std::uint64_t>(all.size()), all.size()});
  for (std::size_t i = 0; i < all.size(); ++i) {
    self->request(all[i], self->state.stall_deadline, resume_atom::value,
                  std::uint32_t{from->epoch()},
                  is_the_same ? from->states.at(i).bytes : std::vector<char>())
        .then(
            [=](std::uint64_t samples) {
              asked->samples[i] = samples;
              if (--asked->left == 0) {
                stand_at(self->state, *from, asked->samples);
                then();
              }
            },
            [=](const caf::error& problem) {
              const auto& name = self->state.plan->graph.replicas[i].name;
              const std::string why = words_of(self->system(), problem);
              break_off(self, caf::make_error(
                                  caf::sec::invalid_argument,
                                  "the checkpoint does not fit " + name + ": " +
                                      why + "; go on with the run's options"));
            });
  }
}

}  // namespace sounder::actors
