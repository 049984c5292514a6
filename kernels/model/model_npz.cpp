#include <array>
#include <span>

#include <fmt/format.h>

#include "kernels/model/model_formats.hpp"
#include "kernels/model/npz.hpp"

namespace sounder::kernels::formats {

namespace {

constexpr std::int64_t format_version = 1;

}  // namespace

std::string to_npz(const model& m, const std::string& name) {
  const std::size_t rows = m.outputs == 0 ? 0 : m.weights.size() / m.outputs;
  npz_writer out(name);
  out.add("weights", std::span<const float>(m.weights),
          std::array{rows, m.outputs});
  out.add("labels", std::span<const float>(m.labels),
          std::array{m.labels.size()});
  out.add("bias", std::span<const double>(&m.bias, 1), {});
  out.add("model", kernels::name(m.kind));
  out.add("format", std::span<const std::int64_t>(&format_version, 1), {});
  return out.finish();
}

model from_npz(std::string_view content, const std::string& name) {
  const npz_reader in(content, name);
  if (const auto format = in.number<std::int64_t>("format");
      format != format_version) {
    in.fail(fmt::format("format {} is newer than this program", format));
  }
  model m;
  const std::string kind = in.text("model");
  const auto known = linear_model_by_name(kind);
  if (!known) {
    in.fail(fmt::format("unknown kind of model '{}'", kind));
  }
  m.kind = *known;
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
