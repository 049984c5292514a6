// sounder node and sounder status: a process that waits for work, and what it
// is at.

#include "actors/node/node.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "actors/plan/link_json.hpp"
#include "apps/sounder/commands.hpp"
#include "apps/sounder/input_watch.hpp"
#include "apps/sounder/link_table.hpp"
#include "apps/sounder/network_options.hpp"
#include "apps/sounder/sample_source.hpp"
#include "apps/sounder/signals.hpp"
#include "apps/sounder/table.hpp"
#include "apps/sounder/training_run.hpp"
#include "kernels/data/data_error.hpp"

namespace sounder::app {

namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 2> outputs = {"table", "json"};

int run_node(const invocation& given) {
  const settings& values = given.values;
  progress out(values.flag("quiet"));
  actors::node_options options;
  options.listen = read_address(values, "listen");
  options.wire_port = values.number<std::uint16_t>("wire-port");
  options.tls = read_tls(values);
  check_exposure(values, "listen", options.listen, options.tls);
  if (values.has("data") && values.has("part")) {
    values.fail("part", "is instead of --data; choose one");
  }
  for (const char* const name : {"topics", "sample-weights"}) {
    if (values.has(name) && !values.has("data") && !values.has("part")) {
      values.fail(name, "is for the samples of --part or --data; name them");
    }
  }
  const own_files own{values.text(values.has("part") ? "part" : "data"),
                      values.text("topics"), values.text("sample-weights")};
  if (!own.data.empty() && !std::filesystem::exists(own.data)) {
    throw kernels::data_error(own.data, "there is no such file");
  }
  if (values.has("part")) {
    options.open_part = [&](const std::string& source) {
      return open_part(source, own, out);
    };
  } else if (values.has("data")) {
    options.open_data = [&](const std::string& source) {
      return open_copy(source, own, out);
    };
  }
  options.ready = [](const actors::node_address& at) {
    print(fmt::format("listening on {}\n", at.text()));
  };
  options.say = [&](const std::string& line) { out.note(line); };
  interrupt_watch signals;
  options.leave = signals.token();
  std::optional<input_watch> input;
  if (values.flag("ends-with-input")) {
    input.emplace();
    options.stop = input->token();
  }
  try {
    actors::serve(options);
  } catch (const std::system_error& problem) {
    values.fail("listen", problem.what());
  }
  return 0;
}

std::string as_table(const json& status) {
  std::string text =
      fmt::format("{}: {}\n", status.at("listen").get<std::string>(),
                  status.at("state").get<std::string>());
  if (!status.contains("replicas")) {
    return text;
  }
  table replicas({"replica", "workers", "steps", "samples", "rate"}, true);
  replicas.may_drop({"workers", "steps", "rate"});
  for (const json& r : status["replicas"]) {
    replicas.add({r.at("name"), r.at("workers").dump(), r.at("steps").dump(),
                  r.at("samples").dump(),
                  rate(r.at("samples_per_s").get<double>())});
  }
  text += "\n" + replicas.text();
  std::vector<actors::link_record> links;
  for (const json& link : status.at("links")) {
    links.push_back(actors::as_link_record(link));
  }
  return links.empty() ? text : text + "\n" + link_table(links);
}

int run_status(const invocation& given) {
  const settings& values = given.values;
  const actors::node_address at = read_address(values, "node");
  const actors::tls_files tls = read_tls(values);
  const bool as_json = values.one_of("output", outputs) == "json";
  check_exposure(values, "node", at, tls);
  const auto deadline = std::chrono::milliseconds(
      static_cast<long>(1e3 * values.number("connect-deadline", 0.1, 1e6)));
  const std::string text = actors::status_of(at, tls, deadline);
  if (as_json) {
    print(text + "\n");
  } else {
    print_text(as_table(json::parse(text)));
  }
  return 0;
}

}  // namespace

command node_command() {
  command c;
  c.name = "node";
  c.summary = "waits for a part of a run, trains it, and waits again";
  c.text =
      "  sounder node --listen 127.0.0.1:4711\n"
      "  sounder node --listen 127.0.0.1:4711 --part part-0.svm\n"
      "  sounder node --listen 10.0.0.2:4711 --data train.svm.xz \\\n"
      "    --tls-cert me.pem --tls-key me.key --tls-ca ca.pem\n"
      "\n"
      "Prints 'listening on HOST:PORT' when it is ready; port 0 is any free "
      "one. With\n--data it takes its rows from its own copy of the leader's "
      "file, with --part it\ntrains on samples that it alone has, otherwise "
      "the "
      "leader sends them. Ends with SIGINT, SIGTERM or SIGHUP; one that is at "
      "work waits\na second first: where the leader was interrupted, too, it "
      "collects its model.\n";
  c.groups = {
      {"Node",
       {{"listen", "HOST:PORT", "127.0.0.1:0", "where to wait for work"},
        {"wire-port", "PORT", "0", "where parameters come in; 0: any"},
        {"data", "FILE", "", "own copy of the leader's training file"},
        {"part", "FILE", "", "training samples that this node alone has"},
        {"topics", "FILE", "",
         "a line of topics a sample of --part or --data, for the leader's "
         "--topic"},
        {"sample-weights", "FILE", "",
         "a weight a line for the samples of --part or --data, where the "
         "leader's have some"},
        {"ends-with-input", "", "",
         "ends when standard input does, and with it whoever holds its other "
         "end"},
        {"ignore-environment", "", "",
         "takes no option from SOUNDER_ variables"}}},
      tls_options(),
      {"Quiet", {{"quiet", "", "", "no messages on stderr"}}},
      common_options()};
  c.run = run_node;
  return c;
}

command status_command() {
  command c;
  c.name = "status";
  c.summary = "shows what runs at a node";
  c.text =
      "  sounder status 127.0.0.1:4711\n"
      "  sounder status 127.0.0.1:4711 --output json\n";
  c.positional = "node";
  c.groups = {{"Status",
               {{"node", "HOST:PORT", "", "the node; may stand alone"},
                {"connect-deadline", "S", "5", "seconds it may take to answer"},
                {"output", "FORM", "table", "table, json"}}},
              tls_options(),
              common_options()};
  c.run = run_status;
  return c;
}

}  // namespace sounder::app
