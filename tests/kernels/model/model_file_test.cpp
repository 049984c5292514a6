#include "kernels/model/model_file.hpp"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "kernels/data/data_error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace {

using namespace sounder;
using kernels::linear_model;
using kernels::model;
using tests::content_of;
using tests::temporary_directory;

/// Floats of all magnitudes, so that every digit counts.
model some_model(linear_model kind, std::vector<float> labels,
                 std::size_t features, double bias = 0.0) {
  const std::size_t outputs = kernels::is_multi_class(kind) ? labels.size() : 1;
  model m{kind, std::move(labels), features, outputs, bias, {}};
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  const std::size_t rows = features + (bias != 0.0 ? 1 : 0);
  for (std::size_t i = 0; i < rows * outputs; ++i) {
    m.weights.push_back(normal(random) * std::exp(4.0F * normal(random)));
  }
  return m;
}

bool same(const model& a, const model& b) {
  return a.kind == b.kind && a.labels == b.labels && a.features == b.features &&
         a.outputs == b.outputs && a.bias == b.bias && a.weights == b.weights &&
         a.normalised == b.normalised;
}

std::vector<model> all_kinds() {
  return {some_model(linear_model::svm, {1, -1}, 7),
          some_model(linear_model::logistic, {2, 1}, 5, 1.5),
          some_model(linear_model::softmax, {0, 3, 9}, 4),
          some_model(linear_model::softmax, {-1, 1, 2}, 3, 1.0),
          some_model(linear_model::one_against_rest, {1, 2, 5, 8}, 6, 0.25),
          some_model(linear_model::least_squares, {}, 3)};
}

std::string problem_of(const std::filesystem::path& file) {
  try {
    kernels::load_model(file);
  } catch (const kernels::data_error& e) {
    return e.what();
  }
  return "";
}

bool runs(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

}  // namespace

TEST_CASE("a model comes back from both formats bit by bit") {
  const temporary_directory here;
  const char* const name = GENERATE("m.txt", "m.npz");

  for (const model& m : all_kinds()) {
    INFO(kernels::name(m.kind) << " in " << name);
    kernels::save_model(m, here / name);
    CHECK(same(kernels::load_model(here / name), m));
  }
}

TEST_CASE("a model of unit rows comes back as one") {
  const temporary_directory here;
  const char* const name = GENERATE("m.txt", "m.npz");
  model m = some_model(linear_model::logistic, {1, -1}, 4, 1.0);
  m.normalised = kernels::normalisation_kind::unit_rows;

  kernels::save_model(m, here / name);

  CHECK(same(kernels::load_model(here / name), m));
}

TEST_CASE("a text that asks for an unknown normalisation is refused") {
  const temporary_directory here;
  const auto file = here.file(
      "m.txt",
      "solver_type L2R_LR\nnr_class 2\nlabel 1 -1\nnr_feature 1\nbias -1\n"
      "normalise max-abs\nw\n1\n");

  CHECK_THAT(problem_of(file),
             Catch::Contains("m.txt:6: normalise is 'max-abs', not unit-rows"));
}

TEST_CASE("the same model gives the same bytes") {
  const temporary_directory here;
  const char* const extension = GENERATE(".txt", ".npz");
  const model m = some_model(linear_model::svm, {1, -1}, 100);

  kernels::save_model(m, here / (std::string("a") + extension));
  kernels::save_model(m, here / (std::string("b") + extension));

  CHECK(content_of(here / (std::string("a") + extension)) ==
        content_of(here / (std::string("b") + extension)));
}

TEST_CASE("a text model with a flaw is refused by file and line") {
  const temporary_directory here;
  const std::string head =
      "solver_type L2R_LR\nnr_class 2\nlabel 1 -1\nnr_feature 2\nbias -1\n";
  const auto [content, expected] =
      GENERATE_COPY(table<std::string, std::string>(
          {{"", "is empty"},
           {"1 1:2\n", "is not a model file"},
           {"solver_type L2R_LR\n", ":1: the file ends before the weights"},
           {"solver_type NONE\nnr_class 2\nlabel 1 2\nnr_feature 1\nw\n1\n",
            ":5: solver_type 'NONE'"},
           {"solver_type L2R_LR\nnr_class x\n", ":2: nr_class is 'x'"},
           {"solver_type L2R_LR\nrho 2\n", ":2: unknown key 'rho'"},
           {"solver_type L2R_LR\nnr_class 2\nlabel 1\n", ":3: label is ''"},
           {"solver_type L2R_LR\nnr_class 2\nnr_feature 1\nw\n1\n",
            ":4: the labels are missing"},
           {"solver_type L2R_LR\nnr_class 2\nlabel 1 1\nnr_feature 1\nw\n1\n",
            "a label occurs twice"},
           {"solver_type L2R_LR\nnr_class 2\nlabel 1 2\nw\n1\n",
            ":4: nr_feature is missing"},
           {"solver_type L2R_LR\nnr_class 2\nlabel 1 2\n"
            "nr_feature 99999999999\nw\n1\n",
            "cannot be in a file of"},
           {head + "w\n1\n", ":7: the file ends after 1 of 2 rows"},
           {head + "w\n1\nnan\n", ":8: a weight is 'nan'"},
           {head + "w\n1\n1e99\n", "the weight of feature 2 is not finite"},
           {head + "w\n1\n2 3\n", ":8: unexpected '3'"},
           {head + "w\n1\n2\n3\n", ":9: unexpected '3'"}}));
  const auto file = here.file("m.txt", content);

  const std::string problem = problem_of(file);

  CHECK_THAT(problem, Catch::StartsWith(file.string()));
  CHECK_THAT(problem, Catch::Contains(expected));
  CHECK(problem.find('\n') == problem.npos);
}

TEST_CASE("a text model cut off anywhere is refused") {
  const temporary_directory here;
  kernels::save_model(some_model(linear_model::softmax, {1, 2, 3}, 3, 1.0),
                      here / "m.txt");
  const std::string whole = content_of(here / "m.txt");
  // Without its last digits the last number is another number; that much a
  // text file cannot know.
  const std::size_t last_number = whole.find_last_of(' ', whole.size() - 4);

  for (std::size_t size = 0; size < last_number; ++size) {
    CHECK(problem_of(here.file("cut.txt", whole.substr(0, size))) != "");
  }
}

TEST_CASE("an .npz with a damaged or missing byte is refused") {
  const temporary_directory here;
  const model m = some_model(linear_model::svm, {1, -1}, 16);
  kernels::save_model(m, here / "m.npz");
  const std::string whole = content_of(here / "m.npz");

  for (std::size_t at = 0; at < whole.size(); ++at) {
    CHECK(problem_of(here.file("cut.npz", whole.substr(0, at))) != "");
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x41);
    const auto file = here.file("damaged.npz", damaged);
    // Unused fields of the archive (times, attributes) may change freely.
    if (problem_of(file).empty()) {
      CHECK(same(kernels::load_model(file), m));
    }
  }
}

TEST_CASE("a missing model file and a directory are refused by name") {
  const temporary_directory here;

  CHECK_THAT(problem_of(here / "no.txt"),
             Catch::Contains("no.txt: cannot be read: No such file"));
  CHECK_THAT(problem_of(here.path()), Catch::Contains("is a directory"));
}

TEST_CASE("classes of a foreign model are put in ascending order") {
  const temporary_directory here;
  const auto file =
      here.file("m.txt",
                "solver_type MCSVM_CS\nnr_class 3\nlabel 7 2 5\nnr_feature 2\n"
                "bias -1\nw\n70 20 50 \n71 21 51 \n");

  const model m = kernels::load_model(file);

  CHECK(m.labels == std::vector<float>{2, 5, 7});
  CHECK(m.weights == std::vector<float>{20, 50, 70, 21, 51, 71});
}

TEST_CASE("liblinear's constant feature of value 0 is dropped") {
  const temporary_directory here;
  const auto file =
      here.file("m.txt",
                "solver_type L2R_L2LOSS_SVC\nnr_class 2\nlabel 1 -1\n"
                "nr_feature 2\nbias 0\nw\n1 \n2 \n3 \n");

  const model m = kernels::load_model(file);

  CHECK(m.kind == linear_model::svm);
  CHECK(m.bias == 0.0);
  CHECK(m.weights == std::vector<float>{1, 2});
}

TEST_CASE("what text cannot hold is refused before anything is written") {
  const temporary_directory here;
  const linear_model kind =
      GENERATE(linear_model::one_against_rest, linear_model::softmax);
  const model two = some_model(kind, {1, 2}, 3);
  const model odd = some_model(linear_model::svm, {0.5F, -1}, 3);

  CHECK_THROWS_AS(kernels::save_model(two, here / "m.txt"),
                  kernels::data_error);
  CHECK_THROWS_AS(kernels::save_model(odd, here / "m.txt"),
                  kernels::data_error);
  CHECK_FALSE(std::filesystem::exists(here / "m.txt"));
  kernels::save_model(two, here / "m.npz");
  CHECK(same(kernels::load_model(here / "m.npz"), two));
}

TEST_CASE("liblinear-predict reads our text and predicts the same") {
  if (!runs("command -v liblinear-predict")) {
    WARN("liblinear-tools is not installed; skipped");
    return;
  }
  const temporary_directory here;
  for (const model& m : all_kinds()) {
    INFO(kernels::name(m.kind));
    // Sample u is the unit vector of feature u: z is a row of weights.
    std::string samples;
    std::vector<double> expected;
    for (std::size_t u = 0; u < m.features; ++u) {
      samples += fmt::format("1 {}:1\n", u + 1);
      std::vector<double> z(m.outputs);
      for (std::size_t c = 0; c < m.outputs; ++c) {
        z[c] = double{m.weights[u * m.outputs + c]} +
               (m.bias != 0.0
                    ? m.bias * double{m.weights[m.features * m.outputs + c]}
                    : 0.0);
      }
      const auto best = static_cast<std::size_t>(
          std::max_element(z.begin(), z.end()) - z.begin());
      expected.push_back(m.labels.empty() ? z[0]
                         : m.outputs == 1 ? double{m.labels[z[0] > 0 ? 0 : 1]}
                                          : double{m.labels[best]});
    }
    here.file("x.svm", samples);
    kernels::save_model(m, here / "m.txt");

    REQUIRE(runs(fmt::format("cd {} && liblinear-predict x.svm m.txt y.txt",
                             here.path().string())));

    std::ifstream predictions(here / "y.txt");
    for (const double want : expected) {
      double got = std::numeric_limits<double>::quiet_NaN();
      predictions >> got;
      CHECK(got == Approx(want).epsilon(1e-5));  // it prints six digits
    }
  }
}

TEST_CASE("a model that liblinear-train wrote is read") {
  if (!runs("command -v liblinear-train")) {
    WARN("liblinear-tools is not installed; skipped");
    return;
  }
  const temporary_directory here;
  here.file("x.svm", "3 1:1 2:2\n1 1:-1\n2 2:-3\n3 1:2 2:1\n1 1:-2\n");
  const int solver = GENERATE(0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13);

  REQUIRE(runs(fmt::format("cd {} && liblinear-train -s {} x.svm m.txt",
                           here.path().string(), solver)));

  const model m = kernels::load_model(here / "m.txt");
  CHECK(m.features == 2);
  CHECK(m.labels ==
        (solver > 10 ? std::vector<float>{} : std::vector<float>{1, 2, 3}));
}

TEST_CASE("numpy reads the .npz in one line") {
  if (!runs("/usr/bin/python3 -c 'import numpy'")) {
    WARN("python3-numpy is not installed; skipped");
    return;
  }
  const temporary_directory here;
  model m = some_model(linear_model::softmax, {2, 4, 6}, 2, 1.0);
  m.weights = {1, 2, 3, 4, 5, 6, 7, 8, 9.5};
  kernels::save_model(m, here / "m.npz");
  const auto script = here.file(
      "check.py",
      "import numpy, sys\n"
      "m = numpy.load(sys.argv[1])\n"
      "assert m['weights'].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9.5]]\n"
      "assert m['weights'].dtype == numpy.float32\n"
      "assert m['labels'].tolist() == [2, 4, 6]\n"
      "assert float(m['bias']) == 1 and str(m['model']) == 'softmax'\n"
      "assert int(m['format']) == 1\n"
      "numpy.savez(sys.argv[2], **m)\n");

  REQUIRE(runs(fmt::format("/usr/bin/python3 {} {} {}", script.string(),
                           (here / "m.npz").string(),
                           (here / "back.npz").string())));

  CHECK(same(kernels::load_model(here / "back.npz"), m));
}
