// sounder topology: what a wiring looks like, whether it can run, and what it
// costs.

#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/sounder/commands.hpp"
#include "apps/sounder/data_options.hpp"
#include "apps/sounder/progress.hpp"
#include "apps/sounder/table.hpp"
#include "apps/sounder/training_run.hpp"
#include "apps/sounder/wiring_options.hpp"
#include "kernels/data/statistics.hpp"
#include "topology/analysis.hpp"
#include "topology/describe.hpp"
#include "topology/dot.hpp"
#include "topology/drawing.hpp"
#include "topology/link_cards.hpp"
#include "topology/system_cards.hpp"
#include "topology/systems.hpp"
#include "topology/wiring_file.hpp"

namespace sounder::app {

namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t most_rows = 16;         // links in the printed table
constexpr std::size_t assumed_tau = 100;      // where the run would choose
constexpr double bytes_of_a_parameter = 4.0;  // a float

std::string counts(const topology::graph& wiring) {
  const auto count = [](std::size_t n, const char* what) {
    return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
  };
  return count(wiring.replicas.size(), "replica") + ", " +
         count(topology::workers(wiring), "worker") + ", " +
         count(wiring.links.size(), "link");
}

std::string or_dash(const std::optional<double>& value) {
  return value ? number(*value) : "-";
}

std::string links_table(const topology::graph& wiring,
                        const topology::traffic& t) {
  table rows({"link", "forth", "back", "messages", "exchange, discipline"},
             true);
  rows.may_drop({"messages", "back", "forth"}).may_fold(4);
  const std::size_t count = wiring.links.size();
  const std::size_t shown = count <= most_rows ? count : most_rows - 1;
  for (std::size_t i = 0; i < shown; ++i) {
    const topology::link& l = wiring.links[i];
    const topology::link_traffic& flow = t.links[i];
    rows.add({fmt::format("{} > {}", wiring.replicas[l.from].name,
                          wiring.replicas[l.to].name),
              bytes(flow.forth.bytes), bytes(flow.back.bytes),
              number(flow.forth.messages + flow.back.messages),
              topology::describe(l)});
  }
  return rows.text() + (shown == count
                            ? ""
                            : fmt::format("... and {} more\n", count - shown));
}

std::string as_table(const topology::graph& wiring, const topology::analysis& a,
                     double parameters) {
  const topology::traffic& t = a.traffic;
  table rows({"", ""}, true);
  rows.may_fold(1);
  rows.add({"size", counts(wiring)});
  rows.add({"neighbours",
            a.least_degree == a.most_degree
                ? std::to_string(a.most_degree)
                : fmt::format("{} to {}", a.least_degree, a.most_degree)});
  rows.add({"diameter", a.diameter ? std::to_string(*a.diameter) : "-"});
  rows.add({"spectral gap", or_dash(a.spectral_gap)});
  rows.add({"effective neighbours", or_dash(a.effective_neighbours)});
  rows.add(
      {"parameters", fmt::format("{:.6g} ({})", parameters,
                                 bytes(bytes_of_a_parameter * parameters))});
  rows.add(
      {"all send", fmt::format("{} a step, {} messages", bytes(t.total.bytes),
                               number(t.total.messages))});
  const topology::flow& most = t.replicas[t.busiest];
  rows.add({"busiest", fmt::format("{}: {} a step, {} messages, in and out",
                                   wiring.replicas[t.busiest].name,
                                   bytes(most.bytes), number(most.messages))});
  std::string text = rows.text().substr(1);
  if (t.assumes_tau) {
    text += fmt::format("The run chooses tau; these figures take {}.\n",
                        assumed_tau);
  }
  return wiring.links.empty() ? text : text + "\n" + links_table(wiring, t);
}

json flow_as_json(const topology::flow& f) {
  return {{"messages", f.messages}, {"bytes", f.bytes}};
}

json as_json(const topology::graph& wiring, const topology::analysis& a,
             double parameters) {
  const auto value_or_null = [](const auto& value) {
    return value ? json(*value) : json();
  };
  const topology::traffic& t = a.traffic;
  json out = {{"replicas", wiring.replicas.size()},
              {"workers", topology::workers(wiring)},
              {"degree", {{"min", a.least_degree}, {"max", a.most_degree}}},
              {"diameter", value_or_null(a.diameter)},
              {"spectral_gap", value_or_null(a.spectral_gap)},
              {"effective_neighbours", value_or_null(a.effective_neighbours)},
              {"parameters", parameters},
              {"assumed_tau", t.assumes_tau ? json(assumed_tau) : json()},
              {"total", flow_as_json(t.total)},
              {"busiest", flow_as_json(t.replicas[t.busiest])}};
  out["busiest"]["replica"] = wiring.replicas[t.busiest].name;
  out["links"] = json::array();
  for (std::size_t i = 0; i < wiring.links.size(); ++i) {
    const topology::link& l = wiring.links[i];
    out["links"].push_back(
        {{"from", wiring.replicas[l.from].name},
         {"to", wiring.replicas[l.to].name},
         {"exchange", std::string(topology::name(l.exchange))},
         {"discipline", std::string(topology::name(l.discipline))},
         {"compression", std::string(topology::name(l.compression))},
         {"forth", flow_as_json(t.links[i].forth)},
         {"back", flow_as_json(t.links[i].back)}});
  }
  return out;
}

/// The samples that --data names, where they are sparse.
std::optional<topology::sparse_samples> read_samples(
    const kernels::dataset& data, double batch) {
  if (!data.is_sparse() || data.empty()) {
    return std::nullopt;
  }
  topology::sparse_samples samples;
  samples.features = static_cast<double>(data.features());
  samples.batch = batch;
  const auto rows = static_cast<double>(data.rows());
  for (const std::uint32_t count : kernels::feature_counts(data)) {
    samples.by_share[static_cast<double>(count) / rows] += 1.0;
  }
  return samples;
}

std::string analysis_of(const settings& values, const topology::graph& wiring) {
  std::optional<topology::sparse_samples> samples;
  double parameters = values.number("parameters", 1.0, 1e15);
  if (values.has("data")) {
    std::vector<load_record> records;
    const source s = load(values, values.text("data"), part::train, records);
    samples = read_samples(
        s.data, static_cast<double>(values.number("batch", std::size_t{1})));
    if (!values.given("parameters")) {
      parameters = static_cast<double>(s.data.features());
    }
  }
  const auto a = topology::analyse(wiring, bytes_of_a_parameter * parameters,
                                   assumed_tau, samples);
  return values.flag("json") ? as_json(wiring, a, parameters).dump(2) + "\n"
                             : as_table(wiring, a, parameters);
}

std::string answer(const settings& values, const std::string& name,
                   const topology::graph& wiring) {
  if (values.flag("validate")) {
    return fmt::format("{} is fine: {}\n", name, counts(wiring));
  }
  if (values.flag("analyse")) {
    return analysis_of(values, wiring);
  }
  return values.flag("dot")    ? topology::dot(wiring)
         : values.flag("json") ? topology::write_wiring(wiring)
                               : topology::draw(wiring);
}

/// Whether the word is a file's name: systems have neither dots nor slashes.
bool is_file(const std::string& name) {
  return name.find_first_of("./") != name.npos ||
         (std::filesystem::exists(name) && !topology::by_name(name, {}));
}

topology::graph read_file(const settings& values, const std::string& file) {
  std::vector<option_group> groups = wiring_options();
  groups.push_back({"", {{"replicas", "", "", ""}, {"workers", "", "", ""}}});
  for (const option_group& group : groups) {
    for (const option& o : group.options) {
      if (values.given(o.name)) {
        values.fail(o.name,
                    "does not go with a wiring file; say it in the file");
      }
    }
  }
  try {
    return topology::read_wiring(file);
  } catch (const topology::wiring_error& e) {
    values.fail("topology", e.what());
  }
}

topology::graph read_system(const settings& values, const std::string& name) {
  const auto replicas =
      values.number<unsigned>("replicas", 1, topology::most_replicas);
  const auto workers = values.number<unsigned>("workers", 1, 1024);
  chosen_wiring chosen =
      read_wiring(values, "topology", name, replicas, workers);
  check_counts(values, chosen.name, values.given("replicas") ? replicas : 1,
               workers);
  return std::move(chosen.graph);
}

/// At most one of the flags says what to print; --json also goes with
/// --analyse.
void check_flags(const settings& values) {
  std::vector<std::string> given;
  for (const char* flag : {"validate", "analyse", "dot", "json"}) {
    if (values.flag(flag)) {
      given.emplace_back(flag);
    }
  }
  const bool is_analysis_in_json =
      given.size() == 2 && given[0] == "analyse" && given[1] == "json";
  if (given.size() > 1 && !is_analysis_in_json) {
    values.fail(given[1], "does not go with --" + given[0] + "; choose one");
  }
  if (values.has("data") && !values.flag("analyse")) {
    values.fail("data", "is for --analyse; add it");
  }
}

/// Whether no flag says what to do with a wiring.
bool asks_for_nothing(const settings& values) {
  return !values.flag("validate") && !values.flag("analyse") &&
         !values.flag("dot") && !values.flag("json");
}

std::string all_systems() {
  table rows({"system", ""}, true);
  rows.may_fold(1);
  for (const topology::system_card& card : topology::system_cards()) {
    rows.add({std::string(card.name), std::string(card.summary)});
  }
  return rows.text();
}

/// "combine mean, sum, momentum 0"
std::string fields_of(const topology::link_card& card) {
  std::string text;
  for (const auto& [key, usual] : card.fields) {
    text += fmt::format("{}{}{}{}", text.empty() ? "" : ", ", key,
                        usual.empty() ? "" : " ", usual);
  }
  return text;
}

std::string all_of(const char* what,
                   const std::vector<topology::link_card>& cards) {
  table rows({what, ""}, true);
  rows.may_fold(1);
  for (const topology::link_card& card : cards) {
    const std::string numbers = fields_of(card);
    rows.add({card.name, numbers.empty() ? card.summary
                                         : fmt::format("{} Takes {}.",
                                                       card.summary, numbers)});
  }
  return rows.text();
}

int run(const invocation& given) {
  const settings& values = given.values;
  check_flags(values);
  if (!values.has("topology") && asks_for_nothing(values)) {
    print_text(all_systems() + "\n" +
               all_of("exchange", topology::exchange_cards()) + "\n" +
               all_of("discipline", topology::discipline_cards()));
    return 0;
  }
  const std::string name = values.required("topology");
  const topology::graph wiring =
      is_file(name) ? read_file(values, name) : read_system(values, name);
  const std::vector<std::string> problems = topology::validate(wiring);
  for (const std::string& problem : problems) {
    complain(name + ": " + problem);
  }
  if (!problems.empty()) {
    return 2;
  }
  const bool is_table = values.flag("analyse") && !values.flag("json");
  (is_table ? print_text : print)(answer(values, name, wiring));
  return 0;
}

}  // namespace

command topology_command() {
  command c;
  c.name = "topology";
  c.summary = "draws, validates and analyses a wiring";
  c.text =
      "  sounder topology\n"
      "  sounder topology hogwildpp --replicas 4\n"
      "  sounder topology easgd --replicas 8 --tau 100 --analyse\n"
      "  sounder topology star --tau 64 --analyse --data train.svm\n"
      "  sounder topology my-wiring.json --validate\n"
      "  sounder topology d-psgd --replicas 16 --shape torus --dot | dot "
      "-Tsvg\n"
      "  sounder topology ea-wild --replicas 4 --group 2 --json > mine.json\n\n"
      "Without a name it lists systems, exchanges and disciplines; without\n"
      "--validate, --analyse, --dot or --json it draws. A wiring that cannot "
      "run\ngives exit code 2 and all its problems, a line each.\n";
  c.groups = {
      {"Topology",
       {{"topology", "NAME", "",
         "a system by its name, auto, or a wiring file"},
        {"replicas", "N", "2", "vectors of their own"},
        {"workers", "K", "1", "threads that step on the same vector"},
        {"validate", "", "", "say whether it can run, nothing else"},
        {"analyse", "", "",
         "neighbours, diameter, spectral gap, messages and bytes a step; with "
         "--json for machines"},
        {"parameters", "N", "1000000",
         "floats that replicas exchange, for --analyse; with --data as many as "
         "it has features"},
        {"data", "FILE", "",
         "samples, for --analyse: where they are sparse, what steps on them "
         "move between two meetings"},
        {"batch", "N", "1", "samples a step, for --data"},
        {"dot", "", "", "print it in Graphviz' language"},
        {"json", "", "", "print it as a wiring file"}}},
  };
  for (option_group& group : wiring_options()) {
    c.groups.push_back(std::move(group));
  }
  c.groups.push_back(format_options());
  c.groups.push_back(common_options());
  c.positional = "topology";
  c.run = run;
  return c;
}

}  // namespace sounder::app
