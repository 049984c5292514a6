// What replicas exchange besides parameters: running statistics. Every system
// brings them to the data's values, however rarely and late replicas meet.

#include <cmath>
#include <memory>
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/training.hpp"
#include "topology/systems.hpp"

namespace a = sounder::actors;
namespace k = sounder::kernels;
namespace p = sounder::topology;
namespace t = sounder::tests;

namespace {

/// A parameter that stays where it is, and a statistic that moves a tenth of
/// the way to 5 in each step, as batch norm's do.
class running_mean : public k::objective {
 public:
  static constexpr float of_the_data = 5.0F;

  std::size_t dimension() const noexcept override { return 2; }
  std::size_t trainable() const noexcept override { return 1; }
  void add_gradient(const k::dataset& /*data*/,
                    std::span<const std::uint32_t> /*rows*/,
                    const float* weights,
                    std::span<float> gradient) const override {
    gradient[1] += 0.1F * (weights[1] - of_the_data);
  }
  k::loss_sums evaluate(const k::dataset& /*data*/, std::size_t first,
                        std::size_t last,
                        const float* /*weights*/) const override {
    return {0.0, 0, last - first};
  }
  void predict(const k::dataset& /*data*/, std::size_t first, std::size_t last,
               const float* /*weights*/, float* values) const override {
    std::fill(values, values + (last - first), 0.0F);
  }
};

}  // namespace

TEST_CASE("statistics: every system brings them to the data's values") {
  constexpr unsigned meetings = 320;
  constexpr std::size_t tau = 20;
  for (const std::string& system : p::names()) {
    for (const unsigned replicas : {2U, 4U, 8U}) {
      DYNAMIC_SECTION(system << " with " << replicas << " replicas") {
        p::wiring_options options;
        options.replicas = replicas;
        options.workers = 2;
        options.tau = tau;
        options.group = 2;
        a::training_plan plan =
            t::plan_of(std::make_shared<running_mean>(),
                       *p::by_name(system, options), meetings / 4);
        plan.schedule = k::constant_step(0.1);

        const a::run_report report =
            a::train(plan, t::blank(replicas * tau * 4));

        REQUIRE(report.message.empty());
        CHECK(report.parameters[0] == 0.0F);
        CHECK(std::abs(report.parameters[1] - running_mean::of_the_data) <
              0.01F);
      }
    }
  }
}
