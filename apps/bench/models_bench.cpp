// How fast does one worker train a network, and where does the time go?
//
//   models_bench MODEL BATCH [SECONDS] [--profile]
//
// Random images in the model's shape. Before timing, the steps' loss on one
// batch has to fall. Prints a JSON line: samples a second (median of rounds),
// GFLOP/s against a product of two matrices in the same run, peak
// memory; with --profile a table of the layers on stderr.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "apps/bench/bench_support.hpp"
#include "apps/sounder/profile.hpp"
#include "kernels/data/random.hpp"
#include "kernels/network/models.hpp"
#include "kernels/network/network.hpp"
#include "kernels/network/product_rate.hpp"

namespace {

using namespace sounder;

kernels::dataset random_images(const kernels::model_card& card,
                               std::size_t rows) {
  kernels::random_stream random(1);
  kernels::dense_storage images;
  images.bytes.resize(rows * card.input.size());
  for (std::uint8_t& x : images.bytes) {
    x = static_cast<std::uint8_t>(random.next());
  }
  images.scale = 1.0F / 128.0F;
  images.shift = -1.0F;
  std::vector<float> labels(rows);
  for (float& y : labels) {
    y = static_cast<float>(
        random.below(static_cast<std::uint32_t>(card.classes)));
  }
  return {std::move(images), std::move(labels), card.input.size()};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("models_bench MODEL BATCH [SECONDS] [--profile]\n", stderr);
    return 2;
  }
  const std::string name = argv[1];
  const std::size_t batch = std::stoul(argv[2]);
  const double limit = argc > 3 ? std::atof(argv[3]) : 3.0;
  const bool profiled = std::string(argv[argc - 1]) == "--profile";
  const kernels::model_card* const card = kernels::find_model(name);
  if (card == nullptr) {
    fmt::print(stderr, "there is no model {}\n", name);
    return 2;
  }
  const kernels::network net(
      kernels::make_model(name, {card->input, card->classes}));
  const kernels::dataset data = random_images(*card, batch);
  std::vector<float> w(net.dimension());
  net.initialise(w, 1);
  std::vector<std::uint32_t> rows(batch);
  std::iota(rows.begin(), rows.end(), 0U);
  kernels::sgd_chunk chunk;
  chunk.data = &data;
  chunk.rows = rows;
  chunk.weights = w.data();
  chunk.batch_size = batch;
  chunk.step_size = 1e-3;
  kernels::worker_scratch scratch;

  const auto loss = [&] { return net.training_loss(data, rows, w.data()); };
  const double before = loss();
  for (int step = 0; step < 3; ++step) {
    net.steps(chunk, scratch);
  }
  if (!(loss() < before)) {
    fmt::print(stderr, "the loss does not fall: {} to {}\n", before, loss());
    return 1;
  }
  net.measure_times(profiled);
  std::vector<double> times;
  for (double spent = 0.0; spent < limit || times.size() < 5;) {
    times.push_back(bench::seconds([&] { net.steps(chunk, scratch); }));
    spent += times.back();
  }
  std::sort(times.begin(), times.end());
  const double rate = static_cast<double>(batch) / bench::median(times);
  const double peak = kernels::product_flops_per_s() / 1e9;
  fmt::print(
      "{{\"model\": \"{}\", \"batch\": {}, \"samples_per_s\": {:.1f}, "
      "\"gflops\": {:.1f}, \"product_gflops\": {:.1f}, "
      "\"peak_rss_mb\": {:.0f}}}\n",
      name, batch, rate, 3 * net.flops() * rate / 1e9, peak,
      bench::peak_rss_mb());
  if (profiled) {
    const double stepped_s = std::accumulate(times.begin(), times.end(), 0.0);
    fmt::print(stderr, "{}", app::profile_text(net, stepped_s));
  }
  return 0;
}
