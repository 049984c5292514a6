#include "topology/compression.hpp"

#include <catch2/catch.hpp>

#include "topology/describe.hpp"
#include "topology/drawing.hpp"
#include "topology/systems.hpp"

namespace p = sounder::topology;

namespace {

std::vector<std::string> problems(const char* system,
                                  const p::wiring_options& options) {
  return p::validate(p::by_name(system, options).value());
}

}  // namespace

TEST_CASE("compression: forms are named as in files") {
  for (const char* const name : {"none", "fp16", "bf16", "int8", "top-k"}) {
    CHECK(p::name(p::parse_compression(name)) == name);
  }
  CHECK(std::get<p::top_k>(p::parse_compression("top-k")).fraction == 0.01);
  CHECK(std::get<p::top_k>(p::parse_compression("top-k:0.2")).fraction == 0.2);
}

TEST_CASE("compression: a text that names no form is a complaint") {
  for (const char* const text : {"", "zip", "fp16:1", "topk", "top-k0.1"}) {
    CHECK_THROWS_WITH(p::parse_compression(text),
                      Catch::Contains("is none of none, fp16"));
  }
  for (const char* const text : {"top-k:", "top-k:0", "top-k:0.5", "top-k:x",
                                 "top-k:nan", "top-k:-1", "top-k:0.1x"}) {
    CHECK_THROWS_WITH(p::parse_compression(text),
                      Catch::Contains("above 0 and below 0.5"));
  }
}

TEST_CASE("compression: systems at hubs and updates take every form") {
  for (const char* const system :
       {"sync", "star", "async-ps", "downpour", "async-msgd", "easgd",
        "async-easgd", "eamsgd", "ea-wild", "ssp", "local-sgd", "all-to-all",
        "ad-psgd"}) {
    for (const char* const form : {"fp16", "bf16", "int8", "top-k:0.1"}) {
      INFO(system << " " << form);
      CHECK(problems(system, {.compress = p::parse_compression(form)}).empty());
    }
  }
}

TEST_CASE("compression: where it makes no sense is a sentence") {
  const auto [system, form, expected] =
      GENERATE(table<std::string, std::string, std::string>({
          {"allreduce", "fp16", "all must end with the same bits"},
          {"hierarchical", "bf16", "all must end with the same bits"},
          {"sgp", "int8", "shares must add up"},
          {"hogwildpp", "top-k", "both ends count on the same moves"},
          {"d-psgd", "top-k", "arrive late shift the mean"},
      }));

  const auto found =
      problems(system.c_str(), {.compress = p::parse_compression(form)});

  REQUIRE_FALSE(found.empty());
  CHECK_THAT(found[0], Catch::StartsWith("link '"));
  CHECK_THAT(found[0], Catch::Contains(expected));
}

TEST_CASE("compression: a fraction out of range is a problem of the link") {
  for (const double fraction : {0.0, -0.1, 0.5, 2.0}) {
    const auto found = problems("star", {.compress = p::top_k{fraction}});
    REQUIRE(found.size() == 2);
    CHECK_THAT(found[0], Catch::Contains("has fraction"));
  }
}

TEST_CASE("compression: of a system only links that can be compressed are") {
  const auto g =
      p::by_name("ea-wild", {.replicas = 4, .group = 2, .compress = p::fp16{}})
          .value();

  for (const p::link& l : g.links) {
    const bool is_elastic = std::holds_alternative<p::elastic>(l.exchange);
    CHECK(std::holds_alternative<p::fp16>(l.compression) == is_elastic);
  }
  CHECK(p::validate(g).empty());
}

TEST_CASE("compression: drawings say it") {
  const auto g =
      p::by_name("star", {.tau = 5, .compress = p::top_k{0.1}}).value();

  CHECK_THAT(p::draw(g),
             Catch::Contains("add-delta, every (tau 5), top-k (fraction 0.1)"));
  CHECK(p::describe(p::by_name("star", {.tau = 5}).value().links[0]) ==
        "add-delta, every (tau 5)");
}
