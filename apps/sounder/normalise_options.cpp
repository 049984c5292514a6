#include "apps/sounder/normalise_options.hpp"

#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "kernels/data/choose_normalisation.hpp"
#include "kernels/data/constant_feature.hpp"

namespace sounder::app {

namespace {

using kernels::dataset;
using kernels::normalisation_kind;

constexpr std::array<std::string_view, 5> kinds = {"auto", "none", "unit-rows",
                                                   "max-abs", "standard"};
constexpr double usual_bias = 1.0;

/// None: auto.
std::optional<normalisation_kind> read_kind(const settings& values) {
  return kernels::normalisation_by_name(values.one_of("normalise", kinds));
}

/// None: auto.
std::optional<double> read_bias(const settings& values) {
  return values.text("bias") == "auto"
             ? std::nullopt
             : std::optional(values.number<double>("bias", 0.0, 1e6));
}

dataset with_bias(dataset&& data, double value) {
  return value == 0.0 || data.empty()
             ? std::move(data)
             : kernels::with_constant_feature(std::move(data),
                                              static_cast<float>(value));
}

}  // namespace

std::vector<option> normalise_options() {
  return {{"normalise", "KIND", "auto",
           "features of wild scale: none, unit-rows, max-abs, standard; auto: "
           "by what the training samples show"},
          {"bias", "B", "auto",
           "append a constant feature of this value; 0: no; auto: 1 for dense "
           "samples normalised to standard, else 0"}};
}

void check_normalisation(const settings& values) {
  read_kind(values);
  read_bias(values);
}

normalised_features normalise(const settings& values, dataset& train,
                              dataset& test) {
  const std::optional<normalisation_kind> asked = read_kind(values);
  const std::optional<double> bias = read_bias(values);
  const kernels::normalisation_choice choice =
      asked ? kernels::normalisation_choice{*asked, ""}
            : kernels::choose_normalisation(train);
  const bool wants_bias =
      choice.kind == normalisation_kind::standard && !train.is_sparse();
  normalised_features done;
  done.bias = bias.value_or(wants_bias ? usual_bias : 0.0);
  done.how = kernels::learn_normalisation(train, choice.kind,
                                          wants_bias && done.bias != 0.0);
  train = kernels::normalise(std::move(train), done.how);
  test = kernels::normalise(std::move(test), done.how);
  // The file says 1 all the same: the weight makes up for the difference.
  done.constant = done.bias;
  if (!bias && wants_bias) {
    done.constant = double{
        kernels::convenient_constant(train, static_cast<float>(usual_bias))};
  }
  train = with_bias(std::move(train), done.constant);
  test = with_bias(std::move(test), done.constant);
  if (!asked && choice.kind != normalisation_kind::none) {
    done.note = fmt::format(
        "features normalised: {}{} ({}); --normalise none leaves them",
        kernels::name(choice.kind), !bias && wants_bias ? " with --bias 1" : "",
        choice.reason);
  }
  return done;
}

normalisation_kind network_normalisation(const settings& values) {
  const normalisation_kind kind =
      read_kind(values).value_or(normalisation_kind::standard);
  if (kind == normalisation_kind::unit_rows) {
    values.fail("normalise",
                "unit-rows is for linear models; the input of a network does "
                "standard, max-abs or none");
  }
  return kind;
}

}  // namespace sounder::app
