// From train over a model file to evaluate and predict.

#include <algorithm>

#include <nlohmann/json.hpp>

#include "tests/program/program.hpp"

namespace {

using namespace sounder::tests;
using json = nlohmann::json;

/// Three classes, each with a feature of its own.
constexpr const char* three_classes =
    "3 1:1 4:1\n5 2:1 4:1\n9 3:1 4:1\n3 1:2\n5 2:2\n9 3:2\n";

struct trained {
  temporary_directory here;
  std::string data;
  std::string model;

  trained(const std::string& samples, const std::string& file,
          const std::vector<std::string>& more = {})
      : data(here.file("x.svm", samples).string()),
        model((here / file).string()) {
    std::vector<std::string> words = {"train", "--data",   data, "--save",
                                      model,   "--epochs", "50", "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    const outcome seen = program(words);
    INFO(seen.err);
    REQUIRE(seen.code == 0);
  }
};

}  // namespace

TEST_CASE("what was learnt is evaluated and predicted from both formats") {
  const std::string file = GENERATE("m.txt", "m.npz");
  const auto [kind, samples, labels] =
      GENERATE(table<std::string, std::string, std::string>(
          {{"svm", separable, "1\n-1\n1\n-1\n"},
           {"logistic", separable, "1\n-1\n1\n-1\n"},
           {"softmax", three_classes, "3\n5\n9\n3\n5\n9\n"},
           {"ovr", three_classes, "3\n5\n9\n3\n5\n9\n"}}));
  const std::string bias = GENERATE("0", "1");
  const trained t(samples, file, {"--model", kind, "--bias", bias});

  const outcome evaluated = program({"evaluate", "--model-file", t.model,
                                     "--data", t.data, "--output", "json"});
  const outcome predicted =
      program({"predict", "--model-file", t.model, "--data", t.data});

  REQUIRE(evaluated.code == 0);
  const json measured = json::parse(evaluated.out);
  CHECK(measured["model"] == kind);
  CHECK(measured["errors"] == 0);
  CHECK(measured["accuracy"] == 1.0);
  CHECK(predicted.out == labels);
  CHECK(predicted.err.empty());
}

TEST_CASE("evaluation is that of the last epoch") {
  const temporary_directory here;
  const std::string train = (here / "x.svm").string();
  const std::string test = (here / "t.svm").string();
  REQUIRE(program({"data", "generate", "--kind", "p1", "--rows", "500", "--out",
                   train, "--test-out", test})
              .code == 0);
  const std::string model = (here / "m.txt").string();
  const outcome seen =
      program({"train", "--data", train, "--test", test, "--step", "0.01",
               "--save", model, "--output", "json", "--quiet"});
  const json last = json::parse(seen.out)["epochs"].back();

  const json measured =
      json::parse(program({"evaluate", "--model-file", model, "--data", test,
                           "--output", "json"})
                      .out);

  CHECK(measured["loss"].get<double>() ==
        Approx(last["test_loss"].get<double>()).epsilon(1e-4));
  CHECK(measured["error"] == last["test_error"]);
  CHECK(measured["true_positive"].get<int>() +
            measured["false_negative"].get<int>() +
            measured["true_negative"].get<int>() +
            measured["false_positive"].get<int>() ==
        1000);
}

TEST_CASE("predictions carry scores and probabilities on request") {
  const trained t(three_classes, "m.npz", {"--model", "softmax"});

  const outcome seen = program({"predict", "--model-file", t.model, "--data",
                                t.data, "--scores", "--probabilities"});

  std::istringstream line(seen.out.substr(0, seen.out.find('\n')));
  std::vector<double> v{std::istream_iterator<double>(line), {}};
  REQUIRE(v.size() == 7);
  CHECK(v[0] == 3);
  CHECK(v[4] + v[5] + v[6] == Approx(1.0));
  CHECK(std::max_element(v.begin() + 1, v.begin() + 4) == v.begin() + 1);
  CHECK(std::max_element(v.begin() + 4, v.end()) == v.begin() + 4);
}

TEST_CASE("a model without probabilities says so") {
  const trained t(separable, "m.txt");

  check_complaint(program({"predict", "--model-file", t.model, "--data", t.data,
                           "--probabilities"}),
                  2, "--probabilities: a model of kind svm has none");
}

TEST_CASE("predictions go to a file whole or not at all") {
  const trained t(separable, "m.txt");
  const std::string out = (t.here / "labels.txt").string();

  CHECK(program({"predict", "--model-file", t.model, "--data", t.data, "--out",
                 out})
            .code == 0);
  CHECK(content_of(out) == "1\n-1\n1\n-1\n");
  check_complaint(
      program({"predict", "--model-file", t.model, "--data",
               t.here.file("bad.svm", "1 1:1\n1 x\n").string(), "--out", out}),
      3, "bad.svm:2: ");
  CHECK(content_of(out) == "1\n-1\n1\n-1\n");
}

TEST_CASE("a reader who goes away does no harm") {
  const trained t(separable, "m.txt");
  std::string many;
  for (int i = 0; i < 100'000; ++i) {
    many += "+1 1:1\n";
  }
  const std::string data = t.here.file("many.svm", many).string();
  process running(program_words(
      {"predict", "--model-file", t.model, "--data", data, "--scores"}));

  running.close_stdout();
  const outcome seen = running.finish();

  CHECK(seen.code == 0);
  CHECK(seen.err.empty());
}

TEST_CASE("a positive label is chosen, in training and evaluation") {
  const trained t(three_classes, "m.txt", {"--positive", "5", "--bias", "1"});

  const outcome seen = program({"evaluate", "--model-file", t.model, "--data",
                                t.data, "--positive", "5", "--output", "json"});
  const outcome predicted =
      program({"predict", "--model-file", t.model, "--data", t.data});

  CHECK(json::parse(seen.out)["true_positive"] == 2);
  CHECK(json::parse(seen.out)["errors"] == 0);
  CHECK(predicted.out == "-1\n1\n-1\n-1\n1\n-1\n");
}

TEST_CASE("of two labels either may be the positive one") {
  const trained t(separable, "m.txt", {"--positive", "-1"});

  CHECK_THAT(content_of(t.model), Catch::Contains("label -1 1\n"));
  CHECK(program({"predict", "--model-file", t.model, "--data", t.data}).out ==
        "1\n-1\n1\n-1\n");
}

TEST_CASE("topics make a binary problem") {
  const temporary_directory here;
  const std::string data = here.file("x.svm", three_classes).string();
  const std::string topics =
      here.file("x.topics", "A B\nB\nC\nA\n\nC A\n").string();
  const std::string model = (here / "m.txt").string();

  CHECK(program({"train", "--data", data, "--topics", topics, "--topic", "A",
                 "--save", model, "--quiet"})
            .code == 0);

  CHECK_THAT(content_of(model), Catch::Contains("label 1 -1\n"));
  check_complaint(program({"train", "--data", data, "--topics", topics,
                           "--topic", "D", "--quiet"}),
                  3, "x.topics");
  check_complaint(program({"train", "--data", data, "--topic", "A", "--quiet"}),
                  2, "--topic and --topics go together");
}

TEST_CASE("training resumes where a model file left off") {
  const trained t(separable, "m.txt");
  const std::string again = (t.here / "again.txt").string();

  // With steps of next to nothing the model stays what it was.
  REQUIRE(program({"train", "--data", t.data, "--warm-start", t.model, "--save",
                   again, "--epochs", "1", "--step", "1e-20", "--quiet"})
              .code == 0);

  CHECK(content_of(again) == content_of(t.model));
}

TEST_CASE("a model that does not fit the run or the data is refused") {
  const trained t(separable, "m.txt");
  const auto resume = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"train",        "--data", t.data,
                                      "--warm-start", t.model,  "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    return program(words);
  };
  const std::string wide = t.here.file("wide.svm", "1 9:1\n-1 1:1\n").string();
  const std::string odd = t.here.file("odd.svm", "7 1:1\n").string();

  check_complaint(resume({"--model", "logistic"}), 3, "m.txt: is a model of");
  check_complaint(resume({"--bias", "1"}), 3, "m.txt: has --bias 0");
  check_complaint(resume({"--features", "9"}), 3, "m.txt: has 3 features");
  check_complaint(resume({"--positive", "-1"}), 3, "m.txt: has the labels");
  check_complaint(resume({"--warm-start", t.data}), 2, "twice");
  check_complaint(
      program({"evaluate", "--model-file", t.data, "--data", t.data}), 3,
      "x.svm: is not a model file");
  check_complaint(program({"evaluate", "--model-file", t.model, "--data", wide,
                           "--unknown-features", "refuse"}),
                  3, "wide.svm: has 1 feature beyond the 3 of the model");
  check_complaint(program({"evaluate", "--model-file", t.model, "--data", odd}),
                  3, "odd.svm: its labels (7) are all other ones than");
}
