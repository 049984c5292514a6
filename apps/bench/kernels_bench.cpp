// How fast are the primitives of the hot loop, by row length? Dot product,
// addition, addition with per-feature decay, and the exchange of a head. And
// what does it cost to pack a vector for the network and to unpack it?
//
//   kernels_bench [--benchmark_filter=...]
//
// Rows have Zipf-like indices into a vector of 47,236 floats. Each primitive
// is checked against a plain loop before it is timed.

#include <cmath>
#include <cstdlib>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

#include "kernels/data/random.hpp"
#include "kernels/exchange/packer.hpp"
#include "kernels/shared_vector.hpp"

namespace {

using namespace sounder::kernels;

constexpr std::size_t dimension = 47'236;
constexpr std::size_t rows = 1024;

struct sample {
  std::vector<std::uint32_t> index;
  std::vector<float> value;
};

std::vector<sample> make_rows(std::size_t nonzeros) {
  random_stream random(1);
  std::vector<sample> all(rows);
  for (sample& x : all) {
    // Distinct, popular ones first: a strictly growing walk.
    double at = 0.0;
    for (std::size_t k = 0; k < nonzeros; ++k) {
      at += 1.0 + random.uniform() * at * 5.0 / static_cast<double>(nonzeros);
      x.index.push_back(static_cast<std::uint32_t>(std::fmod(at, dimension)));
      x.value.push_back(static_cast<float>(random.uniform()));
    }
  }
  return all;
}

void check(double got, double expected) {
  if (std::abs(got - expected) > 1e-4 * (1.0 + std::abs(expected))) {
    std::abort();
  }
}

template <class Primitive>
void over_rows(benchmark::State& state, Primitive primitive) {
  const auto nonzeros = static_cast<std::size_t>(state.range(0));
  const auto all = make_rows(nonzeros);
  std::vector<float> w(dimension, 0.5F);
  std::size_t i = 0;
  for (auto _ : state) {
    primitive(all[i++ % rows], w.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void sparse_dot(benchmark::State& state) {
  std::vector<float> w(dimension, 0.5F);
  const sample x = make_rows(78).front();
  double sum = 0.0;
  for (const float value : x.value) {
    sum += 0.5 * static_cast<double>(value);
  }
  check(relaxed::sparse_dot(x.index.data(), x.value.data(), 78, w.data()), sum);
  over_rows(state, [](const sample& row, float* weights) {
    benchmark::DoNotOptimize(relaxed::sparse_dot(
        row.index.data(), row.value.data(), row.index.size(), weights));
  });
}

void sparse_add(benchmark::State& state) {
  std::vector<float> w(dimension, 0.5F);
  const sample x = make_rows(78).front();
  relaxed::sparse_add(x.index.data(), x.value.data(), 78, 2.0F, w.data());
  check(w[x.index[3]], 0.5 + 2.0 * static_cast<double>(x.value[3]));
  over_rows(state, [](const sample& row, float* weights) {
    relaxed::sparse_add(row.index.data(), row.value.data(), row.index.size(),
                        1e-6F, weights);
    benchmark::ClobberMemory();
  });
}

void sparse_add_then_decay(benchmark::State& state) {
  const std::vector<float> rate(dimension, 1e-3F);
  over_rows(state, [&](const sample& row, float* weights) {
    relaxed::sparse_add_then_decay(row.index.data(), row.value.data(),
                                   row.index.size(), 1e-6F, 1e-3F, rate.data(),
                                   weights);
    benchmark::ClobberMemory();
  });
}

void exchange_head(benchmark::State& state) {
  const auto head = static_cast<std::size_t>(state.range(0));
  shared_vector whole(dimension);
  private_head view(whole, head);
  view.data()[7] += 1.0F;
  view.exchange(0);
  check(whole.data()[7], 1.0);
  for (auto _ : state) {
    view.exchange(head / 2);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

const std::vector<compression> forms = {
    {packing::fp16}, {packing::bf16}, {packing::int8}, {packing::top_k, 0.01}};

std::vector<float> random_values() {
  random_stream random(2);
  std::vector<float> x(dimension);
  for (float& value : x) {
    value = static_cast<float>(random.uniform() - 0.5);
  }
  return x;
}

/// By the number of the form, from fp16 on.
void pack_vector(benchmark::State& state) {
  const std::vector<float> x = random_values();
  const compression& how = forms[static_cast<std::size_t>(state.range(0))];
  packer out(how, payload::differences, x);
  out.pack(0, x.data(), dimension);
  check(*out.memory(0) < 0.5F, 1.0);
  for (auto _ : state) {
    benchmark::DoNotOptimize(out.pack(0, x.data(), dimension).data());
  }
  state.SetItemsProcessed(state.iterations() * std::int64_t{dimension});
}

void unpack_vector(benchmark::State& state) {
  const std::vector<float> x = random_values();
  const compression& how = forms[static_cast<std::size_t>(state.range(0))];
  unpacker in(how.form, payload::differences, x);
  const std::vector<char> bytes = encode(how, x.data(), dimension);
  std::vector<float> found(dimension);
  check(in.unpack(0, bytes, found.data(), dimension), 1.0);
  for (auto _ : state) {
    in.unpack(0, bytes, found.data(), dimension);
    benchmark::DoNotOptimize(found.data());
  }
  state.SetItemsProcessed(state.iterations() * std::int64_t{dimension});
}

/// Parameters that the other end knows but for one in so many, which have
/// moved; the others have shrunk.
struct moving_parameters {
  random_stream random{3};
  std::vector<float> x = random_values();
  known_parameters here = std::make_shared<std::vector<float>>(x);
  known_parameters there = std::make_shared<std::vector<float>>(x);
  packer out{here, payload::parameters};
  unpacker in{there, payload::parameters};

  std::vector<char> pack() { return out.pack(0, x.data(), dimension); }

  void move(std::int64_t one_in) {
    for (float& value : x) {
      const auto drawn = random.below(static_cast<std::uint32_t>(one_in));
      value = 0.9999F * value + (drawn == 0 ? 1.0F : 0.0F);
    }
  }
  void check_arrival() {
    std::vector<float> found(dimension);
    check(in.unpack(0, pack(), found.data(), dimension), 1.0);
    check(found == *here, 1.0);
  }
};

void pack_unknown(benchmark::State& state) {
  moving_parameters parameters;
  parameters.move(state.range(0));
  parameters.check_arrival();
  for (auto _ : state) {
    state.PauseTiming();
    parameters.move(state.range(0));
    state.ResumeTiming();
    benchmark::DoNotOptimize(parameters.pack().data());
  }
  state.SetItemsProcessed(state.iterations() * std::int64_t{dimension});
}

void unpack_unknown(benchmark::State& state) {
  moving_parameters parameters;
  parameters.move(state.range(0));
  const std::vector<char> bytes = parameters.pack();
  std::vector<float> found(dimension);
  for (auto _ : state) {
    parameters.in.unpack(0, bytes, found.data(), dimension);
    benchmark::DoNotOptimize(found.data());
  }
  state.SetItemsProcessed(state.iterations() * std::int64_t{dimension});
}

BENCHMARK(pack_unknown)->Arg(5)->Arg(30);
BENCHMARK(unpack_unknown)->Arg(5)->Arg(30);
BENCHMARK(pack_vector)->DenseRange(0, 3);
BENCHMARK(unpack_vector)->DenseRange(0, 3);
BENCHMARK(sparse_dot)->Arg(20)->Arg(78)->Arg(300);
BENCHMARK(sparse_add)->Arg(20)->Arg(78)->Arg(300);
BENCHMARK(sparse_add_then_decay)->Arg(20)->Arg(78)->Arg(300);
BENCHMARK(exchange_head)->Arg(4096)->Arg(16384);

}  // namespace

BENCHMARK_MAIN();
