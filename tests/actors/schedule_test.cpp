#include "actors/plan/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/training.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

/// An svm whose steps of size 1 shrink the weights by 1 - l2.
std::shared_ptr<const k::objective> shrinking(double l2) {
  return k::make_linear(k::linear_model::svm, t::blank(1), 1,
                        {k::penalty_form::l2, l2});
}

/// An epoch of one worker, one phase.
a::epoch_cut epoch_of(std::size_t rows, std::size_t batch, std::size_t size) {
  a::epoch_cut epoch;
  epoch.batch_size = batch;
  epoch.chunks = a::cut_epoch(rows, batch, size, 1);
  epoch.phase_ends = {epoch.chunks.size()};
  return epoch;
}

/// A run of such epochs.
a::run_cut walked(std::size_t rows, std::size_t batch, std::size_t size) {
  return a::run_cut({epoch_of(rows, batch, size)});
}

}  // namespace

TEST_CASE("schedule: an epoch is cut into whole batches, each sample once") {
  for (const std::size_t rows : {1U, 2U, 5U, 10U, 97U, 1000U, 4096U}) {
    for (const std::size_t batch : {1U, 3U, 10U, 97U}) {
      for (const std::size_t size : {1U, 7U, 100U, 1'000'000U}) {
        for (const unsigned workers : {1U, 2U, 3U, 8U}) {
          INFO(rows << " rows, batches of " << batch << ", chunks of " << size
                    << ", " << workers << " workers");
          const auto chunks = a::cut_epoch(rows, batch, size, workers);

          std::size_t next = 0;
          for (const a::chunk_range& c : chunks) {
            REQUIRE(c.first == next);
            REQUIRE(c.last > c.first);
            const bool is_last = c.last == rows;
            REQUIRE((is_last || (c.last - c.first) % batch == 0));
            REQUIRE((c.last - c.first <= size || c.last - c.first <= batch));
            next = c.last;
          }
          REQUIRE(next == rows);
        }
      }
    }
  }
}

TEST_CASE("schedule: one worker has no use for small chunks at the end") {
  const auto chunks = a::cut_epoch(1000, 1, 250, 1);

  REQUIRE(chunks.size() == 4);
  REQUIRE(chunks.back().first == 750);
}

TEST_CASE("schedule: several workers end on chunks an eighth as long") {
  const auto chunks = a::cut_epoch(16'000, 10, 800, 2);

  for (const a::chunk_range& c : chunks) {
    const bool in_tail = c.first >= 16'000 - 2 * 800;
    REQUIRE(c.last - c.first == (in_tail ? 100 : 800));
  }
}

TEST_CASE("schedule: every worker has at least four chunks") {
  for (const unsigned workers : {2U, 3U, 8U}) {
    REQUIRE(a::cut_epoch(1000, 1, 1'000'000, workers).size() >= 4UL * workers);
  }
}

TEST_CASE("schedule: chunks hold about as many values whatever the rows") {
  const std::size_t text = a::default_chunk_rows(75'000'000, 1'000'000);
  const std::size_t images = a::default_chunk_rows(784ULL * 60'000, 60'000);

  REQUIRE(text == 65536 / 75);
  REQUIRE(images == 65536 / 784);
  REQUIRE(a::default_chunk_rows(1'000'000, 1) == 1);
  REQUIRE(a::default_chunk_rows(0, 5) > 0);
}

TEST_CASE("schedule: the scale of a chunk is the product of all before it") {
  const a::run_cut cut = walked(100, 8, 30);  // 24 + 24 + 24 + 24 + 4
  const auto& epoch = cut.epoch(0).chunks;
  const auto model = shrinking(0.125);
  const auto rule = k::decaying_step(1.0, 0.5);

  const auto phase = a::plan_phase(cut, 0, 2 * epoch.size(), *model, rule);

  double scale = 1.0;
  for (std::size_t c = 0; c < 2 * epoch.size(); ++c) {
    const double step = c < epoch.size() ? 1.0 : 0.5;
    REQUIRE(phase.starts[c].step_size == step);
    REQUIRE(phase.starts[c].scale == Approx(scale).epsilon(1e-14));
    const int batches = c % epoch.size() == 4 ? 1 : 3;
    scale *= std::pow(1.0 - 0.125 * step, batches);
  }
  REQUIRE(phase.end_scale == Approx(scale).epsilon(1e-14));
  REQUIRE(phase.scale_after(0) == 1.0);
  REQUIRE(phase.scale_after(3) == phase.starts[3].scale);
  REQUIRE(phase.scale_after(2 * epoch.size()) == phase.end_scale);
  REQUIRE(phase.scale_after(99) == phase.end_scale);
}

TEST_CASE("schedule: rules see the epochs done at the start of a chunk") {
  const a::run_cut cut = walked(100, 1, 25);
  const auto model = shrinking(0.0);

  const auto phase =
      a::plan_phase(cut, 4, 12, *model, [](double done) { return 1.0 + done; });

  REQUIRE(phase.first == 4);
  REQUIRE(phase.last == 12);
  for (std::size_t c = 0; c < 8; ++c) {
    REQUIRE(phase.starts[c].step_size == 2.0 + static_cast<double>(c) / 4);
    REQUIRE(phase.starts[c].scale == 1.0);
  }
}

TEST_CASE("schedule: phases end before the scale is too small for floats") {
  // Each chunk of 10 scales by 2^-10 = 1e-3: eight fit above 1e-25.
  const a::run_cut cut = walked(300, 1, 10);
  const auto model = shrinking(0.5);

  std::size_t next = 0;
  while (next < 60) {
    const auto phase =
        a::plan_phase(cut, next, 60, *model, k::constant_step(1.0));
    REQUIRE(phase.first == next);
    REQUIRE(phase.last == std::min<std::size_t>(next + 8, 60));
    REQUIRE(phase.starts.size() == phase.last - phase.first);
    REQUIRE(phase.starts.front().scale == 1.0);
    REQUIRE(phase.end_scale >= 1e-25);
    next = phase.last;
  }
}

TEST_CASE("schedule: numbers and places of things in epochs are inverse") {
  for (const std::vector<std::size_t>& counts :
       {std::vector<std::size_t>{3}, {5, 3}, {4, 1, 7, 2}}) {
    const a::numbering all(counts);

    std::size_t next = 0;
    for (std::size_t epoch = 0; epoch < 6; ++epoch) {
      REQUIRE(all.before(epoch) == next);
      const std::size_t count = counts[std::min(epoch, counts.size() - 1)];
      for (std::size_t within = 0; within < count; ++within) {
        const auto place = all.place_of(next++);
        REQUIRE(place.epoch == epoch);
        REQUIRE(place.within == within);
      }
    }
  }
}

TEST_CASE(
    "schedule: epochs of other batches have chunks and scales of theirs") {
  // 5 batches of 2 in 3 chunks, then 3 batches of 4 in 2, and so on.
  const a::run_cut cut({epoch_of(10, 2, 4), epoch_of(10, 4, 8)});
  const auto model = shrinking(0.5);
  const auto rule = [](double done) { return 1.0 - done / 10; };

  const auto phase =
      a::plan_phase(cut, 0, cut.chunks().before(3), *model, rule);

  const double at[] = {0.0, 0.4, 0.8, 1.0, 1.8, 2.0, 2.8};
  const int batches[] = {2, 2, 1, 2, 1, 2, 1};
  double scale = 1.0;
  REQUIRE(phase.starts.size() == 7);
  for (std::size_t c = 0; c < 7; ++c) {
    REQUIRE(phase.starts[c].step_size == Approx(rule(at[c])));
    REQUIRE(phase.starts[c].scale == Approx(scale).epsilon(1e-14));
    scale *= std::pow(1.0 - 0.5 * rule(at[c]), batches[c]);
  }
  REQUIRE(phase.end_scale == Approx(scale).epsilon(1e-14));
}

TEST_CASE("schedule: a table of step sizes says what the rule says") {
  // 3 chunks, then 2 an epoch; the rule changes with every second epoch.
  const a::run_cut cut({epoch_of(10, 2, 4), epoch_of(10, 4, 8)});
  const auto rule = [](double done) {
    return 1.0 - std::floor(done / 2.0) / 10;
  };
  const auto model = shrinking(0.5);

  const a::step_table steps = a::steps_of(cut, rule, 1, 1001);

  REQUIRE(steps.sizes.size() == 501);
  for (std::size_t c = 3; c < 2003; c += 100) {
    const auto by_rule = a::plan_phase(cut, c, c + 10, *model, rule);
    const auto by_table = a::plan_phase(cut, c, c + 10, *model, steps);
    REQUIRE(by_table.starts.size() == by_rule.starts.size());
    for (std::size_t k = 0; k < by_rule.starts.size(); ++k) {
      REQUIRE(by_table.starts[k].step_size == by_rule.starts[k].step_size);
    }
  }
  REQUIRE_THROWS_AS(steps.at(2), std::out_of_range);
  REQUIRE_THROWS_AS(steps.at(2003), std::out_of_range);
}

TEST_CASE("schedule: so many rows until the scale has fallen") {
  REQUIRE(a::rows_until_scale(1.0 / 1024, 0.5, 1) == 10);
  REQUIRE(a::rows_until_scale(1.0 / 1000, 0.5, 8) == 9 * 8);
  REQUIRE(a::rows_until_scale(0.5, 0.1, 8) == 8);  // one batch at least
  REQUIRE(a::rows_until_scale(0.5, 1.0, 8) > 1'000'000'000);
}
