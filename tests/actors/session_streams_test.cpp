// Sessions over streams within one process, both ends in sight: whatever meets
// at a hub loses no move, in whatever order threads get on.

#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "actors/sync/rules.hpp"
#include "actors/sync/stream_channel.hpp"
#include "actors/sync/stream_server.hpp"
#include "tests/support/channel_cases.hpp"
#include "tests/support/own_rule.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

constexpr std::size_t meetings = 24;
constexpr std::size_t steps = 4;  // between two meetings; each moves by 1

/// An objective that nobody asks for more than its size.
class of_one_parameter : public k::objective {
 public:
  std::size_t dimension() const noexcept override { return 1; }
  void add_gradient(const k::dataset&, std::span<const std::uint32_t>,
                    const float*, std::span<float>) const override {}
  k::loss_sums evaluate(const k::dataset&, std::size_t, std::size_t,
                        const float*) const override {
    return {};
  }
  void predict(const k::dataset&, std::size_t, std::size_t, const float*,
               float*) const override {}
};

/// A replica's link to the hub, by a pair of sockets.
class caller {
 public:
  caller(const a::training_plan& plan, std::size_t link,
         const std::shared_ptr<a::target>& hub)
      : near_(std::make_shared<a::pending_stream>()),
        far_(std::make_shared<a::pending_stream>()),
        end_(std::span<float>(&w, 1), false, 0) {
    const a::tls_context open_to_all{a::tls_files()};
    const auto [one, other] = a::socket_pair();
    near_->join(std::make_unique<a::stream>(one, open_to_all,
                                            a::stream::side::connects));
    far_->join(std::make_unique<a::stream>(other, open_to_all,
                                           a::stream::side::accepts));
    const p::discipline& when = plan.graph.links[link].discipline;
    const auto rule = a::make_rule(plan, link, 4, false);
    a::stream_link made;
    made.rule = rule;
    made.snapshot = {0.0F};
    made.meter = meter = std::make_shared<a::link_meter>();
    made.discipline = when;
    made.wire = near_;
    session_ = a::meet_by_stream(std::move(made));
    session_->tau = *p::steps(when);
    const auto held =
        p::excludes(when) ? a::held_for::errand : a::held_for::nothing;
    serving_ =
        std::jthread([serve = a::serve_by_stream({rule, hub, link, held}, far_,
                                                 {})](std::stop_token stop) {
          while (!stop.stop_requested() && serve->turn()) {
          }
        });
  }

  /// Steps and meets, to its end.
  void walk() {
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (std::size_t m = 0; m < meetings && !is_stuck; ++m) {
      w += static_cast<float>(steps);
      end_.rest(1.0F);
      while (!session_->attend(end_, {1.0F, 1.0F})) {
        if (std::chrono::steady_clock::now() > until) {
          is_stuck = true;
          break;
        }
        session_->wait();
      }
    }
    session_->resign();
  }

  float w = 0.0F;
  std::shared_ptr<a::link_meter> meter;
  bool is_stuck = false;

 private:
  std::shared_ptr<a::pending_stream> near_;
  std::shared_ptr<a::pending_stream> far_;
  a::local_end end_;
  std::unique_ptr<a::meeting> session_;
  std::jthread serving_;
};

}  // namespace

TEST_CASE("sessions over streams: no move is lost at a hub") {
  for (const t::channel_case& at : t::all_cases()) {
    const bool is_served =
        p::traits_of(at.exchange).meets == p::encounter::served;
    const bool is_of_group =
        std::holds_alternative<p::one_of_group>(at.discipline);
    if (!at.has_hub() || !is_served || is_of_group ||
        p::steps(at.discipline) != 4U ||
        !std::holds_alternative<p::any_age>(p::age_of(at.exchange))) {
      continue;
    }
    INFO(at.name());
    a::training_plan plan;
    plan.graph = at.graph;
    plan.objective = std::make_shared<of_one_parameter>();
    plan.exchanges = t::own_rules();
    const std::size_t links = at.graph.links.size();
    a::gate_ranks ranks(links);
    std::iota(ranks.begin(), ranks.end(), std::size_t{0});
    float c = 0.0F;
    const auto hub = std::make_shared<a::target>(
        std::span<float>(&c, 1), links, 0, a::gate_for(at.discipline, ranks));
    std::vector<std::unique_ptr<caller>> all;
    for (std::size_t l = 0; l < links; ++l) {
      all.push_back(std::make_unique<caller>(plan, l, hub));
    }

    {
      std::vector<std::jthread> walking;
      for (const auto& each : all) {
        walking.emplace_back([&each] { each->walk(); });
      }
    }

    double kept = 0.0;
    for (const auto& each : all) {
      REQUIRE_FALSE(each->is_stuck);
      CHECK(each->meter->record().count == meetings);
      kept += static_cast<double>(each->w);
    }
    all.clear();  // who serves is done
    const double moved = static_cast<double>(steps * meetings * links);
    const bool may_lose =
        links > 1 && !p::excludes(at.discipline) &&
        p::traits_of(at.discipline).awaits == p::awaits::nobody;  // no lock
    if (may_lose) {
      CHECK(c > 0.0F);
      CHECK(static_cast<double>(c) <= 2.0 * moved);  // momentum of 0.5 doubles
    } else if (p::traits_of(at.exchange).averages ||
               p::has_exchange<p::custom>(at.graph)) {
      CHECK(kept + static_cast<double>(c) == Approx(moved).epsilon(1e-5));
    } else if (p::has_exchange<p::add_delta>(at.graph) && links > 1 &&
               p::has_exchange<p::overwrite>(at.graph)) {
      CHECK(static_cast<double>(c) == 0.5 * moved);  // one of them reads
    } else if (std::holds_alternative<p::add_delta>(at.exchange)) {
      CHECK(static_cast<double>(c) == moved);
    } else {
      CHECK(c > 0.0F);
    }
  }
}
