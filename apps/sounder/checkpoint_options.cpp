#include "apps/sounder/checkpoint_options.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "apps/sounder/output_path.hpp"
#include "kernels/data/data_error.hpp"

namespace sounder::app {

namespace fs = std::filesystem;
using actors::checkpoint_folder;

namespace {

/// Refuses what cannot be written now rather than after an hour.
std::shared_ptr<checkpoint_folder> open_to_write(const std::string& name) {
  auto folder = std::make_shared<checkpoint_folder>(name);
  if (access(name.c_str(), W_OK | X_OK) != 0) {
    throw kernels::data_error(
        name, fmt::format("no checkpoint can be written here: {}",
                          std::strerror(errno)));
  }
  return folder;
}

void check_resumed(const settings& values, const fs::path& from) {
  if (fs::is_regular_file(from)) {
    values.fail("resume",
                fmt::format("{} is a file; go on from a folder of checkpoints, "
                            "or begin with a model's weights by --warm-start",
                            from.string()));
  }
  if (values.has("warm-start")) {
    values.fail("resume",
                "goes on with all that a run had; leave --warm-start "
                "out");
  }
  if (!fs::is_directory(from)) {
    throw kernels::data_error(from.string(),
                              "no such folder; --checkpoint begins one");
  }
}

}  // namespace

option_group checkpoint_options() {
  return {"Checkpoints",
          {{"checkpoint", "DIR", "",
            "keep what is needed to go on after this process"},
           {"checkpoint-every", "S", "60", "seconds between two on disk"},
           {"keep", "N", "2", "checkpoints that stay"},
           {"restarts", "N", "10", "from a checkpoint, after a node was lost"},
           {"wait-for-node", "S", "10",
            "until a run goes on without a node that was lost"},
           {"resume", "DIR", "",
            "go on from the newest one there, and keep them there"}}};
}

bool uses_checkpoints(const settings& values) {
  return values.has("checkpoint") || values.has("resume");
}

actors::checkpointing read_checkpointing(const settings& values,
                                         progress& out) {
  actors::checkpointing keeps;
  keeps.every = std::chrono::duration<double>(
      values.number("checkpoint-every", 0.0, 1e9));
  keeps.count = values.number<std::size_t>("keep", 1);
  if (!uses_checkpoints(values)) {
    return keeps;
  }
  const std::string from = values.has("resume") ? values.text("resume") : "";
  const std::string to =
      values.has("checkpoint") ? values.text("checkpoint") : from;
  const bool goes_on_there = !from.empty() && are_same(from, to);
  if (!from.empty() && !(goes_on_there && values.has("checkpoint"))) {
    check_resumed(values, from);
  }
  keeps.folder = open_to_write(to);
  if (from.empty() && !keeps.folder->is_empty()) {
    values.fail("checkpoint",
                fmt::format("{} has checkpoints of an earlier run; --resume {} "
                            "goes on from them, or name another folder",
                            to, to));
  }
  if (from.empty()) {
    return keeps;
  }
  if (goes_on_there && values.has("checkpoint") && keeps.folder->is_empty()) {
    out.note(fmt::format("no checkpoint in {} yet: the run begins", to));
    return keeps;
  }
  std::vector<std::string> damaged;
  const auto found = std::make_shared<const actors::checkpoint>(
      goes_on_there ? keeps.folder->newest(damaged)
                    : checkpoint_folder(from).newest(damaged));
  for (const std::string& each : damaged) {
    complain(fmt::format("warning: {}; the one before is used", each));
  }
  out.note(fmt::format("goes on after epoch {}", found->epoch()));
  keeps.from = found;
  return keeps;
}

void keep_options(const settings& values, std::span<const option_group> groups,
                  checkpoint_folder& folder) {
  // Nodes may be others then.
  constexpr std::array<std::string_view, 7> of_one_process = {
      "checkpoint", "resume", "warm-start", "nodes",
      "metrics",    "config", "dump-config"};
  folder.write_with_next(
      kept_config,
      "# Of the run whose checkpoints these are: what sounder train --resume "
      "goes by.\n" +
          values.given_as_config(groups, of_one_process));
}

int halvings_before(const actors::checkpointing& keeps) {
  if (!keeps.from) {
    return 0;
  }
  const auto words = nlohmann::json::parse(keeps.from->words, nullptr, false);
  return words.is_object() ? words.value("halvings", 0) : 0;
}

std::string words_for(int halvings) {
  return nlohmann::json{{"halvings", halvings}}.dump();
}

}  // namespace sounder::app
