// An exchange of your own: a star that sends only what is worth sending.
//
// Coordinates that have moved by more than a threshold go to the hub. What
// has moved less stays at home and adds up, so nothing is ever lost
// (Strom, "Scalable distributed DNN training using commodity GPU cloud
// computing", Interspeech 2015; without its quantisation).

#include <cmath>
#include <cstdio>

#include "actors/run/train.hpp"
#include "kernels/data/generate.hpp"
#include "kernels/model/linear.hpp"
#include "kernels/shared_vector.hpp"
#include "topology/compose.hpp"

using namespace sounder;
namespace relaxed = sounder::kernels::relaxed;

///   d = w - s;  up = d where |d| > threshold, else 0
///   c <- c + up;  w <- c + (d - up);  s <- c
class large_deltas : public kernels::exchange_rule {
 public:
  explicit large_deltas(float threshold) : threshold_(threshold) {}

  void ask(const kernels::near_end& e, float* up) const noexcept override {
    for (std::size_t j = 0; j < e.n; ++j) {
      const float d = relaxed::load(e.w[j]) - e.s[j];
      up[j] = is_large(d) ? d : 0.0F;
    }
  }
  void serve(const kernels::far_end& e,
             float* payload) const noexcept override {
    for (std::size_t j = 0; j < e.n; ++j) {
      const float c = relaxed::load(e.c[j]) + payload[j];
      relaxed::store(e.c[j], c);
      payload[j] = c;
    }
  }
  void take(const kernels::near_end& e, const float* down,
            const float* asked) const noexcept override {
    for (std::size_t j = 0; j < e.n; ++j) {
      const float d = asked[j] - e.s[j];
      const float kept = is_large(d) ? 0.0F : d;
      relaxed::store(e.w[j], down[j] + kept);
      e.s[j] = down[j];
    }
  }

 private:
  bool is_large(float d) const noexcept { return std::abs(d) > threshold_; }

  float threshold_;
};

int main() {
  const auto data = kernels::generate_svm({});

  actors::training_plan plan;
  plan.exchanges["large-deltas"] = std::make_shared<large_deltas>(1e-3F);
  plan.graph =
      topology::wire({{"hub", 0, topology::lock_free{}, {}},
                      {"a", 1, topology::lock_free{}, {}},
                      {"b", 1, topology::lock_free{}, {}}},
                     topology::shapes::star(2),
                     topology::custom{"large-deltas"}, topology::every{20});
  plan.objective = kernels::make_linear(kernels::linear_model::svm, data.train,
                                        2, {kernels::penalty_form::l2, 1e-4});
  plan.schedule = kernels::decaying_step(0.01, 0.9);

  const auto report = actors::train(plan, data.train, data.test);
  std::printf("test error %.2f %%\n", 100 * *report.epochs.back().test_error);
}
