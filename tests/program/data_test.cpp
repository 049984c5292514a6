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
  const std::string wide = here.file("t.svm", "1 4:1\n").string();
  const std::string other = here.file("l.svm", "2 1:1\n").string();
  const auto train = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"train", "--data", data, "--quiet"});
    return program(more);
  };

  check_complaint(train({"--test", wide}), 3,
                  "t.svm: has 4 features, the training set 3");
  CHECK(train({"--test", wide, "--features", "4"}).code == 0);
  check_complaint(train({"--features", "2"}), 3, "x.svm:1: ");
  check_complaint(train({"--test", other}), 3, "l.svm: label 2 of row 1");
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
