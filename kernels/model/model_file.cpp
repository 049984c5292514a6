#include "kernels/model/model_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numeric>

#include <fmt/format.h>

#include "kernels/assert.hpp"
#include "kernels/data/atomic_file.hpp"
#include "kernels/data/byte_order_mark.hpp"
#include "kernels/data/data_error.hpp"
#include "kernels/model/model_formats.hpp"

namespace sounder::kernels {

namespace {

std::string read(const std::filesystem::path& file) {
  const std::string name = file.string();
  if (std::filesystem::is_directory(file)) {
    throw data_error(name, "is a directory; name the model file in it");
  }
  std::ifstream in(file, std::ios::binary);
  std::string content;
  if (in) {
    content.assign(std::istreambuf_iterator<char>(in), {});
  }
  if (!in || in.bad()) {
    throw data_error(name, fmt::format("cannot be read: {}; check the name",
                                       std::strerror(errno)));
  }
  return content;
}

/// What both formats must have brought: shapes that fit each other.
void check(const model& m, const std::string& name) {
  const auto fail = [&](const std::string& problem) {
    throw data_error(name, problem + "; the model file is damaged");
  };
  if (!(m.bias >= 0.0 && std::isfinite(m.bias))) {
    fail(fmt::format("the bias is {}", m.bias));
  }
  const std::size_t rows = m.features + (m.bias != 0.0 ? 1 : 0);
  if (m.weights.size() != rows * m.outputs) {
    fail(fmt::format("{} weights for {} features and {} outputs",
                     m.weights.size(), rows, m.outputs));
  }
  const std::size_t classes = is_multi_class(m.kind)  ? m.outputs
                              : is_classifier(m.kind) ? 2
                                                      : 0;
  if (m.labels.size() != classes || (is_multi_class(m.kind) && classes < 2) ||
      (!is_multi_class(m.kind) && m.outputs != 1)) {
    fail(fmt::format("{} labels and {} outputs do not make a model of kind {}",
                     m.labels.size(), m.outputs, kernels::name(m.kind)));
  }
  std::vector<float> sorted = m.labels;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    fail("a label occurs twice");
  }
  const auto odd = std::find_if_not(m.weights.begin(), m.weights.end(),
                                    [](float w) { return std::isfinite(w); });
  if (odd != m.weights.end()) {
    const auto place = static_cast<std::size_t>(odd - m.weights.begin());
    fail(fmt::format("the weight of feature {} is not finite",
                     place / m.outputs + 1));
  }
}

/// liblinear orders classes as they came; here they ascend.
void sort_classes(model& m) {
  if (!is_multi_class(m.kind) ||
      std::is_sorted(m.labels.begin(), m.labels.end())) {
    return;
  }
  std::vector<std::size_t> order(m.outputs);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return m.labels[a] < m.labels[b];
  });
  const auto permute = [&](float* values) {
    const std::vector<float> old(values, values + m.outputs);
    for (std::size_t c = 0; c < m.outputs; ++c) {
      values[c] = old[order[c]];
    }
  };
  permute(m.labels.data());
  for (std::size_t u = 0; u < m.weights.size(); u += m.outputs) {
    permute(m.weights.data() + u);
  }
}

bool is_npz_name(const std::filesystem::path& file) {
  return file.extension() == ".npz";
}

}  // namespace

void check_savable(linear_model kind, std::size_t classes,
                   const std::filesystem::path& file) {
  if (!is_npz_name(file) && is_multi_class(kind) && classes < 3) {
    throw data_error(
        file.string(),
        fmt::format("liblinear's text has one vector for two classes, {} has "
                    "two; save as .npz, or train --model {}",
                    kernels::name(kind),
                    kind == linear_model::softmax ? "logistic" : "svm"));
  }
}

void save_model(const model& trained, const std::filesystem::path& file) {
  const std::string name = file.string();
  SOUNDER_ASSERT(trained.weights.size() ==
                 (trained.features + (trained.bias != 0.0 ? 1 : 0)) *
                     trained.outputs);
  const std::string content = is_npz_name(file)
                                  ? formats::to_npz(trained, name)
                                  : formats::to_text(trained, name);
  atomic_file out(file);
  out.write(content);
  out.commit();
}

model load_model(const std::filesystem::path& file) {
  const std::string name = file.string();
  const std::string whole = read(file);
  const std::string_view content = without_byte_order_mark(whole);
  model m;
  if (content.starts_with("PK")) {
    m = formats::from_npz(content, name);
  } else if (content.starts_with("solver_type")) {
    m = formats::from_text(content, name);
  } else {
    throw data_error(name, content.empty()
                               ? "is empty; a model file was expected"
                               : "is not a model file: neither liblinear's "
                                 "text nor .npz as `sounder train --save` "
                                 "writes them");
  }
  check(m, name);
  sort_classes(m);
  return m;
}

}  // namespace sounder::kernels
