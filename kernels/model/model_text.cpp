// liblinear's text format (liblinear 2.3, save_model and load_model).

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <optional>

#include <fast_float/fast_float.h>
#include <fmt/format.h>

#include "kernels/data/data_error.hpp"
#include "kernels/model/model_formats.hpp"
#include "kernels/nearest.hpp"

namespace sounder::kernels::formats {

namespace {

constexpr std::string_view blanks = " \t\r";

/// The words of a text, line by line.
class reader {
 public:
  reader(std::string_view content, const std::string& name)
      : rest_(content), name_(name) {}

  bool next_line() {
    if (rest_.empty()) {
      return false;
    }
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    line_ = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++number_;
    return true;
  }

  /// The next word of the line; empty at its end.
  std::string_view word() {
    line_.remove_prefix(
        std::min(line_.find_first_not_of(blanks), line_.size()));
    const std::string_view found = line_.substr(0, line_.find_first_of(blanks));
    line_.remove_prefix(found.size());
    return found;
  }

  template <class T>
  T number(std::string_view what) {
    const std::string_view text = word();
    T value{};
    const auto [end, problem] = parse(text, value);
    if (problem != std::errc() || end != text.data() + text.size()) {
      fail(fmt::format("{} is '{}', not a number that fits", what, text));
    }
    return value;
  }

  void end_of_line() {
    if (const std::string_view more = word(); !more.empty()) {
      fail(fmt::format("unexpected '{}' at the end of the line", more));
    }
  }

  [[noreturn]] void fail(const std::string& problem) const {
    throw data_error(name_, number_,
                     problem + "; a model in liblinear's format was expected");
  }

 private:
  static auto parse(std::string_view text, double& value) {
    const auto r =
        fast_float::from_chars(text.data(), text.data() + text.size(), value);
    return std::pair(
        r.ptr, std::isfinite(value) ? r.ec : std::errc::result_out_of_range);
  }
  template <class T>
  static auto parse(std::string_view text, T& value) {
    const auto r =
        std::from_chars(text.data(), text.data() + text.size(), value);
    return std::pair(r.ptr, r.ec);
  }

  std::string_view rest_;
  std::string_view line_;
  std::string name_;
  std::uint64_t number_ = 0;
};

struct header {
  std::string solver;
  std::size_t classes = 0;
  std::optional<std::size_t> features;
  std::vector<float> labels;
  double bias = -1.0;
  normalisation_kind normalised = normalisation_kind::none;
};

constexpr std::array<std::string_view, 6> header_keys = {
    "solver_type", "nr_class", "nr_feature", "bias", "label", "w"};

header read_header(reader& in) {
  header h;
  while (in.next_line()) {
    const std::string_view key = in.word();
    if (key == "solver_type") {
      h.solver = in.word();
    } else if (key == "nr_class") {
      h.classes = in.number<std::size_t>(key);
    } else if (key == "nr_feature") {
      h.features = in.number<std::size_t>(key);
    } else if (key == "bias") {
      h.bias = in.number<double>(key);
    } else if (key == "label") {
      for (std::size_t c = 0; c < h.classes; ++c) {
        h.labels.push_back(static_cast<float>(in.number<int>(key)));
      }
    } else if (key == "normalise") {
      const std::string_view kind = in.word();
      if (kind != name(normalisation_kind::unit_rows)) {
        in.fail(fmt::format("normalise is '{}', not unit-rows", kind));
      }
      h.normalised = normalisation_kind::unit_rows;
    } else if (key == "w") {
      in.end_of_line();
      return h;
    } else {
      in.fail(fmt::format("unknown key '{}'{}", key,
                          did_you_mean(key, header_keys)));
    }
    in.end_of_line();
  }
  in.fail("the file ends before the weights");
}

linear_model kind_of(const header& h, const reader& in) {
  if (h.solver.ends_with("_SVR") || h.solver.ends_with("_SVR_DUAL")) {
    return linear_model::least_squares;
  }
  if (h.solver == "MCSVM_CS") {
    return linear_model::softmax;
  }
  const bool logistic = h.solver.starts_with("L2R_LR") || h.solver == "L1R_LR";
  if (!logistic && h.solver.find("LOSS_SVC") == std::string::npos) {
    in.fail(
        fmt::format("solver_type '{}' is not one that predicts with "
                    "linear weights",
                    h.solver));
  }
  if (h.classes > 2) {
    return linear_model::one_against_rest;
  }
  return logistic ? linear_model::logistic : linear_model::svm;
}

std::string_view solver_of(linear_model kind) {
  switch (kind) {
    case linear_model::svm:
    case linear_model::one_against_rest:
      return "L2R_L1LOSS_SVC_DUAL";
    case linear_model::logistic:
      return "L2R_LR";
    case linear_model::softmax:
      return "MCSVM_CS";
    case linear_model::least_squares:
      return "L2R_L2LOSS_SVR";
  }
  return "";
}

void read_weights(reader& in, model& m, std::size_t rows) {
  const std::size_t expected = rows * m.outputs;
  // A lying header must not reserve the machine's memory.
  m.weights.reserve(std::min<std::size_t>(expected, 1U << 20U));
  for (std::size_t u = 0; u < rows; ++u) {
    if (!in.next_line()) {
      in.fail(
          fmt::format("the file ends after {} of {} rows of weights", u, rows));
    }
    for (std::size_t c = 0; c < m.outputs; ++c) {
      m.weights.push_back(static_cast<float>(in.number<double>("a weight")));
    }
    in.end_of_line();
  }
  while (in.next_line()) {
    in.end_of_line();
  }
}

}  // namespace

std::string to_text(const model& m, const std::string& name) {
  constexpr float most = 1e9F;  // fits liblinear's int
  check_savable(m.kind, m.labels.size(), name);
  std::string out =
      fmt::format("solver_type {}\nnr_class {}\n", solver_of(m.kind),
                  m.labels.empty() ? 2 : m.labels.size());
  if (!m.labels.empty()) {
    out += "label";
    for (const float label : m.labels) {
      if (label != std::floor(label) || std::abs(label) > most) {
        throw data_error(name, fmt::format("liblinear's labels are integers, "
                                           "{} is not; save as .npz",
                                           label));
      }
      out += fmt::format(" {}", static_cast<int>(label));
    }
    out += "\n";
  }
  out += fmt::format("nr_feature {}\nbias {:.17g}\n", m.features,
                     m.bias != 0.0 ? m.bias : -1.0);
  if (m.normalised == normalisation_kind::unit_rows) {
    out += "normalise unit-rows\n";
  }
  out += "w\n";
  for (std::size_t i = 0; i < m.weights.size(); ++i) {
    fmt::format_to(std::back_inserter(out), "{:.9g} ", m.weights[i]);
    if ((i + 1) % m.outputs == 0) {
      out += '\n';
    }
  }
  return out;
}

model from_text(std::string_view content, const std::string& name) {
  reader in(content, name);
  header h = read_header(in);
  model m;
  m.kind = kind_of(h, in);
  if (h.classes < 2 || !h.features) {
    in.fail(h.features ? "nr_class is missing or below 2"
                       : "nr_feature is missing");
  }
  if (is_classifier(m.kind) && h.labels.size() != h.classes) {
    in.fail("the labels are missing");
  }
  m.normalised = h.normalised;
  m.features = *h.features;
  m.outputs = is_multi_class(m.kind) ? h.classes : 1;
  const std::size_t rows = m.features + (h.bias >= 0.0 ? 1 : 0);
  if (rows > content.size() || m.outputs > content.size() / (rows + 1) + 1) {
    in.fail(fmt::format("{} x {} weights cannot be in a file of {} bytes", rows,
                        m.outputs, content.size()));
  }
  if (is_classifier(m.kind)) {
    m.labels = std::move(h.labels);
  }
  read_weights(in, m, rows);
  m.bias = std::max(h.bias, 0.0);
  if (h.bias == 0.0) {  // liblinear's constant feature of value 0
    m.weights.resize(m.features * m.outputs);
  }
  return m;
}

}  // namespace sounder::kernels::formats
