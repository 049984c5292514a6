// One table: every exchange with every discipline that it goes with, over
// memory, over streams within one process, and over two processes.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>
#include <sys/prctl.h>

#include "tests/support/closed_forms.hpp"

namespace a = sounder::actors;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

using way = t::all_channels::way;

/// Sums of floats are rounded, and means of three.
constexpr double rounding = 1e-4;

void check_within(double value, const t::interval& wanted) {
  const double margin = rounding * (1.0 + wanted.most);
  CHECK(value >= wanted.least - margin);
  CHECK(value <= wanted.most + margin);
}

double loss_of_start(const t::all_channels& channels) {
  const std::vector<float> start(2, 0.0F);
  const auto rows = channels.data().rows();
  return t::follow_and_count(2)
             .evaluate(channels.data(), 0, rows, start.data())
             .loss /
         static_cast<double>(rows);
}

double meetings_seen(const t::channel_case& at, const a::run_report& seen) {
  double count = 0.0;
  for (const a::link_record& link : seen.links) {
    count += link.exchange == p::name(at.exchange)
                 ? static_cast<double>(link.count)
                 : 0.0;
  }
  return count;
}

/// What holds of a run, whoever was faster.
void check_run(const t::channel_case& at, const a::run_report& seen,
               double loss_before) {
  CHECK(seen.message == "");
  REQUIRE(seen.stop_reason == a::stop_reason::epochs_done);
  CHECK(seen.samples == std::uint64_t{t::epochs_of_cases} * t::rows_of_cases);
  CHECK(seen.epochs.back().train_loss < loss_before);

  const t::count_facts run(at, seen);
  check_within(meetings_seen(at, seen), t::meetings_of(run));
  const t::interval count = std::visit(
      [&](const auto& rule) { return t::count_of(rule, run); }, at.exchange);
  check_within(static_cast<double>(seen.parameters.back()), count);
  const auto* bound = std::get_if<p::bounded>(&at.discipline);
  if (bound != nullptr && bound->staleness > 0) {
    // The other was as far behind, and is as far ahead now; it has pushed, too.
    CHECK(run.staleness() <= 2.0 * static_cast<double>(bound->staleness) + 2.0);
  }
}

/// What runs of which nothing depends on speed have in common.
void check_same(const t::channel_case& at, const a::run_report& one,
                const a::run_report& other) {
  CHECK(one.parameters == other.parameters);
  const auto of = [&](const a::run_report& seen) {
    std::set<std::string> links;  // of nodes they come in any order
    for (const a::link_record& link : seen.links) {
      std::ostringstream line;
      line << link.from << " -> " << link.to << ": " << link.count
           << " meetings, " << link.dropped << " dropped";
      if (link.to != "all") {  // a sum that is divided
        line << ", " << link.bytes << " bytes";
      }
      if (!p::is_synchronous(at.discipline)) {  // else who counts first?
        line << ", staleness " << link.staleness.max;
      }
      line << "\n";
      links.insert(line.str());
    }
    return std::accumulate(links.begin(), links.end(), std::string());
  };
  CHECK(of(one) == of(other));
}

void check_all(const std::function<bool(const t::channel_case&)>& is_of_these) {
  t::all_channels channels;
  const double loss_before = loss_of_start(channels);
  std::size_t cases = 0;
  for (const t::channel_case& at : t::all_cases()) {
    if (!is_of_these(at)) {
      continue;
    }
    ++cases;
    std::vector<a::run_report> seen;
    for (const way over : t::all_channels::ways) {
      INFO(at.name() << ", over " << t::all_channels::name_of(over));
      seen.push_back(channels.run(t::plan_of(at), over));
      check_run(at, seen.back(), loss_before);
      if (t::is_fixed(at)) {
        check_same(at, seen.back(), seen.front());
      }
    }
  }
  CHECK(cases > 0);
}

bool is_wiring(const t::channel_case& at, const std::string& name) {
  return at.wiring == name;
}

}  // namespace

TEST_CASE("channels: one replica at a hub") {
  check_all([](const auto& at) {
    return is_wiring(at, "one at a hub") && !p::is_synchronous(at.discipline);
  });
}

TEST_CASE("channels: one replica at a hub, as if together") {
  check_all([](const auto& at) {
    return is_wiring(at, "one at a hub") && p::is_synchronous(at.discipline);
  });
}

TEST_CASE("channels: two replicas at a hub, one by one") {
  check_all([](const auto& at) {
    return is_wiring(at, "two at a hub") && !p::is_synchronous(at.discipline);
  });
}

TEST_CASE("channels: two replicas at a hub, together") {
  check_all([](const auto& at) {
    return is_wiring(at, "two at a hub") && p::is_synchronous(at.discipline);
  });
}

TEST_CASE("channels: who reads, and groups, at a hub") {
  check_all([](const auto& at) {
    return at.has_hub() && !is_wiring(at, "one at a hub") &&
           !is_wiring(at, "two at a hub");
  });
}

TEST_CASE("channels: peers and rings") {
  check_all([](const auto& at) { return !at.has_hub(); });
}

namespace {

bool says(const std::vector<std::string>& problems, const std::string& words) {
  return std::any_of(problems.begin(), problems.end(),
                     [&](const std::string& one) {
                       return one.find(words) != std::string::npos;
                     });
}

/// Whether some wiring takes them. Where none does it is said why.
bool goes(const p::exchange& rule, const p::discipline& when) {
  if (!t::cases_of(rule, when).empty()) {
    return true;
  }
  const std::string name(p::name(when));
  for (const auto& each : t::small_wirings(rule, when).all()) {
    const auto problems = p::validate(each.graph);
    CHECK(says(problems,
               p::goes_together(rule, when)
                   ? name
                   : name + " cannot carry " + std::string(p::name(rule))));
  }
  return false;
}

}  // namespace

TEST_CASE("channels: what does not go together is refused by both names") {
  p::for_each_alternative<p::exchange>([](const auto& what) {
    p::for_each_alternative<p::discipline>([&](const auto& how) {
      INFO(p::describe(p::exchange(what))
           << ", " << p::describe(p::discipline(how)));
      bool is_of_use = false;
      for (const auto& rule : t::settings_of(what)) {
        for (const auto& when : t::settings_of(how)) {
          is_of_use = goes(rule, when) || is_of_use;
        }
      }
      CHECK(is_of_use == p::goes_together(what, how));
    });
  });
}
