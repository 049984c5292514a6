#include <array>
#include <span>

#include <fmt/format.h>

#include "kernels/model/model_formats.hpp"
#include "kernels/model/npz.hpp"

namespace sounder::kernels::formats {

namespace {

// Programs that know the first only must not score rows of other lengths.
constexpr std::int64_t folded_format = 1;
constexpr std::int64_t unit_rows_format = 2;

}  // namespace

std::string to_npz(const model& m, const std::string& name) {
  const bool unit_rows = m.normalised == normalisation_kind::unit_rows;
  const std::int64_t format = unit_rows ? unit_rows_format : folded_format;
  const std::size_t rows = m.outputs == 0 ? 0 : m.weights.size() / m.outputs;
  npz_writer out(name);
  out.add("weights", std::span<const float>(m.weights),
          std::array{rows, m.outputs});
  out.add("labels", std::span<const float>(m.labels),
          std::array{m.labels.size()});
  out.add("bias", std::span<const double>(&m.bias, 1), {});
  out.add("model", kernels::name(m.kind));
  out.add("format", std::span<const std::int64_t>(&format, 1), {});
  if (m.normalised != normalisation_kind::none) {
    out.add("normalise", kernels::name(m.normalised));
  }
  return out.finish();
}

model from_npz(std::string_view content, const std::string& name) {
  const npz_reader in(content, name);
  if (const auto format = in.number<std::int64_t>("format");
      format != folded_format && format != unit_rows_format) {
    in.fail(fmt::format("format {} is newer than this program", format));
  }
  model m;
  const std::string kind = in.text("model");
  const auto known = linear_model_by_name(kind);
  if (!known) {
    in.fail(fmt::format("unknown kind of model '{}'", kind));
  }
  m.kind = *known;
  if (in.has("normalise")) {
    const std::string how = in.text("normalise");
    const auto found = normalisation_by_name(how);
    if (!found) {
      in.fail(fmt::format("unknown normalisation '{}'", how));
    }
    m.normalised = *found;
  }
  m.bias = in.number<double>("bias");
  m.labels = in.numbers<float>("labels");
  std::vector<std::size_t> shape;
  m.weights = in.numbers<float>("weights", &shape);
  const std::size_t constant = m.bias != 0.0 ? 1 : 0;
  if (shape.size() != 2 || shape[0] < constant || shape[1] == 0) {
    in.fail("array 'weights' is not features x outputs");
  }
  m.features = shape[0] - constant;
  m.outputs = shape[1];
  return m;
}

}  // namespace sounder::kernels::formats
