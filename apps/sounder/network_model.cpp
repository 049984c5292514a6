#include "apps/sounder/network_model.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "apps/sounder/normalise_options.hpp"
#include "kernels/data/byte_order_mark.hpp"
#include "kernels/data/data_error.hpp"
#include "kernels/network/models.hpp"

namespace sounder::app {

namespace {

using kernels::data_error;
using kernels::layer_line;
using kernels::shape;

/// --image 32x32x3
std::optional<shape> given_shape(const settings& values) {
  if (!values.has("image")) {
    return std::nullopt;
  }
  try {
    return kernels::image_input(
               {"image", "input", {values.text("image")}, {}, {}})
        .output();
  } catch (const kernels::layer_error&) {
    values.fail("image", fmt::format("'{}' is no HEIGHTxWIDTHxCHANNELS",
                                     values.text("image")));
  }
}

/// What the samples are images of.
shape shape_for(const settings& values, const kernels::model_card& card,
                std::size_t features, const std::string& data_name) {
  if (const auto given = given_shape(values)) {
    return *given;
  }
  if (card.input.size() == features) {
    return card.input;
  }
  for (const kernels::model_card& other : kernels::model_cards()) {
    if (other.input.size() == features) {
      return other.input;  // MNIST's, or CIFAR-10's
    }
  }
  if (card.name.starts_with("mlp")) {
    return {1, 1, features};
  }
  throw data_error(
      data_name,
      fmt::format("has {} values a sample, {} is for images of {} ({}); name "
                  "the samples' own shape with --image HxWxC",
                  features, card.name, to_text(card.input), card.input.size()));
}

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) {
    throw data_error(file, "cannot be read");
  }
  return std::string(kernels::without_byte_order_mark(text.str()));
}

/// The line of a text that a layer stands in; 0 when there is none, as for
/// what is wrong with the network as a whole.
std::size_t line_of(const std::string& layer, const std::string& text) {
  std::istringstream lines(text);
  std::string above;
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line); above += line + '\n') {
    ++number;
    if (line.find_first_not_of(" \t\r") != line.find('#') &&
        kernels::parse_layers(above + line, "").back().name == layer) {
      return number;
    }
  }
  return 0;
}

std::string numbers_text(const std::vector<double>& numbers) {
  return fmt::format("{:.9g}", fmt::join(numbers, ","));
}

/// Writes shift and factor of the channels into the first line, unless it has
/// some of its own.
void normalise_input(const settings& values, const kernels::dataset& train,
                     std::size_t channels, layer_line& input) {
  const kernels::normalisation_kind kind = network_normalisation(values);
  if (input.options.contains("mean") || input.options.contains("deviation")) {
    if (values.text("normalise") != "auto") {
      values.fail("normalise",
                  fmt::format("the first line of {} says what becomes of its "
                              "input; leave one of them out",
                              values.text("model")));
    }
    return;
  }
  if (kind == kernels::normalisation_kind::none) {
    return;
  }
  const kernels::channel_moments moments = kernels::moments_of(train, channels);
  if (kind == kernels::normalisation_kind::max_abs) {
    input.options["deviation"] = numbers_text(moments.largest);
    return;
  }
  input.options["mean"] = numbers_text(moments.mean);
  input.options["deviation"] = numbers_text(moments.deviation);
}

/// Writes what the program works out, or is told, into the first line.
void complete_input(const settings& values, const kernels::dataset& train,
                    layer_line& input) {
  const shape s = kernels::image_input(input).output();
  if (values.has("crop")) {
    const std::size_t most =
        std::min(s.height, s.width) - 1;  // or out of sight
    input.options["crop"] =
        fmt::to_string(values.number<std::size_t>("crop", 0, most));
  }
  if (values.flag("flip")) {
    input.options["flip"] = "";
  }
  normalise_input(values, train, s.channels, input);
}

void check_fit(const kernels::network& net, std::size_t features,
               std::size_t classes, const std::string& data_name) {
  const shape& input = net.input().output();
  if (input.size() != features) {
    throw data_error(data_name,
                     fmt::format("has {} values a sample, the network's input "
                                 "is {} ({})",
                                 features, to_text(input), input.size()));
  }
  if (net.outputs() < classes) {
    throw data_error(data_name,
                     fmt::format("has {} classes, the network {} outputs",
                                 classes, net.outputs()));
  }
}

/// A label too many is a mistake in the data more often than a class. mlp is
/// for any data.
void check_classes(const settings& values, const kernels::dataset& train,
                   std::span<const float> labels,
                   const std::string& data_name) {
  const std::string& model = values.text("model");
  const kernels::model_card* const card = kernels::find_model(model);
  if (card == nullptr || card->name.starts_with("mlp") ||
      labels.size() <= card->classes) {
    return;
  }
  const auto beyond = std::find(train.labels().begin(), train.labels().end(),
                                static_cast<float>(card->classes));
  throw data_error(
      data_name,
      fmt::format("label {} of row {} makes {} classes, {} is for {}; leave "
                  "such rows out, or train a file of layers (sounder model {} "
                  "--classes {} --output lines)",
                  labels[card->classes], beyond - train.labels().begin() + 1,
                  labels.size(), model, card->classes, model, labels.size()));
}

}  // namespace

option_group network_model_options() {
  return {"Networks",
          {{"image", "HxWxC", "",
            "what a sample is an image of [the model's; by its size]"},
           {"crop", "N", "",
            "in training, move images by up to N positions, zeros coming in"},
           {"flip", "", "", "in training, mirror an image with chance 1/2"},
           {"label-smoothing", "X", "0",
            "share of the target that goes to all classes"},
           {"profile", "", "",
            "show which layer the time went to, and its GFLOP/s"}}};
}

void fail_for_layer(const settings& values,
                    const kernels::layer_error& problem) {
  const std::string& model = values.text("model");
  if (kernels::find_model(model) != nullptr) {
    values.fail("model", fmt::format("{}: {}", model, problem.what()));
  }
  const std::size_t line = line_of(problem.layer(), text_of(model));
  throw line == 0 ? data_error(model, problem.what())
                  : data_error(model, line, problem.what());
}

bool is_network(const std::string& model) {
  return kernels::find_model(model) != nullptr ||
         std::filesystem::is_regular_file(model);
}

std::vector<std::string> network_names() {
  std::vector<std::string> names;
  for (const kernels::model_card& card : kernels::model_cards()) {
    names.push_back(card.name);
  }
  return names;
}

std::vector<layer_line> network_lines(const settings& values,
                                      std::size_t features, std::size_t classes,
                                      const std::string& data_name) {
  const std::string& model = values.text("model");
  const kernels::model_card* const card = kernels::find_model(model);
  if (card == nullptr) {
    if (values.has("image")) {
      values.fail("image", fmt::format("is for networks by name; the first "
                                       "line of {} says what its input is",
                                       model));
    }
    return kernels::parse_layers(text_of(model), model);
  }
  try {
    return kernels::make_model(
        model, {shape_for(values, *card, features, data_name), classes});
  } catch (const std::invalid_argument& problem) {
    values.fail("model", problem.what());
  }
}

std::shared_ptr<const kernels::network> read_network(
    const settings& values, const kernels::dataset& train,
    std::span<const float> labels, const std::string& data_name) {
  check_classes(values, train, labels, data_name);
  std::vector<layer_line> lines =
      network_lines(values, train.features(), labels.size(), data_name);
  kernels::network_options options;
  options.l2 = values.optional_number("l2", 0.0, 1e30).value_or(0.0);
  options.label_smoothing = values.number("label-smoothing", 0.0, 0.999);
  try {
    const kernels::network plain(lines, options);
    check_fit(plain, train.features(), labels.size(), data_name);
    complete_input(values, train, lines.front());
    return std::make_shared<kernels::network>(std::move(lines), options);
  } catch (const kernels::layer_error& problem) {
    fail_for_layer(values, problem);
  }
}

}  // namespace sounder::app
