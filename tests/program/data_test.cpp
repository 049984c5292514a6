// Data that cannot be used, and the data commands.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tests/program/program.hpp"

namespace {

using namespace sounder::tests;
using json = nlohmann::json;

}  // namespace

TEST_CASE("unusable data is one line with the place and exit code 3") {
  const temporary_directory here;
  const auto [content, expected] = GENERATE(table<std::string, std::string>({
      {"", "x.svm: "},
      {"1 1:1\nx 1:1\n", "x.svm:2: "},
      {"1 0:1\n", "x.svm:1: "},
      {"1 2:1 1:1\n", "x.svm:1: "},
      {"1 1:nan\n", "x.svm:1: "},
      {"1 1:1e99\n", "x.svm:1: "},
      {"nan 1:1\n", "x.svm:1: "},
      {"1 1:1\n1 2:1\n", "all labels are 1"},
      {"1 1:1\n2 2:1\n3 1:1\n", "--model softmax or ovr"},
      {"0.5 1:1\n1 1:1\n", "--model least-squares"},
      {std::string("\x1f\x8b\x08\x00junk", 8), "x.svm: "},
  }));
  const std::string data = here.file("x.svm", content).string();

  check_complaint(program({"train", "--data", data, "--quiet"}), 3, expected);
}

TEST_CASE("files that do not fit each other or the options are refused") {
  const temporary_directory here;
  const std::string data = here.file("x.svm", separable).string();
  const std::string other = here.file("l.svm", "2 1:1\n").string();
  const auto train = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"train", "--data", data, "--quiet"});
    return program(more);
  };

  check_complaint(train({"--features", "2"}), 3, "x.svm:1: ");
  check_complaint(train({"--test", other}), 3,
                  "l.svm: its labels (2) are all other");
  check_complaint(train({"--test", (here / "no.svm").string()}), 3, "no.svm: ");
  check_complaint(train({"--positive", "7"}), 2, "--positive: 7 is not among");
  check_complaint(train({"--split", "0.5", "--test", data}), 2, "--split: ");
  check_complaint(train({"--split", "1"}), 2, "--split: ");
  check_complaint(train({"--rows", "9"}), 2, "has 4 samples only");
  check_complaint(train({"--test-rows", "1"}), 2, "there is no test set");
  check_complaint(train({"--model", "softmax", "--save", "m.txt"}), 3,
                  "m.txt: liblinear's text has one vector for two classes");
}

TEST_CASE("data info counts") {
  const temporary_directory here;
  const std::string data = here.file("x.svm", separable).string();

  const outcome table = program({"data", "info", data});
  const json info = json::parse(
      program({"data", "info", "--data", data, "--output", "json"}).out);

  CHECK_THAT(table.out, Catch::Contains("4"));
  CHECK(info["rows"] == 4);
  CHECK(info["features"] == 3);
  CHECK(info["nonzeros"] == 6);
  CHECK(info["labels"][0]["label"] == -1.0);
  CHECK(info["labels"][0]["count"] == 2);
}

TEST_CASE("generated data is the same again and reads back") {
  const temporary_directory here;
  const std::string kind = GENERATE("p1", "p4", "sparse");
  const auto generate = [&](const std::string& file) {
    return program({"data", "generate", "--kind", kind, "--rows", "50",
                    "--test-rows", "10", "--out", (here / file).string(),
                    "--test-out", (here / ("t" + file)).string(), "--quiet"});
  };

  REQUIRE(generate("a.svm").code == 0);
  REQUIRE(generate("b.svm").code == 0);

  CHECK(content_of(here / "a.svm") == content_of(here / "b.svm"));
  const json info = json::parse(program({"data", "info", "--output", "json",
                                         "--data", (here / "ta.svm").string()})
                                    .out);
  CHECK(info["rows"] == 10);
}

TEST_CASE("convert makes svmlight text of what it can read") {
  const temporary_directory here;
  const std::string csv = here.file("x.csv", "2,0,5\n7,1,0\n").string();
  const std::string out = (here / "x.svm").string();

  CHECK(program({"data", "convert", "--data", csv, "--out", out}).code == 0);
  CHECK(content_of(out) == "2 2:5\n7 1:1\n");
  CHECK(program(
            {"data", "convert", "--data", csv, "--positive", "7", "--out", out})
            .code == 0);
  CHECK(content_of(out) == "-1 2:5\n1 1:1\n");
}

TEST_CASE("split puts every sample into one of two files") {
  const temporary_directory here;
  const std::string data =
      here.file("x.svm", "1 1:1\n2 1:2\n3 1:3\n4 1:4\n5 1:5\n").string();
  const std::string train = (here / "a.svm").string();
  const std::string test = (here / "b.svm").string();

  REQUIRE(program({"data", "split", "--data", data, "--ratio", "0.6",
                   "--train-out", train, "--test-out", test})
              .code == 0);

  CHECK(content_of(train).size() == 3 * 6);
  CHECK(content_of(test).size() == 2 * 6);
  for (const char label : {'1', '2', '3', '4', '5'}) {
    const std::string start = std::string(1, label) + " 1:";
    CHECK((content_of(train).find(start) != std::string::npos) !=
          (content_of(test).find(start) != std::string::npos));
  }
}

TEST_CASE("a cached set trains to the same model") {
  const temporary_directory here;
  const std::string data = here.file("x.svm", separable).string();
  const auto train = [&](const std::string& model) {
    return program({"train", "--data", data, "--cache",
                    (here / "cache").string(), "--save",
                    (here / model).string(), "--quiet"})
        .code;
  };

  CHECK(train("a.txt") == 0);
  CHECK(train("b.txt") == 0);

  CHECK_FALSE(std::filesystem::is_empty(here / "cache"));
  CHECK(content_of(here / "a.txt") == content_of(here / "b.txt"));
}

TEST_CASE("a full disk leaves the old file and exit code 3") {
  const temporary_directory here;
  // A model of 3,000 weights of nine digits: more than the 20 KiB a file may
  // have, while the 12 KiB of parameters still fit.
  std::string samples = "+1";
  for (int u = 1; u <= 3000; ++u) {
    samples += fmt::format(" {}:{:.9g}", u, 1.0 / (u + 2));
  }
  const std::string data = here.file("x.svm", samples + "\n-1 1:-1\n").string();
  const std::string model = here.file("m.txt", "old").string();

  const outcome seen =
      run({"sh", "-c",
           fmt::format("ulimit -f 40; {} train --data {} --quiet --save {}",
                       SOUNDER_PROGRAM, data, model)});

  check_complaint(seen, 3, "m.txt: ");
  CHECK(content_of(model) == "old");
  CHECK(std::distance(std::filesystem::directory_iterator(here.path()), {}) ==
        2);
}

TEST_CASE("what training did not have is noted, not refused") {
  const temporary_directory here;
  const std::string data = here.file("x.svm", separable).string();
  const std::string test =
      here.file("t.svm", "4 3:1\n+1 1:1 9:5\n-1 2:1\n4 9:1\n").string();
  const std::string model = (here / "m.txt").string();
  const words train = {"train",  "--data",   data,     "--test", test,
                       "--save", model,      "--step", "1",      "--epochs",
                       "20",     "--output", "json"};

  const outcome trained = program(train);
  const outcome evaluated = program(
      {"evaluate", "--model-file", model, "--data", test, "--output", "json"});

  REQUIRE(trained.code == 0);
  CHECK(json::parse(trained.out)["epochs"].back()["test_error"] == 0.5);
  CHECK_THAT(trained.err,
             Catch::Contains("sounder: note: " + test +
                             ": 1 feature beyond the 3 of the training set "
                             "weighs nothing (--unknown-features refuse") &&
                 Catch::Contains("2 of 4 samples are of a class that training "
                                 "did not have (label 4): counted as errors, "
                                 "left out of the loss"));
  REQUIRE(evaluated.code == 0);
  const json measured = json::parse(evaluated.out);
  CHECK(measured["samples"] == 4);
  CHECK(measured["errors"] == 2);
  CHECK(measured["unseen_class"] == 2);
  CHECK(measured["loss"] == Approx(json::parse(trained.out)["epochs"]
                                       .back()["test_loss"]
                                       .get<double>()));
  CHECK(program(train + words{"--quiet"}).err.empty());
  check_complaint(
      program(train + words{"--quiet", "--unknown-features", "refuse"}), 3,
      "t.svm: has 1 feature beyond the 3 of the training set; leave");
  check_complaint(program({"evaluate", "--model-file", model, "--data", test,
                           "--unknown-features", "refuse"}),
                  3, "t.svm: has 1 feature beyond the 3 of the model");
}

TEST_CASE("unseen classes are errors of models of several classes, too") {
  const temporary_directory here;
  const std::string data = here.file("x.svm", "1 1:1\n2 2:1\n3 3:1\n").string();
  const std::string test = here.file("t.svm", "9 1:1\n1 1:1\n").string();
  const std::string model = (here / "m.npz").string();
  const std::string kind = GENERATE("softmax", "ovr", "mlp");
  const words train = {"train",   "--data",   data,     "--test", test,
                       "--model", kind,       "--save", model,    "--batch",
                       "1",       "--epochs", "1"};

  const outcome trained = program(train);
  INFO(trained.err);
  REQUIRE(trained.code == 0);
  const json measured =
      json::parse(program({"evaluate", "--model-file", model, "--data", test,
                           "--output", "json"})
                      .out);

  CHECK(measured["samples"] == 2);
  CHECK(measured["unseen_class"] == 1);
}

TEST_CASE("predict does without labels, other commands say how to") {
  const temporary_directory here;
  const std::string data = here.file("x.svm", separable).string();
  const std::string model = (here / "m.txt").string();
  REQUIRE(program({"train", "--data", data, "--save", model, "--quiet"}).code ==
          0);
  const std::string bare = here.file("n.svm", "1:2\n2:2\n").string();
  const std::string csv = here.file("n.csv", "a,b,c\n2,0,0\n0,2,0\n").string();
  const auto predict = [&](const words& more) {
    return program(words{"predict", "--model-file", model, "--data"} + more);
  };

  CHECK(predict({bare}).out == "1\n-1\n");
  CHECK(predict({csv, "--label-column", "none"}).out == "1\n-1\n");
  check_complaint(predict({csv}), 3, "(--label-column none)");
  check_complaint(program({"evaluate", "--model-file", model, "--data", bare}),
                  3, "n.svm:1: no label before '1:2'; give each sample one");
  check_complaint(program({"data", "info", csv, "--label-column", "none"}), 2,
                  "--label-column: none is for sounder predict");
}

TEST_CASE("separators and headers are the options' or found") {
  const temporary_directory here;
  const std::string semicolons =
      here.file("a.csv", "\"label\";\"a\"\n1;0.5\n0;1.5\n").string();
  const std::string bars = here.file("b.txt", "1|2\n3|4\n").string();
  const auto info = [](const words& more) {
    return program(words{"data", "info"} + more);
  };
  const auto rows = [&](const words& more) {
    return json::parse(info(more + words{"--output", "json"}).out)["rows"];
  };

  CHECK(rows({semicolons}) == 2);
  CHECK(rows({semicolons, "--separator", "semicolon", "--header", "yes"}) == 2);
  CHECK(rows({bars, "--separator", "|"}) == 2);
  check_complaint(info({semicolons, "--header", "no"}), 3,
                  "a.csv:1: column 1: 'label' is not a number");
  check_complaint(info({bars, "--separator", "5"}), 2,
                  "--separator: '5' separates no numbers");
  check_complaint(info({bars, "--header", "maybe"}), 2, "--header: ");
}

TEST_CASE("a dash is standard output, or is refused where a result is") {
  const temporary_directory here;
  const std::string data = here.file("x.svm", separable).string();
  const std::string out = GENERATE("-", "/dev/stdout");
  const auto check = [&](const words& more, const std::string& part) {
    check_complaint(program(more), 2, part);
  };

  const outcome converted =
      program({"data", "convert", "--data", data, "--out", out, "--quiet"});

  CHECK(converted.code == 0);
  CHECK(converted.out == "1 1:1 3:0.5\n-1 2:1\n1 1:2\n-1 2:2 3:0.5\n");
  CHECK(!std::filesystem::exists("-"));
  CHECK(program({"data", "generate", "--kind", "p1", "--rows", "2", "--out",
                 out, "--quiet"})
            .out.find(" 1:") != std::string::npos);
  check(
      {"data", "split", "--data", data, "--train-out", out, "--test-out", out},
      "--test-out: is where --train-out goes");
  check({"train", "--data", data, "--save", out},
        "--save: standard output has the result; name a file");
  check({"train", "--data", data, "--metrics", out}, "--metrics: standard");
  check({"compare", "--data", data, "--metrics", out}, "--metrics: standard");
}
