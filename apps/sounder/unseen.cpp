#include "apps/sounder/unseen.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "apps/sounder/progress.hpp"
#include "kernels/data/data_error.hpp"
#include "kernels/data/labels.hpp"
#include "kernels/data/narrow.hpp"

namespace sounder::app {

namespace {

/// A line for people, unless they want none.
void note(const settings& values, const std::string& text) {
  if (!values.knows("quiet") || !values.flag("quiet")) {
    complain("note: " + text);
  }
}

}  // namespace

option unknown_features_option() {
  return {"unknown-features", "WHAT", "ignore",
          "features that training did not have: ignore, refuse"};
}

kernels::dataset leave_out_unknown_features(const settings& values,
                                            kernels::dataset&& data,
                                            const std::string& name,
                                            std::size_t features,
                                            const std::string& knows) {
  static constexpr std::array<std::string_view, 2> choices = {"ignore",
                                                              "refuse"};
  const bool refuses = values.one_of("unknown-features", choices) == choices[1];
  if (!data.is_sparse() || data.features() <= features) {
    return std::exchange(data, {});
  }
  kernels::narrowed narrowed = kernels::narrow(std::move(data), features);
  const std::size_t count = narrowed.features_left_out;
  const std::string found =
      fmt::format("{} feature{} beyond the {} of {}", count,
                  count == 1 ? "" : "s", features, knows);
  if (count > 0 && refuses) {
    throw kernels::data_error(
        name, fmt::format("has {}; leave them out, or let them weigh nothing "
                          "(--unknown-features ignore)",
                          found));
  }
  if (count > 0) {
    note(values, fmt::format("{}: {} {} nothing (--unknown-features refuse "
                             "makes this an error)",
                             name, found, count == 1 ? "weighs" : "weigh"));
  }
  return std::move(narrowed.data);
}

std::size_t leave_out_unseen_classes(const settings& values, source& samples,
                                     std::span<const float> labels) {
  const std::size_t rows = samples.data.rows();
  kernels::known_classes split =
      kernels::leave_out_unseen(samples.data, labels, samples.name);
  samples.data = std::move(split.data);
  if (split.unseen > 0) {
    note(values,
         fmt::format("{}: {} of {} samples {} a class that training did not "
                     "have (label {}): counted as errors, left out of the loss",
                     samples.name, split.unseen, rows,
                     split.unseen == 1 ? "is of" : "are of",
                     kernels::list_labels(split.labels)));
  }
  return split.unseen;
}

}  // namespace sounder::app
