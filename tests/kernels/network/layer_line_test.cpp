#include "kernels/network/layer_line.hpp"

#include <catch2/catch.hpp>

#include "kernels/data/data_error.hpp"
#include "kernels/data/random.hpp"

namespace k = sounder::kernels;

namespace {

std::vector<k::layer_line> parsed(const std::string& text) {
  return k::parse_layers(text, "net.txt");
}

std::string problem_of(const std::string& text) {
  try {
    parsed(text);
  } catch (const k::data_error& error) {
    return error.what();
  }
  return "none";
}

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

}  // namespace

TEST_CASE("layer line: reads name, kind, values, options and inputs") {
  const auto lines = parsed(
      "image = input 28x28x1 crop=2 flip\n"
      "c/1.a = conv 6 kernel=5 no-bias from image\n"
      "sum = add from c/1.a, image\n");

  REQUIRE(lines.size() == 3);
  CHECK(lines[0] ==
        k::layer_line{
            "image", "input", {"28x28x1"}, {{"crop", "2"}, {"flip", ""}}, {}});
  CHECK(lines[1] == k::layer_line{"c/1.a",
                                  "conv",
                                  {"6"},
                                  {{"kernel", "5"}, {"no-bias", ""}},
                                  {"image"}});
  CHECK(lines[2].inputs == std::vector<std::string>{"c/1.a", "image"});
}

TEST_CASE("layer line: the line before is the input where none is named") {
  const auto lines = parsed("input 4\na = dense 3\nrelu\n");

  CHECK(lines[0].inputs.empty());
  CHECK(lines[1].inputs == std::vector<std::string>{"input1"});
  CHECK(lines[2].inputs == std::vector<std::string>{"a"});
}

TEST_CASE("layer line: kinds are counted to name what has no name") {
  const auto lines = parsed("input 4\nrelu\ndense 3\nx = relu\nrelu\n");

  CHECK(lines[1].name == "relu1");
  CHECK(lines[2].name == "dense1");
  CHECK(lines[3].name == "x");
  CHECK(lines[4].name == "relu2");
}

TEST_CASE("layer line: comments, empty lines and spaces mean nothing") {
  const auto plain = parsed("a = input 4\nb = dense 3 no-bias from a\n");

  const auto spaced = parsed(
      "# a network\n\n   a   =   input 4   # four\r\n"
      "\t\n b =dense 3 no-bias from  a\r\n#\n");

  CHECK(spaced == plain);
}

TEST_CASE("layer line: commas between inputs need no spaces") {
  const auto lines = parsed(
      "a = input 4\nb = dense 4\nc = add from a,b\nd = add from a ,b , c\n");

  CHECK(lines[2].inputs == std::vector<std::string>{"a", "b"});
  CHECK(lines[3].inputs == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("layer line: text and lines go round") {
  for (const char* text :
       {"input 4", "x = input 28x28x1 mean=1,2 flip\n",
        "input 8x8x3\nconv 4 kernel=3x1 same\nrelu\nb = relu from conv1\n"
        "add from relu1, b\nflatten\ndense 10 start=normal:0.1 no-bias\n",
        "a = input 4\nb = relu from a\nc = relu from a\nd = relu\n"
        "concat from b, c, d\n"}) {
    CAPTURE(text);
    const auto lines = parsed(text);

    const std::string again = k::to_text(lines);

    CHECK(parsed(again) == lines);
    CHECK(k::to_text(parsed(again)) == again);
  }
}

TEST_CASE("layer line: the text leaves out inputs that go without saying") {
  const auto lines = parsed("a = input 4\nb = relu from a\nc = relu from a\n");

  CHECK(k::to_text(lines) == "a = input 4\nb = relu\nc = relu from a\n");
}

TEST_CASE("layer line: errors have file and line") {
  struct bad_text {
    const char* text;
    const char* where;
    const char* what;
  };
  for (const auto& c : {
           bad_text{"", "net.txt: ", "describes no layers"},
           {"# nothing\n\n", "net.txt: ", "describes no layers"},
           {"input 4\nx y = relu\n", "net.txt:2: ", "'x y' is no name"},
           {"input 4\nx, = relu\n", "net.txt:2: ", "'x,' is no name"},
           {"input 4\n = relu\n", "net.txt:2: ", "is no name"},
           {"input 4\nx =\n", "net.txt:2: ", "no kind of layer"},
           {"input 4\nfrom input1\n", "net.txt:2: ", "no kind of layer"},
           {"input 4\n\nr,u 3\n", "net.txt:3: ", "'r,u' is no kind"},
           {"input 4\nx = = relu\n", "net.txt:2: ", "'=' is no kind"},
           {"a=input 4\n", "net.txt:1: ", "'a=input' is no kind"},
           {"input 4\nrelu from\n", "net.txt:2: ", "'from' names no layer"},
           {"input 4\nrelu from ,\n", "net.txt:2: ", "'from' names no layer"},
           {"input 4\nrelu from y\n", "net.txt:2: ", "input 'y' is no layer"},
           {"input 4\nx = relu from x\n", "net.txt:2: ", "no cycles"},
           {"input 4\na = add from input1, b\nb = relu from a\n",
            "net.txt:2: ", "input 'b' is no layer"},
           {"input 4 from x\n", "net.txt:1: ", "input 'x' is no layer"},
           {"a = input 4\nrelu\na = relu\n",
            "net.txt:3: ", "a layer 'a' already"},
           {"input 4\nrelu1 = relu\nrelu\n", "net.txt:3: ", "'relu1' already"},
           {"input 4\ndense 3 start=\n", "net.txt:2: ", "neither a number nor"},
           {"input 4\ndense 3 =he\n", "net.txt:2: ", "is no name"},
           {"input 4\ndense 3 a=1 a=2\n", "net.txt:2: ", "'a' is said twice"},
           {"input 4\ndense 3 x,y\n", "net.txt:2: ", "neither a number nor"},
       }) {
    CAPTURE(c.text);
    CHECK_THAT(problem_of(c.text), StartsWith(c.where) && Contains(c.what));
  }
}

TEST_CASE("layer line: random lines that are read go round") {
  const std::vector<std::string> pieces = {
      "a",  "b",    " ",  " ",    "=",  " = ", "from ", ",",  "\n",
      "\n", "relu", " 3", " k=v", "-1", "#",   "./_",   "\t", "input 4\n"};
  k::random_stream random(11);
  std::size_t read = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (std::uint32_t left = random.below(12); left > 0; --left) {
      text += pieces[random.below(static_cast<std::uint32_t>(pieces.size()))];
    }
    std::vector<k::layer_line> lines;
    try {
      lines = parsed(text);
    } catch (const k::data_error&) {
      continue;
    }
    ++read;
    CAPTURE(text);
    REQUIRE_NOTHROW(parsed(k::to_text(lines)) == lines);
    REQUIRE(parsed(k::to_text(lines)) == lines);
  }

  CHECK(read > 1000);
}
