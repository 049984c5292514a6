// Features of wild scale, from training over a model file to evaluation.

#include <array>
#include <cmath>
#include <random>

#include <fmt/format.h>

#include "tests/program/nodes.hpp"
#include "tests/program/small_images.hpp"

namespace {

using namespace sounder::tests;
using json = nlohmann::json;

/// Samples of three features with scales from 0.01 to 1000, far from 0, and a
/// class, a sign or a number that depends on all of them.
struct wild_samples {
  std::vector<std::array<double, 3>> values;
  std::vector<double> numbers;

  wild_samples() {
    std::mt19937 random(1);
    const auto normal = [&] {  // as any library has it
      double sum = -6.0;
      for (int k = 0; k < 12; ++k) {
        sum += static_cast<double>(random()) / 4294967296.0;
      }
      return sum;
    };
    for (int i = 0; i < 300; ++i) {
      const double a = normal();
      const double b = normal();
      const double c = normal();
      values.push_back({5000 + 1000 * a, 0.01 * b, 3 + c});
      numbers.push_back(a + b - c);
    }
  }

  std::string label(std::size_t i, const std::string& model) const {
    const double y = numbers[i];
    return model == "least-squares"               ? fmt::format("{:.6g}", y)
           : model == "softmax" || model == "ovr" ? (y < -0.7  ? "1"
                                                     : y < 0.7 ? "2"
                                                               : "3")
                                                  : (y < 0 ? "-1" : "1");
  }

  std::string text(const std::string& model, bool sparse, std::size_t first,
                   std::size_t last) const {
    std::string lines;
    for (std::size_t i = first; i < last; ++i) {
      const auto& x = values[i];
      lines += sparse ? fmt::format("{} 1:{:.9g} 2:{:.9g} 3:{:.9g}\n",
                                    label(i, model), x[0], x[1], x[2])
                      : fmt::format("{},{:.9g},{:.9g},{:.9g}\n",
                                    label(i, model), x[0], x[1], x[2]);
    }
    return lines;
  }
};

struct wild_files {
  temporary_directory here;
  std::string train;
  std::string test;

  wild_files(const std::string& model, bool sparse) {
    const wild_samples all;
    const std::string end = sparse ? ".svm" : ".csv";
    train = here.file("train" + end, all.text(model, sparse, 0, 200)).string();
    test = here.file("test" + end, all.text(model, sparse, 200, 300)).string();
  }

  std::string file(const std::string& name) const {
    return (here / name).string();
  }
};

/// The last epoch of a run. There is no penalty, so that losses are means.
json train(const words& more, const std::string& step = "0.02") {
  const outcome seen = program(words{"train", "--l2", "0", "--step", step,
                                     "--epochs", "5", "--output", "json"} +
                               more);
  INFO(seen.err);
  REQUIRE(seen.code == 0);
  return json::parse(seen.out)["epochs"].back();
}

json evaluate(const std::string& model, const std::string& data) {
  const outcome seen = program(
      {"evaluate", "--model-file", model, "--data", data, "--output", "json"});
  INFO(seen.err);
  REQUIRE(seen.code == 0);
  return json::parse(seen.out);
}

/// Scores are sums of floats of up to 5 deviations times a mean of 5.
constexpr double rounding = 1e-4;

/// A model's error may differ by a sample that stands on the border.
void check_same(const json& epoch, const json& measured) {
  CHECK(measured["loss"].get<double>() ==
        Approx(epoch["test_loss"].get<double>())
            .epsilon(rounding)
            .margin(rounding));
  if (measured.contains("error")) {
    const double sample = 1.0 / measured["samples"].get<double>();
    CHECK(std::abs(measured["error"].get<double>() -
                   epoch["test_error"].get<double>()) < 1.5 * sample);
  }
}

}  // namespace

TEST_CASE("a saved model does on samples as they came what training said") {
  const std::string model =
      GENERATE("svm", "logistic", "least-squares", "softmax", "ovr");
  const std::string kind =
      GENERATE("auto", "none", "unit-rows", "max-abs", "standard");
  const auto [sparse, bias, name] =
      GENERATE(table<bool, std::string, std::string>({{true, "0.5", "m.txt"},
                                                      {false, "auto", "m.npz"},
                                                      {false, "0", "m.txt"}}));
  INFO(model << " " << kind << (sparse ? " sparse" : " dense") << " bias "
             << bias << " " << name);
  const wild_files files(model, sparse);
  const std::string saved = files.file(name);

  const json epoch =
      train({"--data", files.train, "--test", files.test, "--model", model,
             "--normalise", kind, "--bias", bias, "--save", saved, "--quiet"},
            kind == "none" ? "1e-9" : "0.02");

  check_same(epoch, evaluate(saved, files.test));
}

TEST_CASE("a saved model does on bytes as they came what training said") {
  const small_images images;
  const std::string model = GENERATE("softmax", "ovr");
  const std::string kind =
      GENERATE("auto", "none", "unit-rows", "max-abs", "standard");
  const std::string bias = GENERATE("auto", "1");
  INFO(model << " " << kind << " bias " << bias);
  const std::string saved = images.path("m.txt");

  const json epoch =
      train({"--data", images.folder(), "--model", model, "--normalise", kind,
             "--bias", bias, "--save", saved, "--quiet"},
            kind == "none" ? "1e-7" : "0.002");

  check_same(epoch, images.evaluate(saved));
}

TEST_CASE("what is done to features is said") {
  const wild_files files("svm", false);
  const auto words_of = [&](const words& more) {
    return program(words{"train", "--data", files.train, "--epochs", "1"} +
                   more)
        .err;
  };
  const std::string start = "features normalised: ";

  CHECK_THAT(words_of({}),
             Catch::Contains(start + "standard with --bias 1 (deviations range "
                                     "from 0.0") &&
                 Catch::Contains("); --normalise none leaves them\n"));
  CHECK_THAT(words_of({"--bias", "0"}), Catch::Contains(start + "standard ("));
  CHECK_THAT(words_of({"--normalise", "standard"}), !Catch::Contains(start));
  CHECK_THAT(words_of({"--quiet"}), !Catch::Contains(start));
  CHECK_THAT(program({"train", "--generate", "p1", "--epochs", "1"}).err,
             !Catch::Contains(start));
}

TEST_CASE("folded models are liblinear's, those of unit rows say so") {
  const wild_files files("svm", true);
  const auto header = [&](const std::string& kind) {
    const std::string saved = files.file("m.txt");
    train({"--data", files.train, "--normalise", kind, "--save", saved,
           "--quiet"});
    const std::string text = content_of(saved);
    return text.substr(0, text.find("\nw\n"));
  };
  const std::string plain =
      "solver_type L2R_L1LOSS_SVC_DUAL\nnr_class 2\nlabel 1 -1\n"
      "nr_feature 3\nbias -1";

  CHECK(header("max-abs") == plain);
  CHECK(header("standard") == plain);
  CHECK(header("unit-rows") == plain + "\nnormalise unit-rows");
}

TEST_CASE("a constant feature comes with dense samples that are standardised") {
  const auto [sparse, kind, bias, expected] =
      GENERATE(table<bool, std::string, std::string, std::string>(
          {{false, "standard", "auto", "bias 1\n"},
           {false, "standard", "0", "bias -1\n"},
           {false, "standard", "0.5", "bias 0.5\n"},
           {false, "max-abs", "auto", "bias -1\n"},
           {false, "none", "auto", "bias -1\n"},
           {true, "standard", "auto", "bias -1\n"}}));
  const wild_files files("svm", sparse);
  const std::string saved = files.file("m.txt");

  train({"--data", files.train, "--normalise", kind, "--bias", bias, "--save",
         saved, "--quiet"},
        kind == "none" ? "1e-9" : "0.02");

  CHECK_THAT(content_of(saved), Catch::Contains("\n" + expected));
}

TEST_CASE("the scale of all samples is no matter") {
  const std::string model = GENERATE("logistic", "least-squares");
  const bool sparse = GENERATE(true, false);
  const wild_samples all;
  const temporary_directory here;
  std::vector<double> losses;

  for (const double factor : {1.0, 1e-4, 1e4}) {
    wild_samples scaled = all;
    for (auto& x : scaled.values) {
      x = {x[0] * factor, x[1] * factor, x[2] * factor};
    }
    const std::string data = here.file(sparse ? "x.svm" : "x.csv",
                                       scaled.text(model, sparse, 0, 300))
                                 .string();
    losses.push_back(
        train({"--data", data, "--model", model, "--quiet"})["train_loss"]);
  }

  CHECK(losses[1] == Approx(losses[0]).margin(rounding));
  CHECK(losses[2] == Approx(losses[0]).margin(rounding));
}

TEST_CASE("training goes on from a folded model where it ended") {
  const std::string kind = GENERATE("auto", "unit-rows", "max-abs", "standard");
  const std::string name = GENERATE("m.txt", "m.npz");
  const wild_files files("logistic", false);
  const words run = {"--data",      files.train, "--model", "logistic",
                     "--normalise", kind,        "--quiet"};
  const std::string saved = files.file(name);
  const json first = train(run + words{"--save", saved});

  const json second = train(run + words{"--warm-start", saved}, "1e-12");

  INFO(kind << " " << name);
  CHECK(second["train_loss"].get<double>() ==
        Approx(first["train_loss"].get<double>()).epsilon(rounding));
}

TEST_CASE("a start on samples of other lengths is refused") {
  const wild_files files("svm", true);
  const auto run = [&](const words& more) {
    return program(
        words{"train", "--data", files.train, "--epochs", "1", "--quiet"} +
        more);
  };
  const std::string saved = files.file("m.txt");
  REQUIRE(run({"--normalise", "unit-rows", "--save", saved}).code == 0);

  check_complaint(run({"--normalise", "max-abs", "--warm-start", saved}), 3,
                  "m.txt: has --normalise unit-rows, the run max-abs");
}

TEST_CASE("an unknown kind of normalisation is refused") {
  check_complaint(
      program({"train", "--generate", "p1", "--normalise", "unit"}), 2,
      "--normalise: 'unit' is none of auto, none, unit-rows, max-abs, "
      "standard");
}

TEST_CASE("nodes with parts of their own do what the leader has learnt") {
  const wild_samples all;
  const temporary_directory here;
  // Their samples are of other ranges than the leader's and each other's.
  wild_samples low;
  wild_samples high;
  low.values.clear();
  low.numbers.clear();
  high = low;
  for (std::size_t i = 100; i < all.values.size(); ++i) {
    wild_samples& part = all.values[i][0] < 5000 ? low : high;
    part.values.push_back(all.values[i]);
    part.numbers.push_back(all.numbers[i]);
  }
  const auto write = [&](const char* name, const wild_samples& samples,
                         std::size_t count) {
    return here.file(name, samples.text("least-squares", false, 0, count))
        .string();
  };
  const std::string leader = write("leader.csv", all, 100);
  const std::string first = write("part-0.csv", low, low.values.size());
  const std::string second = write("part-1.csv", high, high.values.size());
  const node a({"--quiet", "--part", first});
  const node b({"--quiet", "--part", second});
  const std::string saved = (here / "m.txt").string();

  const outcome seen = run_within({"train",
                                   "--data",
                                   leader,
                                   "--model",
                                   "least-squares",
                                   "--l2",
                                   "0",
                                   "--bias",
                                   "1",
                                   "--topology",
                                   "allreduce",
                                   "--replicas",
                                   "2",
                                   "--step",
                                   "0.1",
                                   "--schedule",
                                   "constant",
                                   "--epochs",
                                   "20",
                                   "--batch",
                                   "10",
                                   "--save",
                                   saved,
                                   "--quiet",
                                   "--nodes",
                                   a.address() + "," + b.address()});

  INFO(seen.err);
  REQUIRE(seen.code == 0);
  for (const std::string& file : {leader, first, second}) {
    CHECK(evaluate(saved, file)["loss"].get<double>() < at_the_minimum * 100);
  }
}

TEST_CASE("nodes with the leader's file learn what the leader learns") {
  const wild_files files("svm", false);
  const auto run = [&](const words& own, const std::string& name) {
    const node a(words{"--quiet"} + own);
    const node b(words{"--quiet"} + own);
    const std::string saved = files.file(name);
    const outcome seen = run_within(
        {"train", "--data", files.train, "--topology", "allreduce",
         "--replicas", "2", "--epochs", "2", "--batch", "5", "--quiet",
         "--save", saved, "--nodes", a.address() + "," + b.address()});
    INFO(seen.err);
    REQUIRE(seen.code == 0);
    return content_of(saved);
  };

  CHECK(run({}, "sent.txt") == run({"--data", files.train}, "own.txt"));
}

TEST_CASE("a network's input is normalised as asked, and saved so") {
  const std::string kind = GENERATE("auto", "none", "max-abs", "standard");
  const wild_files files("softmax", false);
  const std::string saved = files.file("m.npz");

  const json epoch =
      train({"--data", files.train, "--test", files.test, "--model", "mlp",
             "--normalise", kind, "--save", saved, "--quiet"},
            kind == "none" ? "1e-9" : "0.02");

  INFO(kind);
  check_same(epoch, evaluate(saved, files.test));
}

TEST_CASE("a network's input cannot be unit rows, nor be said twice") {
  const small_images images;
  const std::string own = images.network(
      "image = input 8x8x1 mean=100 deviation=50\nfc = dense 3\n");

  check_complaint(images.train("mlp", {"--normalise", "unit-rows"}), 2,
                  "--normalise: unit-rows is for linear models");
  check_complaint(images.train(own, {"--normalise", "max-abs"}), 2,
                  "--normalise: the first line of");
}
