#include "apps/sounder/generate_options.hpp"

#include <array>
#include <stdexcept>

#include "kernels/data/generate.hpp"

namespace sounder::app {

namespace {

constexpr std::array<std::string_view, 4> kinds = {"p1", "p2", "p4", "sparse"};

/// Puts the value of an option over the default of the generator.
template <class T>
void take(const settings& values, const std::string& name, T& into) {
  if (values.has(name)) {
    into = values.number<T>(name, T{0});
  }
}

template <class Spec>
void take_size(const settings& values, Spec& spec) {
  take(values, "rows", spec.rows);
  take(values, "test-rows", spec.test_rows);
  if (const auto features = values.optional_number<std::size_t>("features");
      features.value_or(0) != 0) {
    spec.features = *features;
  }
  take(values, "noise", spec.noise);
  spec.seed = values.number<std::uint64_t>("seed");
}

void refuse(const settings& values, const std::string& kind,
            std::initializer_list<const char*> names) {
  for (const char* const name : names) {
    if (values.has(name)) {
      values.fail(name, fmt::format("means nothing for --{} {}; leave it out",
                                    kind, values.text(kind)));
    }
  }
}

}  // namespace

option_group generator_options(const std::string& kind) {
  return {
      "Generated data",
      {{kind,
        "KIND",
        "",
        "p1: linear SVM, 100 features, 20 % dense, 10,000 + 1,000 samples; p2: "
        "the same with 500,000; p4: linear regression, 5 features, 5,000 + 500 "
        "samples; sparse: text-like, 677,399 + 20,242 samples, 47,236 "
        "features",
        {kinds.begin(), kinds.end()}},
       {"rows", "N", "",
        "training samples: so many generated, or the first N "
        "of --data"},
       {"test-rows", "N", "", "test samples, likewise"},
       {"density", "X", "", "p1, p2: fraction of non-zeros [0.2]"},
       {"noise", "X", "",
        "p1, p2, sparse: fraction of flipped labels [0.02]; "
        "p4: deviation of the noise [0.1]"},
       {"mean-nonzeros", "X", "", "sparse: non-zeros a sample [74]"},
       {"zipf-exponent", "X", "", "sparse: popularity of features [1.8]"},
       {"zipf-shift", "X", "", "sparse: flattens the most popular [280]"}}};
}

kernels::train_test generate(const settings& values, const std::string& kind) {
  values.required(kind);
  const std::string& name = values.one_of(kind, kinds);
  try {
    if (name == "p4") {
      refuse(values, kind,
             {"density", "mean-nonzeros", "zipf-exponent", "zipf-shift"});
      kernels::regression_spec spec;
      take_size(values, spec);
      return kernels::generate_regression(spec);
    }
    if (name == "sparse") {
      refuse(values, kind, {"density"});
      kernels::sparse_spec spec;
      take_size(values, spec);
      take(values, "mean-nonzeros", spec.mean_nonzeros);
      take(values, "zipf-exponent", spec.zipf_exponent);
      take(values, "zipf-shift", spec.zipf_shift);
      return kernels::generate_sparse(spec);
    }
    refuse(values, kind, {"mean-nonzeros", "zipf-exponent", "zipf-shift"});
    kernels::svm_spec spec;
    spec.rows = name == "p2" ? 500'000 : spec.rows;
    take_size(values, spec);
    take(values, "density", spec.density);
    return kernels::generate_svm(spec);
  } catch (const std::invalid_argument& e) {
    throw usage_error(fmt::format("--{} {}: {}", kind, name, e.what()));
  }
}

}  // namespace sounder::app
