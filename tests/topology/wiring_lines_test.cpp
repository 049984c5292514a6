// On which line of a wiring file a mistake stands.

#include <catch2/catch.hpp>

#include "topology/wiring_file.hpp"

namespace p = sounder::topology;

namespace {

std::string complaint(const std::string& text) {
  try {
    p::parse_wiring(text, "my.json");
  } catch (const p::wiring_error& e) {
    return e.what();
  }
  return "";
}

const std::string good = R"({
  // A hub and two.
  "replicas": [
    {"name": "hub", "workers": 0},
    {"name": "worker",
     "count": 2,
     "place": "here"}
  ],
  "links": [
    {"from": "worker", "to": [0],
     "exchange": {"name": "elastic",
                  "alpha": 0.25},
     "discipline": "every"}
  ]
})";

std::string with(const std::string& from, const std::string& to) {
  std::string text = good;
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("wiring lines: each mistake has the line that it stands on") {
  const auto [was, is, expected] =
      GENERATE(table<std::string, std::string, std::string>({
          {"\"workers\": 0", "\"workers\": -1", ":4: replicas[0].workers: -1"},
          {"\"workers\"", "\"wrokers\"", ":4: replicas[0].wrokers: unknown"},
          {"\"name\": \"worker\"", "\"workers\": 1",
           ":5: replicas[1]: 'name' is missing"},
          {"\"count\": 2", "\"count\": 2.5", ":6: replicas[1].count: 2.5"},
          {"2,\n", "1e400,\n", ":6: number overflow parsing '1e400'"},
          {"2,\n", "2\n", ":7: syntax error"},
          {"\"place\": \"here\"", "\"count\": 3",
           ":7: the key \"count\" is there"},
          {"[0]", "[0,\n7.5\n]", ":11: links[0].to[1]: 7.5 is not the name"},
          {"\"elastic\"", "\"elastik\"",
           ":11: links[0].exchange.name: 'elastik' is none of"},
          {"0.25", "\"x\"", ":12: links[0].exchange.alpha: \"x\" is not a"},
          {"\"every\"", "\n\"never\"", ":13: links[0].discipline: 'never'"},
          {"\"links\"", "\"name\": \"me\", \"links\"",
           ":9: name: unknown key; known here are replicas, links, optimizer"},
          {"\"links\"", "\"step-rule\": \"adam\", \"links\"",
           ":9: step-rule: unknown key; it is optimizer now"},
          {"\"links\"", "\"optimizer\": \"best\", \"links\"",
           ":9: optimizer: 'best' is none of sgd, momentum, nesterov"},
          {"\"links\"", "\"rings\"", ":9: rings: unknown key"},
      }));
  INFO(is);

  CHECK_THAT(complaint(with(was, is)), Catch::StartsWith("my.json" + expected));
}

TEST_CASE(
    "wiring lines: what is missing is missing on the line of its object") {
  CHECK(complaint("// nothing\n\n{}") == "my.json:3: 'replicas' is missing");
  CHECK_THAT(complaint("{\"join\": [\n{\"system\": \"star\"},\n{}]}"),
             Catch::StartsWith("my.json:3: join[1]: 'replicas' is missing"));
}

TEST_CASE("wiring lines: no control characters, in names or in complaints") {
  const std::string red = "\\u001b[31mred";

  CHECK_THAT(complaint(with("\"hub\"", "\"" + red + "\"")),
             Catch::Contains("replicas[0].name: \"" + red +
                             "\" is not a text without control characters"));
  CHECK_THAT(complaint(with("\"place\"", "\"" + red + "\"")),
             Catch::Contains("replicas[1].?[31mred: unknown key"));
}

TEST_CASE("wiring lines: nobody reads a file without an end") {
  CHECK_THROWS_WITH(p::read_wiring("/dev/zero"),
                    "/dev/zero: more than 64 MiB, no wiring file");
}
