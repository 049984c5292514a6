// --class-weights and --sample-weights: what they do to a model, and to a run
// over nodes.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <sstream>

#include <fmt/format.h>

#include "kernels/data/random.hpp"
#include "kernels/data/svmlight.hpp"
#include "kernels/model/model_file.hpp"
#include "tests/program/nodes.hpp"
#include "tests/support/compressed.hpp"

namespace {

using namespace sounder;
using namespace sounder::tests;
using json = nlohmann::json;

/// Normal features; a row of label y is moved by shift / 2 in four of its
/// eight, those from y's own on.
std::string normal_rows(const std::vector<std::pair<int, int>>& counts,
                        double shift) {
  kernels::random_stream random(7);
  std::map<std::uint64_t, std::string> shuffled;
  for (const auto& [label, count] : counts) {
    for (int i = 0; i < count; ++i) {
      std::string line = fmt::format("{}", label);
      for (int u = 0; u < 8; ++u) {
        const bool is_moved = (u + 8 - 2 * std::max(label, 0)) % 8 < 4;
        line += fmt::format(" {}:{:.4f}", u + 1,
                            random.normal() + (is_moved ? 0.5 * shift : 0.0));
      }
      shuffled[random.next()] = line + "\n";
    }
  }
  std::string text;
  for (const auto& [place, line] : shuffled) {
    text += line;
  }
  return text;
}

/// 50 positives of 5,000 that overlap with the rest.
std::string rare() { return normal_rows({{-1, 4950}, {1, 50}}, 1.7); }

std::uint64_t found_of(const json& recalls, int label) {
  for (const json& of : recalls) {
    if (of.at("label") == label) {
      return of.at("found").get<std::uint64_t>();
    }
  }
  return UINT64_MAX;
}

words quiet_training(const std::string& data) {
  return {"train", "--data", data,   "--bias",     "1",     "--epochs",
          "20",    "--step", "0.02", "--schedule", "decay", "--quiet"};
}

}  // namespace

TEST_CASE("balanced classes: one positive in a hundred is found") {
  const temporary_directory here;
  const std::string data = here.file("rare.svm", rare()).string();
  const char* const kind = GENERATE("svm", "logistic", "softmax");
  const auto found = [&](const words& weights) {
    const std::string model = (here / "m.npz").string();
    const outcome seen =
        program(quiet_training(data) + words{"--model", kind, "--save", model} +
                weights);
    INFO(seen.err);
    REQUIRE(seen.code == 0);
    const outcome judged = program({"evaluate", "--model-file", model, "--data",
                                    data, "--output", "json"});
    return json::parse(judged.out)["found"];
  };

  const json plain = found({});
  const json balanced = found({"--class-weights", "balanced"});

  INFO(kind << ": " << plain.dump() << balanced.dump());
  CHECK(found_of(plain, 1) <= 5);
  CHECK(found_of(balanced, 1) >= 35);
  // The separator of equal classes has three quarters of each.
  CHECK(found_of(balanced, -1) >= 4950 * 6 / 10);
}

TEST_CASE("train and evaluate tell how many of each class were found") {
  const temporary_directory here;
  const std::string data = here.file("x.svm", separable).string();
  const std::string model = (here / "m.txt").string();
  const words run = words{"train",           "--data", data,  "--test",   data,
                          "--quiet",         "--save", model, "--epochs", "50",
                          "--class-weights", "1=2"};

  const outcome table = program(run);
  const outcome in_json = program(run + words{"--output", "json"});
  const outcome judged =
      program({"evaluate", "--model-file", model, "--data", data});

  INFO(table.err);
  CHECK_THAT(table.out,
             Catch::Contains("\nfound of each class: 1: 2 of 2, -1: 2 of 2\n"
                             "of the test set: 1: 2 of 2, -1: 2 of 2\n"));
  const json all = {{{"label", 1.0}, {"found", 2}, {"samples", 2}},
                    {{"label", -1.0}, {"found", 2}, {"samples", 2}}};
  CHECK(json::parse(in_json.out)["found"] ==
        json{{"train", all}, {"test", all}});
  CHECK_THAT(judged.out, Catch::Contains("found of each class") &&
                             Catch::Contains("1: 2 of 2, -1: 2 of 2"));
}

TEST_CASE("class weights go by the labels of the file, for all models") {
  // The weight of 0 takes a class away: nothing speaks for it any more.
  const temporary_directory here;
  const std::string data =
      here.file("x.svm", "3 1:1 2:0.1\n5 1:1 2:-0.1\n3 1:2\n5 1:2\n9 1:1 3:1\n")
          .string();
  const auto found = [&](const words& more) {
    const outcome seen = program(words{"train", "--data", data, "--epochs",
                                       "30", "--quiet", "--output", "json"} +
                                 more);
    INFO(seen.err);
    REQUIRE(seen.code == 0);
    return json::parse(seen.out)["found"]["train"];
  };

  for (const char* const kind : {"softmax", "ovr", "mlp"}) {
    const words batch =
        std::string(kind) == "mlp" ? words{"--batch", "5"} : words{};
    const json left =
        found(words{"--model", kind, "--class-weights", "5=0,9=7"} + batch);
    INFO(kind << ": " << left.dump());
    CHECK(found_of(left, 3) == 2);
    CHECK(found_of(left, 5) == 0);
  }
  const json left = found({"--positive", "5", "--class-weights", "5=0"});
  CHECK(found_of(left, 1) == 0);
  CHECK(found_of(left, -1) == 3);
}

TEST_CASE("sample weights of 0 take samples away, the split takes them along") {
  // Every other row is labelled wrongly and counts nothing.
  const temporary_directory here;
  std::string rows;
  std::string weights;
  for (int i = 0; i < 200; ++i) {
    const int label = i / 2 % 2 == 0 ? 1 : -1;
    rows += fmt::format("{} 1:{}\n", i % 2 == 0 ? label : -label, label);
    weights += i % 2 == 0 ? "1\n" : "0\n";
  }
  const std::string data = here.file("x.svm", rows).string();
  const std::string file =
      here.file("w.gz", compressed_forms[0].of(weights)).string();
  const auto loss = [&](const words& more) {
    const outcome seen =
        program(words{"train", "--data", data, "--quiet", "--output", "json",
                      "--epochs", "30", "--l2", "1e-6"} +
                more);
    INFO(seen.err);
    REQUIRE(seen.code == 0);
    return json::parse(seen.out)["epochs"].back()["train_loss"].get<double>();
  };

  CHECK(loss({}) > 0.9);
  CHECK(loss({"--sample-weights", file}) < 0.01);
  CHECK(loss({"--sample-weights", file, "--split", "0.6"}) < 0.01);
  CHECK(loss({"--sample-weights", file, "--rows", "150"}) < 0.01);
  CHECK(loss({"--sample-weights", file, "--cache", (here / "c").string()}) <
        0.01);
  CHECK(loss({"--cache", (here / "c").string()}) > 0.9);
  CHECK(loss({"--sample-weights", file, "--topology", "star", "--replicas",
              "2"}) < 0.01);
  const outcome compared =
      program({"compare", "--data", data, "--quiet", "--output", "json",
               "--epochs", "30", "--l2", "1e-6", "--sample-weights", file});
  INFO(compared.err);
  const json all = json::parse(compared.out);
  for (const json& run : all[0]["runs"]) {
    INFO(run["topology"]);
    CHECK(run["last"]["train_loss"].get<double>() < 0.01);
  }
}

TEST_CASE("the optimum of weighted classes is liblinear's") {
  if (std::system("command -v liblinear-train > /dev/null") != 0) {
    WARN("liblinear-tools is not installed; skipped");
    return;
  }
  struct problem {
    std::string kind;
    std::string solver;  // liblinear's number
    std::vector<std::pair<int, int>> counts;
  };
  const auto of =
      GENERATE(values<problem>({{"svm", "3", {{-1, 360}, {1, 40}}},
                                {"logistic", "7", {{-1, 360}, {1, 40}}},
                                {"ovr", "3", {{0, 200}, {1, 150}, {2, 50}}}}));
  const temporary_directory here;
  const std::string data =
      here.file("x.svm", normal_rows(of.counts, 1.5)).string();
  const std::string theirs = (here / "theirs.txt").string();
  const std::string ours = (here / "ours.npz").string();
  constexpr double rows = 400.0;

  REQUIRE(run({"liblinear-train", "-q", "-s", of.solver, "-c", "1", "-e",
               "1e-6", "-w1", "9", data, theirs})
              .code == 0);
  const outcome seen = program({"train",
                                "--data",
                                data,
                                "--model",
                                of.kind,
                                "--class-weights",
                                "1=9",
                                "--epochs",
                                "400",
                                "--step",
                                "0.02",
                                "--schedule",
                                "decay",
                                "--decay",
                                "0.98",
                                "--l2",
                                fmt::format("{}", 1.0 / rows),
                                "--quiet",
                                "--save",
                                ours});
  INFO(seen.err);
  REQUIRE(seen.code == 0);

  // (1 / n) sum_i c_i loss_i + (l2 / 2) |w|^2 by plain loops, on models whose
  // labels may stand in another order.
  const auto objective = [&](const std::string& file) {
    const kernels::model m = kernels::load_model(file);
    const kernels::dataset samples = kernels::read_svmlight(data, {});
    const auto loss = [&](double z, double y) {
      return of.kind == "logistic" ? std::log1p(std::exp(-y * z))
                                   : std::max(0.0, 1.0 - y * z);
    };
    double sum = 0.0;
    const auto all = samples.sparse();
    for (std::size_t i = 0; i < samples.rows(); ++i) {
      for (std::size_t c = 0; c < m.outputs; ++c) {
        double z = 0.0;
        for (std::uint64_t k = all.start[i]; k < all.start[i + 1]; ++k) {
          z += static_cast<double>(all.value[k]) *
               static_cast<double>(m.weights[all.index[k] * m.outputs + c]);
        }
        const bool is = samples.labels()[i] == m.labels[c];
        const bool counts_more =
            samples.labels()[i] == 1.0F && (is || m.outputs == 1);
        sum += (counts_more ? 9.0 : 1.0) * loss(z, is ? 1.0 : -1.0);
      }
    }
    double square = 0.0;
    for (const float w : m.weights) {
      square += static_cast<double>(w) * static_cast<double>(w);
    }
    return sum / rows + 0.5 / rows * square;
  };
  INFO(of.kind << ": " << objective(ours) << " against " << objective(theirs));
  CHECK(objective(ours) < 1.02 * objective(theirs));
  // Its solver of the hinge may run out of iterations before its optimum.
  CHECK(objective(ours) > 0.99 * objective(theirs));
}

TEST_CASE("class weights that are none are refused") {
  const temporary_directory here;
  const std::string data = here.file("x.svm", separable).string();
  const auto [given, problem] = GENERATE(table<std::string, std::string>({
      {"1", "'1' is no LABEL=WEIGHT"},
      {"1=", "'1=' is no LABEL=WEIGHT"},
      {"a=2", "'a=2' is no LABEL=WEIGHT"},
      {"1=nan", "'1=nan' is no LABEL=WEIGHT"},
      {"1=inf", "'1=inf' is no LABEL=WEIGHT"},
      {"equal", "'equal' is no LABEL=WEIGHT"},
      {"1=-2", "weight -2 of label 1 is negative"},
      {"1=2,1=3", "label 1 is there twice"},
      {"7=2", "label 7 is not among the training labels (-1, 1)"},
      {"1=0,-1=0", "weigh 0, so nothing to learn from"},
      {"1=2,,", "has an empty item"},
  }));

  const outcome seen =
      program({"train", "--data", data, "--class-weights", given, "--quiet"});

  check_complaint(seen, 2, "--class-weights: ");
  CHECK_THAT(seen.err, Catch::Contains(problem));
}

TEST_CASE("weights that do not fit the run are refused") {
  const temporary_directory here;
  const std::string data = here.file("x.svm", separable).string();
  const std::string few = here.file("few.txt", "1\n2\n3\n").string();
  const std::string odd = here.file("odd.txt", "1\n2\n-3\n4\n").string();
  const auto train = [&](const words& more) {
    return program(words{"train", "--quiet"} + more);
  };

  check_complaint(train({"--data", data, "--sample-weights", few}), 3,
                  few + ": weights of 3 samples for data of 4");
  check_complaint(train({"--data", data, "--sample-weights", odd}), 3,
                  odd + ":3: weight '-3' is negative");
  check_complaint(train({"--data", data, "--sample-weights", "none.txt"}), 3,
                  "none.txt: ");
  check_complaint(train({"--generate", "p1", "--sample-weights", few}), 2,
                  "--sample-weights: does not go with --generate");
  check_complaint(train({"--data", data, "--model", "least-squares",
                         "--class-weights", "1=2"}),
                  2, "--class-weights: is for classes, least-squares has none");
}

TEST_CASE("nodes weigh samples as the leader does") {
  const temporary_directory here;
  const std::string data =
      here.file("x.svm", normal_rows({{0, 60}, {1, 30}, {2, 10}}, 3.0))
          .string();
  std::string numbers;
  for (int i = 0; i < 100; ++i) {
    numbers += fmt::format("{}\n", i % 3);
  }
  const std::string weights = here.file("w.txt", numbers).string();
  const std::string others =
      here.file("v.txt", "5" + numbers.substr(1)).string();
  const auto train = [&](const words& own, const std::string& kind,
                         const std::string& model) {
    const node a(words{"--quiet"} + own);
    const node b(words{"--quiet"} + own);
    return run_within({"train",
                       "--data",
                       data,
                       "--model",
                       kind,
                       "--class-weights",
                       "balanced",
                       "--step",
                       "0.01",
                       "--topology",
                       "allreduce",
                       "--replicas",
                       "2",
                       "--epochs",
                       "2",
                       "--quiet",
                       "--nodes",
                       a.address() + "," + b.address(),
                       "--sample-weights",
                       weights,
                       "--save",
                       (here / model).string()});
  };

  for (const char* const kind : {"softmax", "ovr"}) {
    const outcome sent = train({}, kind, "sent.npz");
    const outcome same = train({"--data", data}, kind, "same.npz");
    const outcome own =
        train({"--data", data, "--sample-weights", weights}, kind, "own.npz");
    const outcome part =
        train({"--part", data, "--sample-weights", weights}, kind, "part.npz");

    INFO(kind << ": " << sent.err << same.err << own.err << part.err);
    REQUIRE(sent.code == 0);
    REQUIRE(same.code == 0);
    REQUIRE(own.code == 0);
    CHECK(part.code == 0);
    CHECK(content_of(here / "sent.npz") == content_of(here / "same.npz"));
    CHECK(content_of(here / "sent.npz") == content_of(here / "own.npz"));
  }
  check_complaint(
      train({"--data", data, "--sample-weights", others}, "softmax", "no.npz"),
      4, "its data has the leader's size but other samples");
  check_complaint(train({"--part", data}, "softmax", "no.npz"), 4,
                  data +
                      ": the leader's samples have weights "
                      "(--sample-weights)");
}

TEST_CASE("a part's classes weigh what the leader's do") {
  // -1 counts nothing: whatever has feature 1 is positive then.
  const temporary_directory here;
  const std::string rows = "1 1:1 2:1\n-1 1:1 3:1\n1 1:1 2:2\n-1 1:1 3:2\n";
  const std::string leader = here.file("all.svm", rows).string();
  const std::string part = here.file("part.svm", rows).string();
  const std::string weights = here.file("w.txt", "1\n1\n1\n1\n").string();
  const std::string model = (here / "m.txt").string();
  const auto train = [&](const node& at, const words& more) {
    return run_within(words{"train", "--data", leader, "--topology", "star",
                            "--replicas", "1", "--epochs", "50", "--quiet",
                            "--nodes", at.address(), "--save", model} +
                      more);
  };
  const node at({"--quiet", "--part", part});
  const node weighted({"--quiet", "--part", part, "--sample-weights", weights});

  const outcome seen = train(at, {"--class-weights", "-1=0"});

  INFO(seen.err);
  REQUIRE(seen.code == 0);
  const outcome judged = program({"evaluate", "--model-file", model, "--data",
                                  leader, "--output", "json"});
  CHECK(found_of(json::parse(judged.out)["found"], 1) == 2);
  CHECK(found_of(json::parse(judged.out)["found"], -1) == 0);
  check_complaint(train(weighted, {}), 4,
                  weights + ": the leader's samples have no weights");
}
