#include "apps/sounder/metrics.hpp"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/plan/link_json.hpp"
#include "kernels/data/data_error.hpp"

namespace sounder::app {

namespace {

using json = nlohmann::ordered_json;

json optional(const std::optional<double>& value) {
  return value ? json(*value) : json(nullptr);
}

}  // namespace

json as_json(const actors::epoch_record& r) {
  return {{"epoch", r.epoch},
          {"train_s", r.train_s},
          {"samples", r.samples},
          {"nonzeros", r.nonzeros},
          {"samples_per_s", r.samples_per_s},
          {"nonzeros_per_s", r.nonzeros_per_s},
          {"train_loss", r.train_loss},
          {"train_error", optional(r.train_error)},
          {"penalty", r.penalty},
          {"test_loss", optional(r.test_loss)},
          {"test_error", optional(r.test_error)},
          {"step_size", r.step_size},
          {"batch_size", r.batch_size}};
}

json as_json(const actors::run_report& report) {
  json out = {
      {"stop_reason", actors::name(report.stop_reason)},
      {"epochs", report.epochs.empty() ? 0U : report.epochs.back().epoch},
      {"total_s", report.total_s},
      {"train_s", report.train_s},
      {"samples", report.samples},
      {"computing_s", report.times.computing},
      {"exchanging_s", report.times.exchanging},
      {"waiting_s", report.times.waiting},
      {"peak_rss_bytes", peak_rss_bytes()}};
  if (report.checkpoint) {
    out["checkpoint"] = *report.checkpoint;
  }
  if (!report.message.empty()) {
    out["message"] = report.message;
  }
  return out;
}

std::uint64_t peak_rss_bytes() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024U;
}

metrics_file::metrics_file(const std::string& file)
    : name_(file),
      id_(fmt::format("{:%Y%m%dT%H%M%S}-{}", fmt::gmtime(std::time(nullptr)),
                      getpid())),
      run_(id_),
      start_(clock::now()) {
  if (file.empty()) {
    return;
  }
  file_ = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file_ < 0) {
    throw kernels::data_error(
        file, fmt::format("cannot be written: {}; name another file for "
                          "--metrics",
                          std::strerror(errno)));
  }
}

metrics_file::~metrics_file() {
  if (file_ >= 0) {
    ::close(file_);
  }
}

void metrics_file::start_run(const std::string& suffix) {
  run_ = suffix.empty() ? id_ : id_ + "/" + suffix;
  start_ = clock::now();
}

double metrics_file::now() const {
  return std::chrono::duration<double>(clock::now() - start_).count();
}

void metrics_file::load(const load_record& record) {
  write("load", now(),
        {{"file", record.file},
         {"bytes", record.bytes},
         {"seconds", record.seconds}});
}

void metrics_file::epoch(const actors::epoch_record& record) {
  write("epoch", now(), as_json(record));
}

void metrics_file::restart(double step_size) {
  write("restart", now(), {{"step_size", step_size}});
}

void metrics_file::resume(unsigned epoch, const std::string& why) {
  write("resume", now(), {{"epoch", epoch}, {"message", why}});
}

void metrics_file::end(const actors::run_report& report) {
  for (const actors::link_record& link : report.links) {
    write("link", now(), as_json(link));
  }
  write("end", now(), as_json(report));
}

void metrics_file::write(const char* event, double time_s, const json& more) {
  if (file_ < 0 || problem_ != 0) {
    return;
  }
  json record = {{"event", event}, {"time_s", time_s}, {"run", run_}};
  record.update(more);
  const std::string line =
      record.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t n = ::write(file_, line.data() + done, line.size() - done);
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
    } else if (errno != EINTR) {
      problem_ = errno;
      break;
    }
  }
  struct stat about = {};
  if (problem_ != 0 && done > 0 && fstat(file_, &about) == 0) {
    static_cast<void>(
        !ftruncate(file_, about.st_size - static_cast<off_t>(done)));
  }
}

void metrics_file::close() {
  if (problem_ != 0) {
    throw kernels::data_error(
        name_, fmt::format("cannot be written to its end: {}; free some space",
                           std::strerror(problem_)));
  }
}

}  // namespace sounder::app
