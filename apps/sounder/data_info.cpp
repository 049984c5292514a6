// sounder data info: what a data set looks like.

#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/sounder/commands.hpp"
#include "apps/sounder/data_options.hpp"
#include "apps/sounder/table.hpp"
#include "apps/sounder/training_run.hpp"
#include "kernels/data/choose_normalisation.hpp"
#include "kernels/data/labels.hpp"
#include "kernels/data/statistics.hpp"

namespace sounder::app {

namespace {

using json = nlohmann::ordered_json;
using kernels::data_statistics;

constexpr std::array<std::string_view, 2> outputs = {"table", "json"};
constexpr std::size_t most_labels = 20;  // shown in the table

const char* name(kernels::layout layout) {
  switch (layout) {
    case kernels::layout::sparse:
      return "sparse";
    case kernels::layout::dense_float:
      return "dense floats";
    case kernels::layout::dense_byte:
      return "dense bytes";
  }
  return "";
}

/// What train --normalise auto makes of these samples, and why.
std::string normalisation_of(const kernels::dataset& data) {
  const auto [kind, reason] = kernels::choose_normalisation(data);
  return reason.empty() ? std::string(kernels::name(kind))
                        : fmt::format("{} ({})", kernels::name(kind), reason);
}

json as_json(const source& s, const data_statistics& d) {
  json out = {
      {"file", s.name},
      {"layout", name(s.data.layout())},
      {"rows", d.rows},
      {"features", d.features},
      {"used_features", d.used_features},
      {"nonzeros", d.nonzeros},
      {"density", d.density},
      {"row_nonzeros",
       {{"min", d.row_min}, {"mean", d.row_mean}, {"max", d.row_max}}},
      {"value_min", d.value_min},
      {"value_max", d.value_max},
      {"normalise", kernels::name(kernels::choose_normalisation(s.data).kind)},
      {"bytes", d.bytes}};
  out["labels"] = json::array();
  for (const auto& [label, count] : d.labels) {
    out["labels"].push_back({{"label", label}, {"count", count}});
  }
  out["head_share"] = json::array();
  for (std::size_t i = 0; i < d.head_share.size(); ++i) {
    out["head_share"].push_back({{"features", data_statistics::head_sizes[i]},
                                 {"share", d.head_share[i]}});
  }
  return out;
}

std::string as_table(const source& s, const data_statistics& d) {
  table rows({"", ""}, true);
  rows.may_fold(1);
  rows.add({"file", s.name});
  rows.add({"layout", name(s.data.layout())});
  rows.add({"samples", std::to_string(d.rows)});
  rows.add(
      {"features", fmt::format("{} ({} in use)", d.features, d.used_features)});
  rows.add({"non-zeros",
            fmt::format("{} ({:.3g} % dense)", d.nonzeros, 100.0 * d.density)});
  rows.add({"a sample", fmt::format("{} to {}, mean {:.1f}", d.row_min,
                                    d.row_max, d.row_mean)});
  rows.add(
      {"values", fmt::format("{:.6g} to {:.6g}", d.value_min, d.value_max)});
  rows.add({"--normalise auto", normalisation_of(s.data)});
  rows.add({"memory", bytes(static_cast<double>(d.bytes))});
  for (std::size_t i = 0; i < d.head_share.size(); ++i) {
    if (d.features > data_statistics::head_sizes[i]) {
      rows.add({fmt::format("top {} features", data_statistics::head_sizes[i]),
                percent(d.head_share[i]) + " of non-zeros"});
    }
  }
  if (d.labels.size() > most_labels) {
    rows.add({"labels",
              fmt::format("{} different, {:.6g} to {:.6g}", d.labels.size(),
                          d.labels.front().first, d.labels.back().first)});
    return rows.text().substr(1);  // no titles
  }
  for (const auto& [label, count] : d.labels) {
    rows.add({"label " + kernels::format_label(label),
              fmt::format("{} ({})", count,
                          percent(static_cast<double>(count) /
                                  static_cast<double>(d.rows)))});
  }
  return rows.text().substr(1);
}

int run(const invocation& given) {
  const settings& values = given.values;
  const bool json_wanted = values.one_of("output", outputs) == "json";
  std::vector<load_record> records;
  source s = load(values, values.required("data"), part::train, records);
  choose_topic(values, "topics", s);
  const data_statistics d = kernels::statistics(s.data);
  if (json_wanted) {
    print(as_json(s, d).dump(2) + "\n");
  } else {
    print_text(as_table(s, d));
  }
  return 0;
}

}  // namespace

command info_command() {
  command c;
  c.name = "data info";
  c.summary = "size, density, labels and popular features of a data set";
  c.text =
      "  sounder data info train.svm.xz\n"
      "  sounder data info --data mnist/ --output json\n";
  c.groups = {{"Data",
               {{"data", "FILE", "", "samples; a file or a folder"},
                {"output", "FORM", "table", "table, json"}}},
              format_options(),
              label_options(false),
              common_options()};
  c.positional = "data";
  c.run = run;
  return c;
}

}  // namespace sounder::app
