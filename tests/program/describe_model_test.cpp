// sounder model: what is said of networks.

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "kernels/network/models.hpp"
#include "tests/program/program.hpp"
#include "tests/support/temporary_directory.hpp"

namespace {

using namespace sounder;
using namespace sounder::tests;
using json = nlohmann::json;

json description_of(const std::string& model) {
  return json::parse(program({"model", model, "--output", "json"}).out);
}

}  // namespace

TEST_CASE("sounder model knows every model by its published parameters") {
  for (const kernels::model_card& card : kernels::model_cards()) {
    INFO(card.name);

    const json described = description_of(card.name);

    CHECK(described["parameters"] == card.parameters);
    CHECK(described["layers"].back()["output"] ==
          fmt::format("1x1x{}", card.classes));
  }
  CHECK_THAT(program({"model"}).out, Catch::Contains("resnet50"));
}

TEST_CASE("the ratio is operations for each parameter") {
  for (const kernels::model_card& card : kernels::model_cards()) {
    INFO(card.name);

    const json described = description_of(card.name);

    CHECK(described["ratio"].get<double>() ==
          Approx(described["flops"].get<double>() /
                 static_cast<double>(card.parameters)));
  }
}

// As the source's table 6 has them, but for the LSTM, which it does not.
TEST_CASE("networks of a high ratio are advised to be synchronous") {
  for (const kernels::model_card& card : kernels::model_cards()) {
    INFO(card.name);
    const bool is_high = card.name == "resnet50" ||
                         card.name == "googlenet-bn" ||
                         card.name == "densenet40";

    const std::string text = program({"model", card.name}).out;

    CHECK_THAT(text, Catch::Contains(is_high ? "That is high: much"
                                             : "That is low: little"));
    CHECK_THAT(text, Catch::Contains(is_high ? "allreduce" : "ea-wild"));
  }
}

TEST_CASE("a network without parameters has no ratio") {
  const temporary_directory here;
  const std::string file =
      here.file("plain.net", "input 2x2x3\nglobal-average-pool\n").string();

  CHECK(description_of(file)["ratio"].is_null());
  CHECK_THAT(program({"model", file}).out,
             Catch::EndsWith("There are no parameters to train.\n"));
}

TEST_CASE("the lines of a model are a network file of the same model") {
  const temporary_directory here;
  const outcome lines = program({"model", "densenet40", "--output", "lines"});
  const std::string file = here.file("same.net", lines.out).string();

  CHECK(description_of(file)["layers"] ==
        description_of("densenet40")["layers"]);
}
