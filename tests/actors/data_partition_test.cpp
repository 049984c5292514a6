#include "actors/plan/data_partition.hpp"

#include <catch2/catch.hpp>

#include "actors/plan/meeting_times.hpp"
#include "tests/support/training.hpp"
#include "topology/systems.hpp"

namespace a = sounder::actors;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

/// A star of as many replicas as places.
p::graph placed_star(const std::vector<std::string>& places) {
  p::wiring_options options;
  options.replicas = static_cast<unsigned>(places.size());
  options.tau = 10;
  p::graph star = *p::by_name("star", options);
  std::size_t next = 0;
  for (p::replica& r : star.replicas) {
    if (!r.is_hub()) {
      r.place = places[next++];
    }
  }
  return star;
}

/// Rows of the replicas that step.
std::vector<std::size_t> rows_of(const p::graph& wiring,
                                 const a::data_partition& partition) {
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < wiring.replicas.size(); ++i) {
    if (!wiring.replicas[i].is_hub()) {
      rows.push_back(partition.shares[i].shard().rows());
    }
  }
  return rows;
}

}  // namespace

TEST_CASE(
    "data_partition: without samples of their own all share the common ones") {
  const p::graph star = placed_star({"", "a", "b"});

  const a::data_partition partition = a::partition_data(star, {30, 300});

  CHECK(partition.shape.rows == 30);
  CHECK(partition.shape.nonzeros == 300);
  CHECK(rows_of(star, partition) == std::vector<std::size_t>{10, 10, 10});
}

TEST_CASE(
    "data_partition: a place's own samples are shared there and only there") {
  const p::graph star = placed_star({"a", "b", "a", "c"});

  const a::data_partition partition =
      a::partition_data(star, {30, 300}, {{"a", {8, 80}}, {"b", {5, 50}}});

  CHECK(partition.shape.rows == 43);
  CHECK(partition.shape.nonzeros == 430);
  CHECK(rows_of(star, partition) == std::vector<std::size_t>{4, 5, 4, 30});
}

TEST_CASE("data_partition: common samples that nobody shares do not count") {
  const p::graph star = placed_star({"a", "b"});

  const a::data_partition partition =
      a::partition_data(star, {30, 300}, {{"a", {8, 80}}, {"b", {5, 50}}});

  CHECK(partition.shape.rows == 13);
  CHECK(partition.shape.nonzeros == 130);
}

TEST_CASE(
    "data_partition: who has fewer samples takes fewer steps in every phase") {
  const a::training_plan plan =
      t::plan_of(std::make_shared<t::tally>(1), placed_star({"a", "b"}), 1);

  const auto setups =
      a::set_up_all(std::make_shared<const a::training_plan>(plan),
                    a::partition_data(plan.graph, {1, 1},
                                      {{"a", {100, 100}}, {"b", {25, 25}}}));

  std::vector<std::size_t> rows;  // at the end of each phase, by replica
  for (const a::replica_setup& setup : setups) {
    if (!plan.graph.replicas[setup.replica].is_hub()) {
      const a::epoch_cut& cut = setup.cut.epoch(0);
      REQUIRE(cut.phase_ends.size() == 10);
      rows.push_back(cut.chunks[cut.phase_ends[3] - 1].last);
      rows.push_back(cut.chunks.back().last);
    }
  }
  CHECK(rows == std::vector<std::size_t>{40, 100, 10, 25});
}
