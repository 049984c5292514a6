// sounder model: layers, shapes, parameters and operations of a network.

#include <array>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/sounder/commands.hpp"
#include "apps/sounder/network_model.hpp"
#include "apps/sounder/table.hpp"
#include "apps/sounder/training_run.hpp"
#include "kernels/nearest.hpp"
#include "kernels/network/models.hpp"

namespace sounder::app {

namespace {

using json = nlohmann::ordered_json;
using kernels::network;
using kernels::network_layer;

constexpr std::array<std::string_view, 3> outputs = {"table", "json", "lines"};

/// Ours: between the networks on which Wongpanich, You, Demmel (section 4.6)
/// saw the asynchronous solver win and lose, as we count them;
/// docs/explanation/networks.md says how much that is worth.
constexpr double low_ratio = 300.0;

/// Nothing for a network without parameters.
std::optional<double> ratio_of(const network& net) {
  if (net.trainable() == 0) {
    return std::nullopt;
  }
  return net.flops() / static_cast<double>(net.trainable());
}

std::string advice(const network& net) {
  const std::optional<double> ratio = ratio_of(net);
  if (!ratio) {
    return "There are no parameters to train.\n";
  }
  return fmt::format(
      "Operations forward for each parameter: {:.0f}. That is {}.\n", *ratio,
      *ratio < low_ratio
          ? "low: little is computed\nfor each parameter sent, so waiting "
            "costs most; asynchronous wirings (ea-wild,\nstar, hogwildpp) may "
            "suit it"
          : "high: much is computed\nfor each parameter sent, so waiting costs "
            "little; synchronous wirings\n(allreduce, sync) suit it and keep "
            "its accuracy");
}

double flops_of(const network_layer& l) {
  return l.function ? l.function->flops() : 0.0;
}

/// What the line says besides name, inputs and the numbers of the data.
std::string description(const network_layer& l) {
  kernels::layer_line line = l.line;
  line.options.erase("start");
  line.inputs.clear();
  const std::string text = line.text();
  return text.substr(text.find(" = ") + 3);
}

std::string as_table(const std::string& name, const network& net) {
  table rows({"layer", "", "output", "parameters", "operations"}, true);
  rows.may_drop({"operations", "output"}).may_fold(1);
  for (const network_layer& l : net.layers()) {
    rows.add({l.line.name, description(l), to_text(l.output),
              l.weight_count == 0 ? "" : std::to_string(l.weight_count),
              flops_of(l) == 0.0 ? "" : number(flops_of(l))});
  }
  return fmt::format(
      "{}: {} parameters{}, {} floating-point operations a sample\n\n{}\n"
      "A step on a batch of 32 needs {} a worker.\n\n{}",
      name, net.trainable(),
      net.dimension() == net.trainable()
          ? ""
          : fmt::format(" and {} statistics",
                        net.dimension() - net.trainable()),
      number(net.flops()), rows.text(),
      bytes(4.0 * static_cast<double>(net.step_memory(32))), advice(net));
}

json as_json(const std::string& name, const network& net) {
  const std::optional<double> ratio = ratio_of(net);
  json out = {{"model", name},
              {"parameters", net.trainable()},
              {"statistics", net.dimension() - net.trainable()},
              {"flops", net.flops()},
              {"ratio", ratio ? json(*ratio) : json()}};
  out["layers"] = json::array();
  for (const network_layer& l : net.layers()) {
    out["layers"].push_back({{"name", l.line.name},
                             {"kind", l.line.kind},
                             {"output", to_text(l.output)},
                             {"parameters", l.weight_count},
                             {"statistics", l.statistic_count},
                             {"flops", flops_of(l)}});
  }
  return out;
}

std::string all_models() {
  table rows({"model", "", "input", "classes", "parameters"}, true);
  rows.may_drop({"classes", "parameters", "input"}).may_fold(1);
  for (const kernels::model_card& card : kernels::model_cards()) {
    rows.add({card.name, card.summary, to_text(card.input),
              std::to_string(card.classes), std::to_string(card.parameters)});
  }
  return rows.text();
}

int run(const invocation& given) {
  const settings& values = given.values;
  const std::string& form = values.one_of("output", outputs);
  if (!values.has("model")) {
    print_text(all_models());
    return 0;
  }
  const std::string& model = values.text("model");
  if (!is_network(model)) {
    const std::vector<std::string> known = network_names();
    values.fail("model",
                fmt::format("'{}' is neither a network ({}) nor a file{}",
                            model, fmt::join(known, ", "),
                            kernels::did_you_mean(model, known)));
  }
  const kernels::model_card* const card = kernels::find_model(model);
  const auto classes = values.optional_number<std::size_t>("classes", 2);
  if (card == nullptr && classes) {
    values.fail("classes",
                fmt::format("is for networks by name; the last layer of {} "
                            "says how many there are",
                            model));
  }
  const auto lines = network_lines(
      values, card == nullptr ? 0 : card->input.size(),
      classes.value_or(card == nullptr ? 0 : card->classes), model);
  try {
    const network net(lines);
    if (form == "table") {
      print_text(as_table(model, net));
    } else {
      print(form == "json" ? as_json(model, net).dump(2) + "\n"
                           : to_text(net.lines()));
    }
  } catch (const kernels::layer_error& problem) {
    fail_for_layer(values, problem);
  }
  return 0;
}

}  // namespace

command model_command() {
  command c;
  c.name = "model";
  c.summary = "layers, parameters and operations of a network";
  c.text =
      "  sounder model\n"
      "  sounder model resnet50\n"
      "  sounder model cnn --image 64x64x3 --classes 20\n"
      "  sounder model lenet --output lines > mine.net\n"
      "\n"
      "Without a name it lists the networks. --output lines is the form in "
      "which train\nreads a network of your own: --model mine.net.\n";
  c.positional = "model";
  c.groups = {{"Model",
               {{"model", "NAME", "", "a network or a file; may stand alone"},
                {"image", "HxWxC", "", "of the samples [the model's]"},
                {"classes", "N", "", "outputs [the model's]"},
                {"output", "FORM", "table", "table, json, lines"}}},
              common_options()};
  c.run = run;
  return c;
}

}  // namespace sounder::app
