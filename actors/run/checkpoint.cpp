#include "actors/run/checkpoint.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "actors/sync/state_frame.hpp"
#include "kernels/data/atomic_file.hpp"
#include "kernels/data/data_error.hpp"
#include "topology/wiring_file.hpp"

namespace sounder::actors {

namespace fs = std::filesystem;
using kernels::data_error;

namespace {

constexpr state_kind file_form = {0x4B43454843444E53, 1};  // "SNDCHECK"
constexpr std::string_view prefix = "epoch-";
constexpr std::string_view suffix = ".checkpoint";

void keep_record(state_archive& all, epoch_record& of) {
  all(of.epoch, of.time_s, of.train_s, of.samples, of.nonzeros,
      of.samples_per_s, of.nonzeros_per_s, of.step_size, of.batch_size,
      of.train_loss, of.train_error, of.penalty, of.test_loss, of.test_error);
}

/// 12 of epoch-12.checkpoint.
std::optional<unsigned> epoch_named(std::string_view name) {
  unsigned epoch = 0;
  if (!name.starts_with(prefix) || !name.ends_with(suffix) ||
      name.size() <= prefix.size() + suffix.size()) {
    return std::nullopt;
  }
  const char* const last = name.data() + name.size() - suffix.size();
  const auto [end, problem] =
      std::from_chars(name.data() + prefix.size(), last, epoch);
  return problem == std::errc() && end == last ? std::optional(epoch)
                                               : std::nullopt;
}

/// Of a checkpoint, by a process that did not live to give it its name.
bool is_half_written(std::string_view name) {
  return name.starts_with("." + std::string(prefix)) && name.ends_with(".tmp");
}

std::vector<char> read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in) {
    throw data_error(file.string(),
                     "cannot read: " + std::string(std::strerror(errno)));
  }
  return bytes;
}

}  // namespace

void checkpoint::keep(state_archive& all) {
  keep_record(all, last);
  all(best_loss, epochs_since_best, samples_hash, words, wiring);
  all.any_number(states);
  all.any_number(parameters);
}

std::string wiring_text(const topology::graph& of) {
  topology::graph same = of;
  std::map<std::string, std::string> places = {{"", ""}};
  for (topology::replica& each : same.replicas) {
    each.place =
        places.try_emplace(each.place, "p" + std::to_string(places.size()))
            .first->second;
  }
  return topology::write_wiring(same);
}

std::vector<std::byte> write_checkpoint(const checkpoint& from) {
  state_archive body;
  const_cast<checkpoint&>(from).keep(body);  // which only reads it
  return framed(file_form, body.take());
}

checkpoint read_checkpoint(std::span<const std::byte> bytes) {
  state_archive body(unframed(file_form, bytes));
  checkpoint found;
  found.keep(body);
  state_archive::require(body.left() == 0, "something follows after its end");
  return found;
}

checkpoint_folder::checkpoint_folder(fs::path folder)
    : path_(std::move(folder)) {
  std::error_code problem;
  fs::create_directories(path_, problem);
  if (problem) {
    throw data_error(path_.string(),
                     "cannot make this folder: " + problem.message());
  }
  lock_ = open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0) {
    throw data_error(path_.string(), std::string("cannot open this folder: ") +
                                         std::strerror(errno));
  }
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(lock_);
    throw data_error(path_.string(),
                     "another run has its checkpoints here now; name another "
                     "folder, or end that run");
  }
  for (const fs::directory_entry& each : fs::directory_iterator(path_)) {
    if (is_half_written(each.path().filename().string())) {
      fs::remove(each.path(), problem);
    }
  }
}

checkpoint_folder::~checkpoint_folder() { close(lock_); }

fs::path checkpoint_folder::path_of(unsigned epoch) const {
  return path_ /
         (std::string(prefix) + std::to_string(epoch) + std::string(suffix));
}

std::map<unsigned, fs::path> checkpoint_folder::files() const {
  std::map<unsigned, fs::path> found;
  for (const fs::directory_entry& each : fs::directory_iterator(path_)) {
    if (const auto epoch = epoch_named(each.path().filename().string())) {
      found[*epoch] = each.path();
    }
  }
  return found;
}

checkpoint checkpoint_folder::newest(std::vector<std::string>& damaged) const {
  const auto all = files();
  for (auto at = all.rbegin(); at != all.rend(); ++at) {
    try {
      const std::vector<char> bytes = read_file(at->second);
      return read_checkpoint(std::as_bytes(std::span(bytes)));
    } catch (const state_error& problem) {
      damaged.push_back(at->second.string() + ": " + problem.what());
    } catch (const data_error& problem) {
      damaged.emplace_back(problem.what());
    }
  }
  throw data_error(path_.string(), damaged.empty()
                                       ? "no checkpoint is here"
                                       : "no checkpoint here is whole");
}

void checkpoint_folder::remove_after(unsigned epoch) {
  for (const auto& [each, file] : files()) {
    if (each > epoch) {
      fs::remove(file);
    }
  }
}

void checkpoint_folder::write(const checkpoint& from, std::size_t count) {
  if (!beside_.first.empty()) {
    kernels::atomic_file file(path_ / beside_.first);
    file.write(beside_.second);
    file.commit();
    beside_ = {};
  }
  kernels::atomic_file file(path_of(from.epoch()));
  file.write(write_checkpoint(from));
  file.commit();
  auto all = files();
  for (; all.size() > count; all.erase(all.begin())) {
    std::error_code stays;  // longer than it has to
    fs::remove(all.begin()->second, stays);
  }
}

}  // namespace sounder::actors
