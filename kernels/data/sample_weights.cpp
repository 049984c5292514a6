#include "kernels/data/sample_weights.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "kernels/data/data_error.hpp"
#include "kernels/data/line_blocks.hpp"
#include "kernels/data/number.hpp"

namespace sounder::kernels {

namespace {

std::string_view without_blanks(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  return line.substr(0, line.find_last_not_of(blanks) + 1);
}

float weight_in(std::string_view word, const std::string& file,
                std::size_t line) {
  const auto fail = [&](const std::string& what) {
    throw data_error(file, line,
                     what +
                         "; a weights file has one weight a line, a number "
                         "from 0 up");
  };
  const auto weight = number_in(word);
  if (!weight) {
    fail(word.empty()
             ? "an empty line"
             : fmt::format("weight {} {}", quoted(word), number_problem(word)));
  }
  if (*weight < 0.0F) {
    fail(fmt::format("weight {} is negative", quoted(word)));
  }
  return *weight;
}

std::vector<float> read_weights(const std::filesystem::path& path) {
  const buffer<char> text = whole_text(path);
  std::vector<float> weights;
  for (std::string_view rest(text.data(), text.size()); !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    weights.push_back(
        weight_in(without_blanks(line), path.string(), weights.size() + 1));
  }
  return weights;
}

}  // namespace

dataset with_sample_weights(const dataset& data,
                            const std::filesystem::path& file) {
  std::vector<float> weights = read_weights(file);
  if (weights.size() != data.rows()) {
    throw data_error(file.string(),
                     fmt::format("weights of {} samples for data of {}; each "
                                 "line belongs to one sample, in the same "
                                 "order",
                                 weights.size(), data.rows()));
  }
  if (std::count(weights.begin(), weights.end(), 0.0F) ==
      static_cast<std::ptrdiff_t>(weights.size())) {
    throw data_error(file.string(),
                     "all weights are 0, so nothing to learn from");
  }
  for (std::size_t i = 0; i < weights.size() && data.is_weighted(); ++i) {
    weights[i] *= data.weights()[i];
  }
  return data.with_weights(std::move(weights));
}

}  // namespace sounder::kernels
