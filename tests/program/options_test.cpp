// Options: mistakes, precedence, the printed configuration.

#include <fmt/format.h>

#include "tests/program/program.hpp"

namespace {

using namespace sounder::tests;

/// The value of a key in the output of --dump-config.
std::string value_of(const std::string& config, const std::string& key) {
  const std::string start = "\n" + key + " = ";
  const std::size_t at = config.find(start);
  return at == config.npos
             ? ""
             : config.substr(at + start.size(),
                             config.find('\n', at + 1) - at - start.size());
}

}  // namespace

TEST_CASE("a mistake in the options is one line and exit code 2") {
  const auto [line, expected] = GENERATE(table<words, std::string>({
      {words{}, "no command"},
      {{"trian"}, "'trian' is not a command; did you mean train?"},
      {{"data", "inf"}, "'data inf' is not a command; did you mean data info?"},
      {{"data", "x"}, "data has info, generate, convert and split"},
      {{"info", "x"}, "'info' is not a command; did you mean data info?"},
      {{"lanch"}, "did you mean launch?"},
      {{"launch", "--locl", "2"},
       "unknown option --locl; did you mean --local?"},
      {{"train"}, "--data is missing"},
      {{"train", "--sttep", "1"},
       "unknown option --sttep; did you mean --step?"},
      {{"train", "--step"}, "--step"},
      {{"train", "oops"}, "unexpected 'oops'; see sounder train --help"},
      {{"train", "p1.svm"}, "unexpected 'p1.svm'; did you mean --data p1.svm?"},
      {{"train", "-data", "x"}, "unexpected '-data'; did you mean --data?"},
      {{"train", "epochs", "3"}, "unexpected 'epochs'; did you mean --epochs?"},
      {{"train", "lenet"}, "unexpected 'lenet'; did you mean --model lenet?"},
      {{"train", "star"}, "unexpected 'star'; did you mean --topology star?"},
      {{"train", "p1"}, "unexpected 'p1'; did you mean --generate p1?"},
      {{"predict", "a/b"}, "unexpected 'a/b'; did you mean --data a/b?"},
      {{"topology", "star", "ring"},
       "'ring' is one word too many: only --topology may stand without its "
       "name"},
      {{"train", "--step", "1", "--step", "2"}, "--step is given twice"},
      {{"train", "--generate", "p1", "--step", "x"},
       "--step: 'x' is not a number"},
      {{"train", "--generate", "p1", "--step", "0"},
       "--step: 0 is out of range"},
      {{"train", "--generate", "p1", "--step", "nan"}, "--step: nan"},
      {{"train", "--generate", "p1", "--workers", "0"},
       "--workers: 0 is out of range; 1 is the least"},
      {{"train", "--generate", "p1", "--workers", "-1"},
       "--workers: '-1' is not a whole number"},
      {{"train", "--generate", "p1", "--workers", "99999999999"}, "--workers"},
      {{"train", "--generate", "p1", "--epochs", "0"}, "--epochs"},
      {{"train", "--generate", "p1", "--epochs", "1.5"},
       "--epochs: '1.5' is not a whole number"},
      {{"train", "--generate", "p1", "--batch", "0"}, "--batch"},
      {{"train", "--generate", "p1", "--batch", "100000"}, "batch size 100000"},
      {{"train", "--generate", "p1", "--topology", "hogwld"},
       "did you mean hogwild?"},
      {{"train", "--generate", "p1", "--topology", "serial", "--workers", "2"},
       "--topology: serial has one worker"},
      {{"train", "--generate", "p1", "--topology", "locked", "--workers", "2",
        "--shared-head", "9"},
       "--shared-head: is for --topology hogwild"},
      {{"train", "--generate", "p1", "--model", "tree"},
       "--model: 'tree' is none of svm, logistic"},
      {{"train", "--generate", "p1", "--schedule", "multi-step"},
       "--milestones"},
      {{"train", "--generate", "p1", "--schedule", "multi-step", "--milestones",
        "1,,2"},
       "--milestones: '1,,2' has an empty item"},
      {{"train", "--generate", "p1", "--rule", "adam"},
       "it is --optimizer now"},
      {{"train", "--generate", "p1", "--step-rule", "decay"},
       "it is --schedule now"},
      {{"train", "--generate", "p1", "--optimizer", "lasr"},
       "--optimizer: 'lasr' is none of sgd, momentum"},
      {{"train", "--generate", "p1", "--optimizer", "lars", "--trust", "0"},
       "--trust: 0 is out of range"},
      {{"train", "--generate", "p1", "--optimizer", "two-stage", "--epochs",
        "3"},
       "--gd-epochs: 5 epochs of gradient descent are more than all 3"},
      {{"train", "--generate", "p1", "--gd-epochs", "1001"},
       "--gd-epochs: 1001 is out of range"},
      {{"train", "--generate", "p1", "--optimizer", "two-stage", "--gd-batch",
        "2"},
       "--gd-batch: 2 is more than --batch, 1"},
      {{"train", "--generate", "p1", "--gd-step", "1"},
       "--gd-step: is for --optimizer two-stage"},
      {{"train", "--generate", "p1", "--l2", "-1"}, "--l2: -1 is out of range"},
      {{"train", "--generate", "p1", "--l2", "10", "--step", "1"},
       "step size 1 times the penalty"},
      {{"train", "--generate", "p1", "--data", "x"},
       "--data: does not go with"},
      {{"train", "--generate", "p9"}, "--generate: 'p9' is none of p1, p2"},
      {{"train", "--generate", "p4", "--density", "1"},
       "--density: means nothing for --generate p4"},
      {{"train", "--generate", "p1", "--density", "2"}, "density"},
      {{"train", "--config", "/no/such.cfg"}, "--config: /no/such.cfg"},
      {{"train", "--generate", "p1", "--output", "xml"}, "--output"},
      {{"evaluate", "--data", "x"}, "--model-file is missing"},
      {{"predict", "--data", "x"}, "--model-file is missing"},
      {{"data", "generate", "--kind", "p1"}, "--out is missing"},
      {{"data", "generate", "--out", "x"}, "--kind is missing"},
      {{"compare", "--generate", "p1", "--workers", "1,0"},
       "--workers: 0 is out of range"},
      {{"compare", "--generate", "p1", "--topologies", "rings"},
       "--topologies: 'rings' is none of"},
  }));
  INFO(fmt::format("{}", fmt::join(line, " ")));

  const outcome seen = program([&, given = line] {
    words quiet = given;
    const bool makes_progress =
        !given.empty() && (given[0] == "train" || given[0] == "compare");
    if (makes_progress && given.size() > 2) {
      quiet.push_back("--quiet");
    }
    return quiet;
  }());

  check_complaint(seen, 2, expected);
}

TEST_CASE("an unknown name is answered with the one that was meant") {
  const auto [line, meant] = GENERATE(table<words, std::string>({
      {{"train", "--epoch", "3"}, "--epochs"},
      {{"train", "--generate", "sprase"}, "sparse"},
      {{"train", "--generate", "p1", "--model", "lenett"}, "lenet"},
      {{"train", "--generate", "p1", "--model", "Logistic"}, "logistic"},
      {{"train", "--generate", "p1", "--topology", "eagsd"}, "easgd"},
      {{"train", "--generate", "p1", "--optimizer", "nestrov"}, "nesterov"},
      {{"train", "--generate", "p1", "--schedule", "poly"}, "polynomial"},
      {{"train", "--generate", "p1", "--order", "shufle"}, "shuffle"},
      {{"train", "--generate", "p1", "--regularizer", "per-features"},
       "per-feature"},
      {{"train", "--generate", "p1", "--evaluate", "concurent"}, "concurrent"},
      {{"train", "--generate", "p1", "--output", "jsn"}, "json"},
      {{"train", "--generate", "p1", "--topology", "hogwildpp", "--token-form",
        "refrence"},
       "reference"},
      {{"train", "--generate", "p1", "--topology", "ea-wild", "--pusher",
        "randm"},
       "random"},
      {{"train", "--generate", "p1", "--topology", "star", "--compress",
        "topk:0.01"},
       "top-k"},
      {{"train", "--generate", "p1", "--topology", "d-psgd", "--shape",
        "hyper"},
       "hypercube"},
      {{"train", "--data", "x", "--format", "svmligth"}, "svmlight"},
      {{"compare", "--generate", "p1", "--topologies", "hogwild,lokced"},
       "locked"},
      {{"model", "resnet-50"}, "resnet50"},
      {{"data", "convert", "--data", "x", "--out", "y", "--half", "tets"},
       "test"},
  }));
  INFO(fmt::format("{}", fmt::join(line, " ")));

  check_complaint(program(line), 2, "; did you mean " + meant + "?");
}

TEST_CASE("data alone lists its commands") {
  const outcome seen = program({"data"});

  CHECK(seen.code == 0);
  for (const char* const name :
       {"data info ", "data generate ", "data convert ", "data split "}) {
    CHECK_THAT(seen.out, Catch::Contains(name));
  }
}

TEST_CASE("the command line wins over environment, file and default") {
  const temporary_directory here;
  const std::string file =
      here.file("run.cfg", "step = 3\nepochs = 30\nbatch = 4 # four\n\n# end\n")
          .string();

  const outcome seen =
      program({"train", "--config", file, "--step", "1", "--dump-config"},
              {"SOUNDER_STEP=2", "SOUNDER_EPOCHS=20", "SOUNDER_UNKNOWN=1",
               "SOUNDER_SCHEDULE=constant", "SOUNDER_DETERMINISTIC=true",
               "SOUNDER_POWER="});

  CHECK(seen.code == 0);
  CHECK(seen.err.empty());
  CHECK(value_of(seen.out, "step") == "1");
  CHECK(value_of(seen.out, "epochs") == "20");
  CHECK(value_of(seen.out, "batch") == "4");
  CHECK(value_of(seen.out, "schedule") == "constant");
  CHECK(value_of(seen.out, "deterministic") == "true");
  CHECK(value_of(seen.out, "momentum") == "0.9");
  CHECK(value_of(seen.out, "power") == "1");
}

TEST_CASE("a mistake names the place it came from") {
  const temporary_directory here;
  const std::string bad_value =
      here.file("a.cfg", "epochs = 3\nstep = fast\n").string();
  const std::string bad_key =
      here.file("b.cfg", "epochs = 3\nsteps = 1\n").string();
  const std::string bad_line = here.file("c.cfg", "epochs\n").string();
  const std::string twice = here.file("d.cfg", "step=1\nstep=2\n").string();
  const std::string section = here.file("e.cfg", "[a]\nstep=2\n").string();
  const auto train = [](const std::string& file) {
    return program({"train", "--generate", "p1", "--config", file});
  };

  check_complaint(train(bad_value), 2, "a.cfg:2: step: 'fast' is not a number");
  check_complaint(train(bad_key), 2,
                  "b.cfg:2: unknown key 'steps'; did you mean --step?");
  check_complaint(train(bad_line), 2, "c.cfg:1: not of the form key = value");
  check_complaint(train(twice), 2, "d.cfg:2: 'step' is given twice");
  check_complaint(train(section), 2,
                  "e.cfg:1: sections are for sounder compare");
  check_complaint(program({"train", "--generate", "p1"}, {"SOUNDER_STEP=fast"}),
                  2, "SOUNDER_STEP: 'fast' is not a number");
}

TEST_CASE("a printed configuration reproduces itself") {
  const temporary_directory here;
  const std::string command = GENERATE("train", "compare");
  const outcome first =
      program({command, "--generate", "p1", "--step", "0.25", "--milestones",
               "3,5", "--deterministic", "--positive", "-1", "--dump-config"});
  const std::string file = here.file("run.cfg", first.out).string();

  const outcome second = program({command, "--config", file, "--dump-config"});

  CHECK(first.code == 0);
  CHECK(value_of(first.out, "positive") == "-1");
  CHECK(second.code == 0);
  CHECK(second.out == first.out);
}

TEST_CASE("sections reproduce themselves") {
  const temporary_directory here;
  const std::string file =
      here.file("a.cfg", "step = 1\n[one]\nbatch = 2\n[two]\nstep = 2\n")
          .string();
  const outcome first = program({"compare", "--config", file, "--dump-config"});
  const std::string dumped = here.file("b.cfg", first.out).string();

  const outcome second =
      program({"compare", "--config", dumped, "--dump-config"});

  CHECK_THAT(first.out, Catch::Contains("[one]"));
  CHECK(second.out == first.out);
}

TEST_CASE("help names every option with its default and an example") {
  const outcome seen = program({"train", "--help"});

  CHECK(seen.code == 0);
  CHECK(seen.err.empty());
  CHECK_THAT(seen.out, Catch::Contains("--regularizer NAME (=l2)"));
  CHECK_THAT(seen.out, Catch::Contains("sounder train --data"));
  CHECK(program({"--help"}).code == 0);
  CHECK(program({"data", "--help"}).code == 0);
  CHECK_THAT(program({"--version"}).out, Catch::StartsWith("sounder "));
}

TEST_CASE("an option that makes no difference to the topology is told") {
  const auto complaints = [](const words& more) {
    return program(words{"train", "--generate", "p4", "--rows", "50", "--model",
                         "least-squares", "--epochs", "1"} +
                   more)
        .err;
  };

  CHECK_THAT(complaints({"--topology", "star", "--alpha", "0.3", "--quiet"}),
             Catch::Contains("warning: --alpha makes no difference to star"));
  CHECK_THAT(complaints({"--topology", "hogwild", "--tau", "3", "--quiet"}),
             Catch::Contains("warning: --tau makes no difference to hogwild"));
  CHECK(complaints(
            {"--topology", "easgd", "--alpha", "0.3", "--tau", "3", "--quiet"})
            .empty());
}
