#include "apps/sounder/plan_options.hpp"

#include <array>
#include <cmath>
#include <variant>

#include <fmt/format.h>

#include "apps/sounder/network_model.hpp"
#include "kernels/nearest.hpp"
#include "kernels/network/models.hpp"
#include "kernels/step/optimizer.hpp"

namespace sounder::app {

namespace {

using kernels::learning_rate_schedule;

constexpr std::array<std::string_view, 5> models = {
    "svm", "logistic", "least-squares", "softmax", "ovr"};
constexpr std::array<std::string_view, 3> penalties = {"l2", "per-feature",
                                                       "per-sample"};
constexpr std::array<std::string_view, 6> schedules = {
    "annealed",   "constant",   "decay",
    "polynomial", "multi-step", "inverse-time"};
constexpr std::array<std::string_view, 3> orders = {"block", "shuffle",
                                                    "sequential"};
constexpr std::array<std::string_view, 3> evaluations = {"auto", "concurrent",
                                                         "between"};

constexpr double tiny = 1e-30;  // the least number that is not 0 here
constexpr double huge = 1e30;

constexpr std::string_view two_stage = "two-stage";  // adam in the second
constexpr unsigned usual_gd_epochs = 5;              // of two-stage

/// Of --optimizer.
std::vector<std::string_view> optimizer_choices() {
  std::vector<std::string_view> names;
  for (const auto& each : kernels::optimizer_names) {
    names.push_back(each.second);
  }
  names.push_back(two_stage);
  return names;
}

bool trains_network(const settings& values) {
  return is_network(values.text("model"));
}

/// Linear models and networks.
std::vector<std::string> model_names() {
  std::vector<std::string> names(models.begin(), models.end());
  const std::vector<std::string> networks = network_names();
  names.insert(names.end(), networks.begin(), networks.end());
  return names;
}

/// Of plain gradient descent: what the data says, where it says something.
double usual_sgd_step(const settings& values,
                      const actors::learning_defaults& usual) {
  const double known = trains_network(values) ? 0.05 : 0.5;
  return usual.step > 0.0 ? usual.step : known;
}

/// With momentum a gradient moves the parameters 1 / (1 - momentum) times;
/// Adam and LARS say themselves how long a step is.
double usual_step(const settings& values, kernels::optimizer_kind kind,
                  const actors::learning_defaults& usual) {
  switch (kind) {
    case kernels::optimizer_kind::momentum:
    case kernels::optimizer_kind::nesterov:
      return 0.2 * usual_sgd_step(values, usual);
    case kernels::optimizer_kind::adam:
      return 0.001;
    case kernels::optimizer_kind::lars:
      return 1.0;
    case kernels::optimizer_kind::sgd:
      break;
  }
  return usual_sgd_step(values, usual);
}

/// A token's g is the step size over that of the start: what a cluster hands
/// on falls with the square of the step size. The root makes up for it.
double usual_decay(const topology::graph& wiring) {
  constexpr double decay = 0.8;
  return topology::has_exchange<topology::token_merge>(wiring)
             ? std::sqrt(decay)
             : decay;
}

/// --schedule; who gives a factor alone means the rule that it is of.
std::string read_schedule_name(const settings& values) {
  return values.has("schedule") ? values.one_of("schedule", schedules)
         : values.has("decay")  ? "decay"
                                : "annealed";
}

learning_rate_schedule read_step(const settings& values,
                                 const actors::training_plan& plan,
                                 const actors::learning_defaults& usual) {
  const double step =
      values.optional_number("step", tiny, huge)
          .value_or(usual_step(values, plan.optimizer.kind, usual));
  const std::string name = read_schedule_name(values);
  const auto rate = values.optional_number("decay-rate", 0.0, huge);
  const double factor = values.optional_number("decay", tiny, huge)
                            .value_or(usual_decay(plan.graph));
  learning_rate_schedule made = kernels::constant_step(step);
  if (name == "decay") {
    made = kernels::decaying_step(step, factor);
  } else if (name == "polynomial") {
    made = kernels::polynomial_step(step, plan.epochs,
                                    values.number("power", 0.0, huge));
  } else if (name == "annealed") {
    made = kernels::annealed_step(step, plan.epochs,
                                  rate.value_or(usual.decay_rate));
  } else if (name == "multi-step") {
    if (!values.has("milestones")) {
      values.fail("schedule", "multi-step needs --milestones, e.g. 145,220");
    }
    made = kernels::multi_step(step, factor,
                               values.numbers("milestones", 0.0, huge));
  } else if (name == "inverse-time") {
    made = kernels::inverse_time_step(step, rate.value_or(1.0));
  }
  auto gd = values.optional_number("gd-step", tiny, huge);
  if (!gd && !values.has("step") &&
      plan.optimizer.kind != kernels::optimizer_kind::sgd) {
    gd = usual_sgd_step(values, usual);
  }
  if (gd && plan.gd.epochs > 0) {
    made = kernels::two_stage_step(kernels::constant_step(*gd), plan.gd.epochs,
                                   made);
  }
  const double warmup = values.number("warmup", 0.0, huge);
  return warmup > 0.0 ? kernels::warm_up(made, warmup) : made;
}

bool is_two_stage(const settings& values) {
  return values.has("optimizer") &&
         values.one_of("optimizer", optimizer_choices()) == two_stage;
}

/// --optimizer, else what the graph is meant to step with.
kernels::optimizer_kind read_kind(const settings& values,
                                  const std::string& meant) {
  if (is_two_stage(values)) {
    return kernels::optimizer_kind::adam;
  }
  const std::string& name =
      values.has("optimizer") ? values.one_of("optimizer", optimizer_choices())
                              : meant;
  return kernels::optimizer_by_name(name).value_or(
      kernels::optimizer_kind::sgd);
}

kernels::optimizer read_optimizer(const settings& values,
                                  const topology::graph& wiring) {
  kernels::optimizer made;
  made.kind = read_kind(values, wiring.optimizer);
  made.momentum = values.number("momentum", 0.0, 1.0);
  made.weight_decay = values.number("weight-decay", 0.0, huge);
  made.trust = values.number("trust", tiny, huge);
  return made;
}

actors::gd_stage read_gd_stage(const settings& values, unsigned epochs,
                               std::size_t batch_size) {
  actors::gd_stage gd;
  gd.epochs =
      values.optional_number<unsigned>("gd-epochs", 0, actors::most_gd_epochs)
          .value_or(is_two_stage(values) ? usual_gd_epochs : 0);
  gd.batch_size = values.optional_number<std::size_t>("gd-batch", 1);
  if (gd.epochs > epochs) {
    values.fail("gd-epochs",
                fmt::format("{} epochs of gradient descent are more than all "
                            "{} (--epochs)",
                            gd.epochs, epochs));
  }
  if (gd.batch_size > batch_size) {
    values.fail("gd-batch", fmt::format("{} is more than --batch, {}",
                                        *gd.batch_size, batch_size));
  }
  for (const char* const name : {"gd-batch", "gd-step"}) {
    if (values.has(name) && gd.epochs == 0) {
      values.fail(name, "is for --optimizer two-stage or with --gd-epochs");
    }
  }
  return gd;
}

kernels::order_spec read_order(const settings& values) {
  kernels::order_spec order;
  const std::string name = values.has("order") ? values.one_of("order", orders)
                           : trains_network(values) ? "shuffle"
                                                    : "block";
  order.kind = name == "block"     ? kernels::order_kind::block
               : name == "shuffle" ? kernels::order_kind::shuffle
                                   : kernels::order_kind::sequential;
  order.block_rows = values.number<std::size_t>("block-rows", 1);
  return order;
}

actors::stopping read_stopping(const settings& values) {
  actors::stopping stop;
  stop.target_error = values.optional_number("target-error", 0.0, 1.0);
  stop.loss_change = values.optional_number("loss-change", 0.0);
  stop.patience = values.optional_number<unsigned>("patience", 1);
  if (const auto limit = values.optional_number("time-limit", tiny, 1e9)) {
    stop.wall_clock = std::chrono::duration<double>(*limit);
  }
  return stop;
}

}  // namespace

option_group model_options() {
  return {"Model",
          {{"model", "NAME", "svm",
            "svm, logistic, least-squares, softmax or ovr (SVMs, one class "
            "against the rest); or a network: " +
                fmt::format("{}", fmt::join(network_names(), ", ")) +
                ", or a file of layers",
            model_names()},
           {"regularizer", "NAME", "l2",
            "l2: (l2 / 2) |w|^2; per-feature: HOGWILD!'s sparse form of it; "
            "per-sample: over the features of a sample"},
           {"l2", "X", "", "strength [1 / training samples; 0 for networks]"}}};
}

std::vector<option_group> schedule_options() {
  return {
      {"Steps",
       {{"step", "X", "",
         "step size at the start [found from the rows; 0.05 for networks; a "
         "fifth of it for momentum and nesterov, 0.001 for adam, 1 for lars]"},
        {"schedule", "NAME", "",
         "annealed (falls to 0 at the end), constant, decay (times --decay "
         "after every epoch), polynomial (--power), multi-step (times --decay "
         "at --milestones), inverse-time (--decay-rate) [annealed; decay with "
         "--decay]"},
        {"decay", "X", "",
         "factor of decay and multi-step [0.8; its root, 0.894, for "
         "hogwildpp, whose token counts it twice]"},
        {"power", "X", "1", "exponent of polynomial"},
        {"milestones", "A,B,..", "", "epochs of multi-step"},
        {"decay-rate", "X", "",
         "r in step / (1 + r * epoch) [inverse-time: 1; annealed: by the "
         "penalty]"},
        {"warmup", "EPOCHS", "0", "epochs in which the step rises from 0"},
        {"optimizer", "NAME", "",
         "what a replica makes of a gradient: sgd, momentum, nesterov, adam, "
         "lars, two-stage (sgd while the batch grows, then adam) [sgd; "
         "nesterov for eamsgd]"},
        {"momentum", "X", "0.9", "of momentum, nesterov, adam and lars"},
        {"trust", "X", "0.001",
         "lars: length of a step at step size 1, in lengths of w"},
        {"weight-decay", "X", "0",
         "w shrinks by step * X in every step, besides the penalty"},
        {"gd-epochs", "N", "",
         "sgd for the first N epochs, while the batch grows to --batch, "
         "whatever the optimizer after [0; 5 for two-stage]"},
        {"gd-batch", "N", "",
         "batch of the first of these epochs [batch / (gd-epochs + 1)]"},
        {"gd-step", "X", "",
         "step size of these epochs [as --schedule says with --step, else "
         "that of sgd]"},
        {"batch", "N", "",
         "samples a step [1; where gradients are summed after each, 16 over "
         "all "
         "replicas; 32 for networks]"},
        {"epochs", "N", "",
         "passes over the training samples [10; more of small sets]"},
        {"order", "NAME", "",
         "order of samples in an epoch: block (blocks of neighbours at random: "
         "kind to caches), shuffle, sequential [block; shuffle for networks]"},
        {"block-rows", "N", "32", "samples a block"},
        {"seed", "N", "1", "of all that is random"},
        {"max-lag", "X", "",
         "epochs that a replica may be ahead of the slowest before it waits, "
         "whole ones over nodes [any number where replicas share their way, "
         "else one, or eight meetings; over nodes 2 to 20]"},
        {"deterministic", "", "",
         "one thread and a fixed schedule: the same options give the same bits "
         "(slow)"},
        {"reproducible", "", "",
         "the same options and data give the same bits, with all threads: "
         "without --topology replicas of one worker each that wait for their "
         "turn, or for all; wirings that depend on timing are refused"}}},
      {"Evaluation and stopping",
       {{"evaluate", "WHEN", "auto",
         "concurrent: while the workers go on; between: the workers pause"},
        {"evaluate-every", "N", "",
         "epochs between evaluations [1; with epochs by default, 25 "
         "evaluations]"},
        {"target-error", "X", "", "stop at this test error (a fraction)"},
        {"loss-change", "X", "", "stop when the loss changes less than this"},
        {"patience", "N", "",
         "stop after so many epochs without a better loss"},
        {"time-limit", "S", "", "stop after so many seconds"},
        {"stall-deadline", "S", "30",
         "give up when nothing moves for so many seconds, and those that a "
         "batch may take"}}}};
}

model_choice read_model(const settings& values) {
  model_choice choice;
  if (is_network(values.text("model"))) {
    choice.network = values.text("model");
    choice.kind = kernels::linear_model::softmax;  // of its outputs
    return choice;
  }
  const auto kind = kernels::linear_model_by_name(values.text("model"));
  if (!kind) {
    const std::string& name = values.text("model");
    const std::vector<std::string> known = model_names();
    values.fail("model",
                fmt::format("'{}' is none of {}, and no file of layers{}", name,
                            fmt::join(known, ", "),
                            kernels::did_you_mean(name, known)));
  }
  // Config files that --dump-config wrote have the defaults, too.
  for (const option& o : network_model_options().options) {
    if (o.argument.empty() ? values.flag(o.name)
                           : values.text(o.name) != o.fallback) {
      values.fail(o.name, "is for networks, not for linear models");
    }
  }
  choice.kind = *kind;
  const std::string& form = values.one_of("regularizer", penalties);
  choice.form = form == "l2"            ? kernels::penalty_form::l2
                : form == "per-feature" ? kernels::penalty_form::per_feature
                                        : kernels::penalty_form::per_sample;
  choice.l2 = values.optional_number("l2", 0.0, huge);
  return choice;
}

bool finds_step(const settings& values) { return !values.has("step"); }

void adopt_defaults(const settings& values,
                    const actors::learning_defaults& usual,
                    actors::training_plan& plan) {
  const auto epochs =
      values.optional_number<unsigned>("epochs", 1, 1'000'000'000);
  plan.epochs = epochs.value_or(usual.epochs);
  plan.evaluate_every = values.optional_number<unsigned>("evaluate-every", 1)
                            .value_or(epochs ? 1 : usual.evaluate_every);
  plan.batch_size =
      values.optional_number<std::size_t>("batch", 1)
          .value_or(trains_network(values) ? network_batch : usual.batch_size);
  plan.gd = read_gd_stage(values, plan.epochs, plan.batch_size);
  plan.schedule = read_step(values, plan, usual);
  plan.halts_above_start = finds_step(values);
}

actors::training_plan read_plan(const settings& values,
                                const chosen_wiring& wiring) {
  actors::training_plan plan;
  plan.graph = wiring.graph;
  plan.optimizer = read_optimizer(values, wiring.graph);
  adopt_defaults(values, {}, plan);
  plan.order = read_order(values);
  plan.seed = values.number<std::uint64_t>("seed");
  plan.deterministic = values.flag("deterministic");
  plan.max_lag = values.optional_number("max-lag", tiny, 1e9);
  const std::string& when = values.one_of("evaluate", evaluations);
  plan.evaluation = when == "auto"         ? actors::evaluation_mode::automatic
                    : when == "concurrent" ? actors::evaluation_mode::concurrent
                                           : actors::evaluation_mode::between;
  plan.stop = read_stopping(values);
  plan.stall_deadline = std::chrono::milliseconds(
      static_cast<long>(1e3 * values.number("stall-deadline", 0.01, 1e6)));
  return plan;
}

std::shared_ptr<const kernels::objective> make_objective(
    const model_choice& choice, const workload& work) {
  if (work.network) {
    return work.network;
  }
  const double samples = static_cast<double>(work.train.rows());
  return kernels::make_linear(
      choice.kind, work.train, work.classes(),
      {choice.form, choice.l2.value_or(samples > 0.0 ? 1.0 / samples : 0.0)},
      work.objective_class_weights());
}

}  // namespace sounder::app
