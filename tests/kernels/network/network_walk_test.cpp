// Forward and backward through whole networks.

#include <thread>

#include <catch2/catch.hpp>

#include "kernels/network/network.hpp"
#include "kernels/step/with_optimizer.hpp"
#include "tests/support/gradient_check.hpp"
#include "tests/support/plain_walk.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

t::floats gradient_of(const k::network& net, const k::dataset& data,
                      std::span<const std::uint32_t> rows, t::floats weights,
                      std::uint64_t seed = 0) {
  k::sgd_chunk batch;
  batch.data = &data;
  batch.rows = rows;
  batch.weights = weights.data();
  batch.seed = seed;
  t::floats gradient = t::nothing(net.dimension());
  net.find_gradient(batch, gradient);
  return gradient;
}

std::vector<double> as_doubles(const t::floats& values) {
  return {values.begin(), values.end()};
}

struct network_case {
  const char* name;
  const char* text;
  std::size_t features;
  k::network_options options;
};

const std::vector<network_case> smooth = {
    {"softmax regression", "input 5\ndense 3\n", 5, {}},
    {"chain", "input 5\ndense 4\ntanh\ndense 4\nsigmoid\ndense 3\n", 5, {}},
    {"penalty and smoothing",
     "input 5\ndense 4\ntanh\ndense 3\n",
     5,
     {0.1, 0.2}},
    {"images",
     "input 6x6x2 mean=0.5 deviation=2\nconv 3 kernel=3 same\ntanh\n"
     "average-pool 2\nconv 2 kernel=2\nresponse-norm 3 alpha=0.5\nflatten\n"
     "dense 3\n",
     72,
     {}},
    {"residual",
     "input 4x4x2\na = conv 3 kernel=3 same\nb = tanh\n"
     "conv 3 kernel=3 same\ntanh\nadd from tanh1, b, a\nsigmoid\ndense 3\n",
     32,
     {}},
    {"branches",
     "i = input 4x4x2\na = conv 2\nb = conv 3 kernel=3 same from i\n"
     "c = average-pool 3 stride=1 pad=1 from i\nconcat from a, b, c\ntanh\n"
     "global-average-pool\ndense 3\n",
     32,
     {}},
    {"one value in several places",
     "i = input 4\na = dense 3\nb = tanh\nc = dense 3 from b\n"
     "d = sigmoid from b\ne = tanh from b\nconcat from a, b, c, d, e\n"
     "dense 3\n",
     4,
     {}},
    {"batch norm",
     "input 4x4x2\nconv 3 kernel=3 same no-bias\nbatch-norm\ntanh\n"
     "global-average-pool\ndense 3\nbatch-norm\n",
     32,
     {}},
    {"sequences", "input 4x3x1\nrows\nlstm 3\nlstm 2\nlast\ndense 3\n", 12, {}},
    {"dropout",
     "input 4x4x2\ndropout rate=0.3\nconv 3\ndropout\ntanh\ndense 3\n",
     32,
     {}},
    {"moved images",
     "input 4x4x2 crop=1 flip\nconv 3\ntanh\ndense 3\n",
     32,
     {}},
    {"in place",
     "input 4\nbias\ndense 4\nbias\ntanh\nflatten\nbias\ndense 3\nbias\n"
     "tanh\n",
     4,
     {}},
};

/// The terms of the mean loss and the penalty at `weights`.
t::term_function loss_of(t::plain_walk& walk, const k::network& net, double l2,
                         const t::floats& weights) {
  return [&walk, &net, l2, &weights] {
    walk.forward(weights);
    auto terms = walk.losses();
    for (std::size_t j = 0; j < net.trainable(); ++j) {
      const auto w = static_cast<double>(weights[j]);
      terms.push_back(0.5 * l2 * w * w);
    }
    return terms;
  };
}

}  // namespace

TEST_CASE("network: gradients are those of differences of the loss") {
  constexpr std::uint64_t seed = 17;
  for (const network_case& c : smooth) {
    CAPTURE(c.name);
    const auto net = t::network_of(c.text, c.options);
    const auto data = t::random_samples(9, c.features, 3);
    const std::vector<std::uint32_t> rows = {7, 0, 3, 8, 1};
    t::floats weights = t::start_of(net);
    t::plain_walk walk(net, data, rows, seed, c.options.label_smoothing);

    const t::floats gradient = gradient_of(net, data, rows, weights, seed);

    const auto fit = t::check_gradient(
        std::span<float>(weights).first(net.trainable()),
        std::span<const float>(gradient).first(net.trainable()),
        loss_of(walk, net, c.options.l2, weights));
    CAPTURE(fit.worst, fit.at, fit.sharpness);
    CHECK(fit.is_good());
  }
}

TEST_CASE("network: gradients go through what is cut off in place") {
  const auto net = t::network_of(
      "input 4x4x2\nconv 4 kernel=3 same no-bias\nbatch-norm\na = bias\n"
      "r = relu\nb = conv 4 start=normal:0.1\nrelu\n"
      "c = conv 4 start=normal:0.1 from r\nadd from relu1, c, r\nrelu\n"
      "global-average-pool\ndense 3\n");
  const auto data = t::random_samples(6, 32, 3);
  const auto rows = t::all_rows(data);
  t::floats weights = t::start_of(net);
  // Far on either side of the kink, channel by channel: what the biases a, b
  // and c meet is below 4.
  for (const k::named_array& array : net.arrays()) {
    for (std::size_t j = 0; array.name.find(".bias") == 1 && j < array.count;
         ++j) {
      weights[array.first + j] = j % 2 == 0 ? 6.0F : -6.0F;
    }
  }
  t::plain_walk walk(net, data, rows);

  const t::floats gradient = gradient_of(net, data, rows, weights);

  const auto fit =
      t::check_gradient(std::span<float>(weights).first(net.trainable()),
                        std::span<const float>(gradient).first(net.trainable()),
                        loss_of(walk, net, 0.0, weights));
  CAPTURE(fit.worst, fit.at, fit.sharpness);
  CHECK(fit.is_good());
}

namespace {

/// Layers of 6x6 images in random order and with random inputs, all of
/// which end up in the last.
std::string random_network(k::random_stream& random) {
  struct node {
    std::string name;
    std::size_t channels;
    bool is_used;
  };
  const std::vector<std::string> kinds = {"relu",
                                          "relu",
                                          "tanh",
                                          "sigmoid",
                                          "bias",
                                          "dropout",
                                          "flat",
                                          "batch-norm",
                                          "batch-norm",
                                          "conv 3",
                                          "conv 2 kernel=3 same",
                                          "conv 4 kernel=1x3 same no-bias",
                                          "max-pool 3 stride=1 pad=1",
                                          "average-pool 3 stride=1 pad=1",
                                          "response-norm 3 alpha=0.5",
                                          "concat",
                                          "add"};
  std::vector<node> nodes = {{"image", 2, false}};
  std::string text = "image = input 6x6x2\n";
  const auto pick = [&](std::size_t n) {
    return random.below(static_cast<std::uint32_t>(n));
  };
  for (std::size_t left = 2 + pick(14); left > 0; --left) {
    std::string kind = kinds[pick(kinds.size())];
    // The last one mostly, so that there are chains.
    std::vector<std::size_t> from = {pick(3) == 0 ? pick(nodes.size())
                                                  : nodes.size() - 1};
    std::size_t channels = nodes[from[0]].channels;
    if (kind == "concat") {
      from.push_back(pick(nodes.size()));
      channels += nodes[from[1]].channels;
    } else if (kind == "add") {
      for (std::size_t i = 0; i < nodes.size() && from.size() < 3; ++i) {
        if (nodes[i].channels == channels) {
          from.push_back(i);
        }
      }
      if (from.size() < 2) {
        continue;
      }
    } else if (kind.starts_with("conv")) {
      channels = static_cast<std::size_t>(kind[5] - '0');
    } else if (kind == "flat") {
      kind = "conv 2";
      channels = 2;
    }
    const std::string name = "n" + std::to_string(nodes.size());
    text += name + " = " + kind + " from ";
    for (std::size_t i = 0; i < from.size(); ++i) {
      text += (i > 0 ? ", " : "") + nodes[from[i]].name;
      nodes[from[i]].is_used = true;
    }
    text += '\n';
    nodes.push_back({name, channels, false});
  }
  std::string ends;
  std::size_t count = 0;
  for (const node& n : nodes) {
    if (!n.is_used) {
      ends += (count++ > 0 ? ", " : "") + n.name;
    }
  }
  return text + (count > 1 ? "concat" : "relu") + " from " + ends + "\n" +
         (random.below(2) == 0 ? "global-average-pool\n" : "flatten\n") +
         "dense 3\n" + (random.below(2) == 0 ? "bias\n" : "");
}

}  // namespace

TEST_CASE("network: memory used again does what memory of one's own does") {
  // The same operations but for sums in memory or not: some roundings of
  // numbers that batch norm may have made 10 times larger.
  constexpr double rounding = 1e-4;
  k::random_stream random(9);
  const auto data = t::random_samples(8, 72, 3);
  const std::vector<std::uint32_t> rows = {5, 2, 7};
  for (std::uint64_t round = 0; round < 60; ++round) {
    const std::string text = random_network(random);
    CAPTURE(text);
    const auto net = t::network_of(text);
    const t::floats weights = t::start_of(net, round);
    t::plain_walk walk(net, data, rows, round);

    const t::floats gradient = gradient_of(net, data, rows, weights, round);
    t::floats predicted(3 * data.rows());
    net.predict(data, 0, data.rows(), weights.data(), predicted.data());

    walk.forward(weights);
    CHECK(t::relative_gap(gradient, as_doubles(walk.backward(weights))) <
          rounding);
    t::plain_walk all(net, data, t::all_rows(data));
    CHECK(t::relative_gap(predicted, as_doubles(all.forward(weights, false))) <
          rounding);
  }
}

TEST_CASE("network: batches of other sizes in between change nothing") {
  const auto net = t::network_of(smooth[7].text);
  const auto data = t::random_samples(20, 32, 3);
  const auto rows = t::all_rows(data);
  const std::span<const std::uint32_t> span = rows;
  const t::floats weights = t::start_of(net);
  const auto first = gradient_of(net, data, span.first(5), weights);
  const auto second = gradient_of(net, data, span.last(3), weights);

  for (int round = 0; round < 3; ++round) {
    CHECK(gradient_of(net, data, span.first(5), weights) == first);
    CHECK(net.evaluate(data, 0, 20, weights.data()).rows == 20);
    CHECK(gradient_of(net, data, span.last(3), weights) == second);
    gradient_of(net, data, span, weights);
  }
}

TEST_CASE("network: workers do not disturb each other") {
  const auto net = t::network_of(smooth[7].text);
  const auto data = t::random_samples(20, 32, 3);
  const auto rows = t::all_rows(data);
  const t::floats weights = t::start_of(net);
  constexpr std::size_t workers = 4;
  const auto batch_of = [&](std::size_t worker) {
    return std::span<const std::uint32_t>(rows).subspan(worker, worker + 2);
  };
  std::vector<t::floats> alone;
  for (std::size_t worker = 0; worker < workers; ++worker) {
    alone.push_back(gradient_of(net, data, batch_of(worker), weights));
  }
  std::vector<t::floats> together(workers);

  std::vector<std::thread> threads;
  for (std::size_t worker = 0; worker < workers; ++worker) {
    threads.emplace_back([&, worker] {
      for (int round = 0; round < 10; ++round) {
        together[worker] = gradient_of(net, data, batch_of(worker), weights);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }

  CHECK(together == alone);
}

TEST_CASE("network: add_gradient adds") {
  const auto net = t::network_of("input 5\ndense 4\ntanh\ndense 3\n");
  const auto data = t::random_samples(6, 5, 3);
  const auto rows = t::all_rows(data);
  const t::floats weights = t::start_of(net);
  const t::floats found = gradient_of(net, data, rows, weights);
  t::floats sum(net.dimension(), 1.0F);

  net.add_gradient(data, rows, weights.data(), sum);

  for (std::size_t j = 0; j < sum.size(); ++j) {
    CHECK(sum[j] == 1.0F + found[j]);
  }
}

TEST_CASE("network: seed and row decide what is dropped and moved") {
  for (const std::size_t at : {9U, 10U}) {
    const network_case& c = smooth[at];
    CAPTURE(c.name);
    const auto net = t::network_of(c.text);
    const auto data = t::random_samples(6, c.features, 3);
    const auto rows = t::all_rows(data);
    const t::floats weights = t::start_of(net);

    const auto first = gradient_of(net, data, rows, weights, 1);
    const auto again = gradient_of(net, data, rows, weights, 1);
    const auto other = gradient_of(net, data, rows, weights, 2);

    CHECK(first == again);
    CHECK(first != other);
  }
}

TEST_CASE("network: evaluation counts errors and leaves smoothing out") {
  constexpr std::size_t rows = 150;  // more than evaluation takes at once
  constexpr double rounding = 1e-5;
  const auto net = t::network_of(smooth[7].text, {0.1, 0.3});
  const auto data = t::random_samples(rows, 32, 3);
  const t::floats weights = t::start_of(net);
  t::plain_walk walk(net, data, t::all_rows(data));
  const t::floats z = walk.forward(weights, false);
  const auto losses = walk.losses();
  double loss = 0.0;
  std::size_t errors = 0;
  for (std::size_t i = 10; i < rows; ++i) {
    loss += losses[i] * static_cast<double>(rows);
    const float* const own = z.data() + 3 * i;
    errors += std::max_element(own, own + 3) - own !=
                      static_cast<std::ptrdiff_t>(i % 3)
                  ? 1
                  : 0;
  }

  const auto sums = net.evaluate(data, 10, rows, weights.data());

  CHECK(sums.rows == rows - 10);
  CHECK(sums.errors == errors);
  CHECK(sums.loss == Approx(loss).epsilon(rounding));
}

TEST_CASE("network: the penalty is of what is trained alone") {
  const auto net = t::network_of("input 2\nbatch-norm\ndense 2\n", {0.5});
  t::floats weights(net.dimension(), 2.0F);

  // Batch norm has 2 + 2 and 4 statistics, dense 4 + 2.
  CHECK(net.penalty(weights.data()) == 0.25 * 4.0 * 10.0);
}

TEST_CASE("network: steps move statistics whatever step size and rule") {
  const auto net = std::make_shared<k::network>(
      k::parse_layers("input 4\nbatch-norm momentum=0.5\ndense 3\n", "test"));
  const auto data = t::random_samples(6, 4, 3);
  const auto rows = t::all_rows(data);
  const t::floats start = t::start_of(*net);
  const t::floats gradient = gradient_of(*net, data, rows, start);
  using kind = k::optimizer_kind;
  for (const auto rule :
       {kind::sgd, kind::momentum, kind::nesterov, kind::adam, kind::lars}) {
    for (const double step_size : {0.0, 0.1, 10.0}) {
      CAPTURE(static_cast<int>(rule), step_size);
      k::optimizer how;
      how.kind = rule;
      const auto stepped = k::with_optimizer(net, how);
      t::floats weights = start;
      k::optimizer_state state(how, net->trainable());
      k::sgd_chunk chunk;
      chunk.optimizer = &state;
      chunk.data = &data;
      chunk.rows = rows;
      chunk.weights = weights.data();
      chunk.batch_size = rows.size();
      chunk.step_size = step_size;
      k::worker_scratch scratch;

      stepped->steps(chunk, scratch);

      for (std::size_t j = 0; j < net->trainable(); ++j) {
        CHECK((weights[j] == start[j]) ==
              (step_size == 0.0 || gradient[j] == 0.0F));
      }
      for (std::size_t j = net->trainable(); j < weights.size(); ++j) {
        CHECK(weights[j] == start[j] - gradient[j]);
      }
    }
  }
}

TEST_CASE("network: learns random samples by heart") {
  struct learning_case {
    const char* text;
    std::size_t features;
  };
  for (const auto& c : {
           learning_case{"input 16\ndense 32\nrelu\ndense 4\n", 16},
           {"input 4x4x2\nconv 16 kernel=3 same no-bias\nbatch-norm\nrelu\n"
            "max-pool 2\nflatten\ndense 4\n",
            32},
           {"input 4x4x1\nrows\nlstm 16\nlast\ndense 4\n", 16},
       }) {
    CAPTURE(c.text);
    const auto net =
        std::make_shared<k::network>(k::parse_layers(c.text, "test"));
    const auto data = t::random_samples(32, c.features, 4);
    const auto rows = t::all_rows(data);
    k::optimizer adam;
    adam.kind = k::optimizer_kind::adam;
    const auto stepped = k::with_optimizer(net, adam);
    t::floats weights = t::start_of(*net);
    k::optimizer_state state(adam, net->trainable());
    k::sgd_chunk chunk;
    chunk.optimizer = &state;
    chunk.data = &data;
    chunk.rows = rows;
    chunk.weights = weights.data();
    chunk.batch_size = 16;
    chunk.step_size = 0.02;
    k::worker_scratch scratch;

    for (int epoch = 0; epoch < 60; ++epoch) {
      chunk.seed += 1;
      stepped->steps(chunk, scratch);
    }

    const auto sums = net->evaluate(data, 0, 32, weights.data());
    CHECK(sums.errors == 0);
    CHECK(sums.loss < 32 * 0.1);
  }
}

TEST_CASE("network: the time of steps is told for each layer") {
  const auto net = t::network_of("input 5\na = dense 4\ntanh\nb = dense 3\n");
  const auto data = t::random_samples(6, 5, 3);
  const auto rows = t::all_rows(data);
  const t::floats weights = t::start_of(net);

  gradient_of(net, data, rows, weights);
  net.measure_times(true);
  gradient_of(net, data, rows, weights);

  const auto times = net.times();
  REQUIRE(times.size() == 3);
  CHECK(times[0].name == "a");
  CHECK(times[2].name == "b");
  // Dense layers of 5 x 4 and 4 x 3: forward, backward for the weights and,
  // but for the first, for the input. tanh has no weights.
  CHECK(times[0].flops == 2.0 * 6 * (2 * 20 + 4));
  CHECK(times[1].flops == 2.0 * 6 * (4 * 4));
  CHECK(times[2].flops == 3.0 * 6 * (2 * 12 + 3));
}

TEST_CASE("network: the time of evaluations is not that of steps") {
  const auto net = t::network_of("input 5\ndense 3\n");
  const auto data = t::random_samples(6, 5, 3);
  const t::floats weights = t::start_of(net);

  net.measure_times(true);
  net.evaluate(data, 0, 6, weights.data());

  CHECK(net.times()[0].forward_s == 0.0);
  CHECK(net.times()[0].flops == 0.0);
}
