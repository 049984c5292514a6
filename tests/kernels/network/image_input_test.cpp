#include "kernels/network/image_input.hpp"

#include <cmath>
#include <map>

#include <catch2/catch.hpp>

#include "kernels/data/random.hpp"
#include "tests/support/lone_layer.hpp"

namespace k = sounder::kernels;
namespace t = sounder::tests;

namespace {

k::image_input input_of(const std::string& text) {
  return k::image_input(k::parse_layers("image = input " + text, "test")[0]);
}

std::string problem_of(const std::string& text) {
  try {
    input_of(text);
  } catch (const k::layer_error& error) {
    return error.what();
  }
  return "none";
}

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

k::dataset floats_of(const t::floats& values, std::size_t features) {
  k::dense_storage storage;
  storage.floats.append(values);
  return {std::move(storage), t::floats(values.size() / features), features};
}

t::floats filled(const k::image_input& input, const k::dataset& data,
                 const std::vector<std::uint32_t>& rows, bool is_training,
                 std::uint64_t seed = 1) {
  t::floats out = t::nothing(rows.size() * input.output().size());
  input.fill(data, rows, is_training, seed, out.data());
  return out;
}

/// Image (y, x, c) of planes, moved: what comes from outside is 0.
t::floats moved(const t::floats& planes, k::shape s, int down, int right,
                bool mirror) {
  t::floats image;
  const int height = static_cast<int>(s.height);
  const int width = static_cast<int>(s.width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < static_cast<int>(s.channels); ++c) {
        const int from_y = y - down;
        const int from_x = (mirror ? width - 1 - x : x) - right;
        const bool is_inside =
            from_y >= 0 && from_y < height && from_x >= 0 && from_x < width;
        const int at = (c * height + from_y) * width + from_x;
        image.push_back(is_inside ? planes[static_cast<std::size_t>(at)]
                                  : 0.0F);
      }
    }
  }
  return image;
}

t::floats numbers(std::size_t n) {
  t::floats values(n);
  for (std::size_t j = 0; j < n; ++j) {
    values[j] = static_cast<float>(j + 1);
  }
  return values;
}

}  // namespace

TEST_CASE("image input: planes become positions of neighbouring channels") {
  const k::shape s = {2, 3, 3};
  const auto input = input_of("2x3x3");

  const auto out = filled(input, floats_of(numbers(18), 18), {0}, false);

  REQUIRE(input.output() == s);
  CHECK(out == t::floats{1, 7, 13, 2, 8, 14, 3, 9, 15, 4, 10, 16, 5, 11, 17, 6,
                         12, 18});
}

TEST_CASE("image input: a length alone is a vector") {
  const auto input = input_of("5");

  const auto out = filled(input, floats_of(numbers(10), 5), {1}, false);

  CHECK(input.output() == k::shape{1, 1, 5});
  CHECK(out == t::floats{6, 7, 8, 9, 10});
}

TEST_CASE("image input: every channel has its mean and deviation") {
  const auto input = input_of("1x2x3 mean=1,2,3 deviation=2,4,8");

  const auto out =
      filled(input, floats_of({1, 3, 6, 10, 3, 19}, 6), {0}, false);

  CHECK(out == t::floats{0, 1, 0, 1, 2, 2});
}

TEST_CASE("image input: one mean and deviation are for all channels") {
  const auto input = input_of("1x1x3 mean=1 deviation=0.5");

  CHECK(filled(input, floats_of({1, 2, 3}, 3), {0}, false) ==
        t::floats{0, 2, 4});
}

TEST_CASE("image input: bytes and sparse rows are what their values are") {
  const auto input = input_of("2x2x2 mean=0.25,-1 deviation=0.5,2");
  // Value = byte / 4 - 2.
  const std::vector<std::uint8_t> bytes = {0,  8, 9,  8, 8, 20, 8, 255,
                                           16, 8, 12, 4, 8, 8,  8, 1};
  k::dense_storage images;
  images.bytes.append(bytes);
  images.scale = 0.25F;
  images.shift = -2.0F;
  k::sparse_storage sparse;
  sparse.start.push_back(0);
  t::floats values;
  for (std::size_t j = 0; j < bytes.size(); ++j) {
    values.push_back(0.25F * static_cast<float>(bytes[j]) - 2.0F);
    if (values.back() != 0.0F) {
      sparse.index.push_back(static_cast<std::uint32_t>(j % 8));
      sparse.value.push_back(values.back());
    }
    if (j % 8 == 7) {
      sparse.start.push_back(sparse.index.size());
    }
  }

  const auto of_floats = filled(input, floats_of(values, 8), {1, 0, 1}, false);
  const auto of_bytes = filled(
      input, k::dataset(std::move(images), t::floats(2), 8), {1, 0, 1}, false);
  const auto of_sparse = filled(
      input, k::dataset(std::move(sparse), t::floats(2), 8), {1, 0, 1}, false);

  CHECK(of_bytes == of_floats);
  CHECK(of_sparse == of_floats);
}

TEST_CASE("image input: rows of a slice are counted from its beginning") {
  const auto input = input_of("2");
  const auto data = floats_of(numbers(10), 2).slice(2, 5);

  CHECK(filled(input, data, {1}, false) == t::floats{7, 8});
}

TEST_CASE("image input: training moves and mirrors in all ways alike") {
  constexpr std::uint32_t draws = 3000;
  const k::shape s = {3, 4, 2};
  const t::floats planes = numbers(24);
  const auto input = input_of("3x4x2 crop=1 flip");
  const auto data = floats_of(planes, 24);
  std::map<t::floats, int> seen;
  for (int down = -1; down <= 1; ++down) {
    for (int right = -1; right <= 1; ++right) {
      seen[moved(planes, s, down, right, false)] = 0;
      seen[moved(planes, s, down, right, true)] = 0;
    }
  }
  REQUIRE(seen.size() == 18);

  for (std::uint32_t draw = 0; draw < draws; ++draw) {
    const auto image = filled(input, data, {0}, true, draw);
    REQUIRE(seen.contains(image));
    ++seen[image];
  }

  // Six standard deviations of a count: exceeded with probability 4e-8.
  const double mean = draws / 18.0;
  for (const auto& [image, count] : seen) {
    CHECK(std::abs(count - mean) < 6.0 * std::sqrt(mean));
  }
}

TEST_CASE("image input: what comes in from outside is the mean") {
  const auto input = input_of("2x2x1 mean=9 crop=1");
  const auto data = floats_of({10, 10, 10, 10}, 4);

  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (const float x : filled(input, data, {0}, true, seed)) {
      REQUIRE((x == 0.0F || x == 1.0F));
    }
  }
}

TEST_CASE("image input: seed and row decide on the move") {
  const auto input = input_of("8x8x1 crop=3 flip");
  t::floats planes = numbers(64);
  t::floats four;
  for (int copy = 0; copy < 4; ++copy) {
    four.insert(four.end(), planes.begin(), planes.end());
  }
  const auto data = floats_of(four, 64);

  const auto all = filled(input, data, {2, 0, 3}, true, 6);
  const auto part = [&](std::ptrdiff_t i) {
    return t::floats(all.begin() + 64 * i, all.begin() + 64 * (i + 1));
  };

  CHECK(filled(input, data, {0}, true, 6) == part(1));
  CHECK(filled(input, data, {3}, true, 6) == part(2));
  CHECK(part(0) != part(1));
  CHECK(filled(input, data, {0}, true, 7) != part(1));
}

TEST_CASE("image input: evaluation moves nothing") {
  const auto plain = input_of("4x4x2");
  const auto moving = input_of("4x4x2 crop=2 flip");
  const auto data = floats_of(numbers(96), 32);

  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    CHECK(filled(moving, data, {0, 2}, false, seed) ==
          filled(plain, data, {0, 2}, false));
  }
}

TEST_CASE("image input: moments are those of each channel") {
  const auto m = k::moments_of(floats_of({1, 3, 5, 5, 5, 7, 5, 5}, 4), 2);

  CHECK(m.mean == std::vector<double>{4.0, 5.0});
  CHECK(m.deviation[0] == Approx(std::sqrt(5.0)));
  CHECK(m.deviation[1] == 1.0);  // of 0
}

TEST_CASE("image input: a deviation far below the mean is no rounding") {
  const auto far = k::moments_of(floats_of({1e6F, 1e6F + 2}, 1), 1);
  // 0.1 has no exact float, and its sum is off by its last bits.
  const auto constant =
      k::moments_of(floats_of(std::vector<float>(1000, 0.1F), 1), 1);

  CHECK(far.mean[0] == 1e6 + 1);
  CHECK(far.deviation[0] == Approx(1.0));
  CHECK(constant.deviation[0] == 1.0);
}

TEST_CASE("image input: the largest magnitude counts zeros and signs") {
  const auto m = k::moments_of(floats_of({0, -3, 2, 0, 0, 0}, 2), 2);

  CHECK(m.largest == std::vector<double>{2.0, 3.0});
  CHECK(m.mean[1] == -1.0);
  CHECK(m.deviation[1] == Approx(std::sqrt(2.0)));
}

TEST_CASE("image input: errors name the layer") {
  struct bad_line {
    const char* line;
    const char* what;
  };
  for (const auto& c : {
           bad_line{"", "'' is no shape"},
           {"28x28", "'28x28' is no shape"},
           {"28x28x1x1", "is no shape"},
           {"28x28x", "is no shape"},
           {"28x28x1x", "is no shape"},
           {"28x", "is no shape"},
           {"0x28x1", "is no shape"},
           {"3 3", "is no shape"},
           {"4294967296x4294967296x1", "is no shape"},
           {"1000000x1000x1", "is no shape"},
           {"2x2x3 mean=1,2", "mean has 2 numbers for 3 channels"},
           {"2x2x3 mean=1,,2", "mean is '1,,2'"},
           {"2x2x3 mean=x", "mean is 'x'"},
           {"2x2x3 mean=nan", "mean is 'nan'"},
           {"2x2x3 deviation=0", "deviations must be positive"},
           {"2x2x3 deviation=1,-1,1", "deviations must be positive"},
           {"2x4x3 crop=2", "crop=2 would move 2x4x3 out of sight"},
           {"2x4x3 crop=x", "crop is 'x'"},
           {"2x4x3 flip=1", "flip takes no value"},
           {"2x4x3 turn", "no option 'turn'"},
       }) {
    CAPTURE(c.line);
    CHECK_THAT(problem_of(c.line), StartsWith("image: ") && Contains(c.what));
  }
}
