#include "kernels/nearest.hpp"

#include <array>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace {

using sounder::kernels::did_you_mean;
using sounder::kernels::edit_distance;
using sounder::kernels::nearest;

const std::vector<std::string> names = {"svm",         "l2",       "star",
                                        "lenet",       "system",   "local-sgd",
                                        "exponential", "resnet50", "topology"};

}  // namespace

TEST_CASE("a slip of the keyboard costs one edit") {
  CHECK(edit_distance("star", "star") == 0);
  CHECK(edit_distance("star", "STAR") == 0);
  CHECK(edit_distance("lenett", "lenet") == 1);
  CHECK(edit_distance("systm", "system") == 1);
  CHECK(edit_distance("satr", "star") == 1);
  CHECK(edit_distance("stur", "star") == 1);
  CHECK(edit_distance("", "star") == 4);
  CHECK(edit_distance("star", "") == 4);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("the nearest name is what was meant") {
  CHECK(nearest("lenett", names) == "lenet");
  CHECK(nearest("systm", names) == "system");
  CHECK(nearest("smv", names) == "svm");
  CHECK(nearest("L2", names) == "l2");
  CHECK(nearest("local_sgd", names) == "local-sgd");
  CHECK(nearest("resnet-50", names) == "resnet50");
}

TEST_CASE("the beginning of a name stands for it") {
  CHECK(nearest("exp", names) == "exponential");
  CHECK(nearest("local", names) == "local-sgd");
  CHECK(nearest("top", names) == "topology");
  CHECK(nearest("to", names).empty());
}

TEST_CASE("nothing is suggested for what is like no name") {
  CHECK(nearest("", names).empty());
  CHECK(nearest("blob", names).empty());
  CHECK(nearest("l3", names).empty());
  CHECK(nearest("xyz", names).empty());
  CHECK(nearest("oops", std::vector<std::string>{"rows"}).empty());
  CHECK(nearest(std::string(100, 'x'), names).empty());
  CHECK(nearest("star", std::vector<std::string>{}).empty());
}

TEST_CASE("a suggestion is the end of a complaint") {
  constexpr std::array<std::string_view, 2> forms = {"table", "json"};

  CHECK(did_you_mean("tabel", forms) == "; did you mean table?");
  CHECK(did_you_mean("xml", forms).empty());
}
