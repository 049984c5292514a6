#include "kernels/network/network_file.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string_view>

#include <fmt/format.h>

#include "kernels/data/atomic_file.hpp"
#include "kernels/data/data_error.hpp"
#include "kernels/data/input_file.hpp"
#include "kernels/data/labels.hpp"
#include "kernels/model/npz.hpp"

namespace sounder::kernels {

namespace {

constexpr std::int64_t format_version = 1;
constexpr std::string_view own_keys = "sounder.";
constexpr const char* network_key = "sounder.network";
constexpr const char* labels_key = "sounder.labels";

std::string content_of(const std::filesystem::path& file) {
  input_file in(file);
  std::string content;
  std::string piece(std::size_t{1} << 20U, '\0');
  for (std::size_t got = piece.size(); got == piece.size();) {
    got = in.read(piece);
    content.append(piece, 0, got);
  }
  return content;
}

std::string sizes_text(const std::vector<std::size_t>& sizes) {
  return fmt::format("{}", fmt::join(sizes, "x"));
}

/// Weights of a network with more layers would lose what these have learnt.
void refuse_surplus(const npz_reader& in, const network& function,
                    const std::string& name) {
  const std::vector<named_array> arrays = function.arrays();
  for (const std::string& key : in.keys()) {
    const bool is_known =
        key.starts_with(own_keys) ||
        std::any_of(arrays.begin(), arrays.end(),
                    [&](const named_array& a) { return a.name == key; });
    if (!is_known) {
      throw data_error(name, fmt::format("has an array '{}', the network none; "
                                         "it is of another network",
                                         key));
    }
  }
}

std::vector<float> weights_in(const npz_reader& in, const network& function,
                              const std::string& name) {
  std::vector<float> weights(function.dimension());
  for (const named_array& array : function.arrays()) {
    if (!in.has(array.name)) {
      throw data_error(name, fmt::format("has no array '{}' ({}); it is of "
                                         "another network",
                                         array.name, sizes_text(array.sizes)));
    }
    std::vector<std::size_t> sizes;
    const std::vector<float> values = in.numbers<float>(array.name, &sizes);
    if (sizes != array.sizes) {
      throw data_error(name, fmt::format("array '{}' is {}, the network's {}; "
                                         "it is of another network",
                                         array.name, sizes_text(sizes),
                                         sizes_text(array.sizes)));
    }
    if (!std::all_of(values.begin(), values.end(),
                     [](float w) { return std::isfinite(w); })) {
      throw data_error(name, fmt::format("array '{}' holds numbers that are "
                                         "not finite; the run that wrote it "
                                         "has diverged",
                                         array.name));
    }
    std::copy(values.begin(), values.end(),
              weights.begin() + static_cast<std::ptrdiff_t>(array.first));
  }
  refuse_surplus(in, function, name);
  return weights;
}

}  // namespace

void save_network(const network& function, std::span<const float> labels,
                  std::span<const float> weights,
                  const std::filesystem::path& file) {
  npz_writer out(file.string());
  for (const named_array& array : function.arrays()) {
    out.add(array.name, weights.subspan(array.first, array.count), array.sizes);
  }
  out.add(network_key, to_text(function.lines()));
  out.add(labels_key, labels, std::array{labels.size()});
  out.add("sounder.format", std::span<const std::int64_t>(&format_version, 1),
          {});
  const std::string content = out.finish();
  atomic_file written(file);
  written.write(content);
  written.commit();
}

bool holds_network(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::array<char, 2> head{};
  in.read(head.data(), head.size());
  if (!in || head != std::array{'P', 'K'}) {
    return false;
  }
  try {
    const std::string content = content_of(file);
    return npz_reader(content, file.string()).has(network_key);
  } catch (const data_error&) {
    return false;
  }
}

trained_network load_network(const std::filesystem::path& file) {
  const std::string name = file.string();
  const std::string content = content_of(file);
  const npz_reader in(content, name);
  if (const auto format = in.number<std::int64_t>("sounder.format");
      format != format_version) {
    in.fail(fmt::format("format {} is newer than this program", format));
  }
  trained_network trained;
  try {
    trained.function = std::make_shared<network>(
        parse_layers(in.text(network_key), name + ": " + network_key));
  } catch (const layer_error& problem) {
    throw data_error(name,
                     fmt::format("its network is none: {}", problem.what()));
  }
  trained.labels = in.numbers<float>(labels_key);
  if (trained.labels.size() < 2 ||
      trained.labels.size() > trained.function->outputs()) {
    in.fail(fmt::format("{} labels do not fit {} outputs",
                        trained.labels.size(), trained.function->outputs()));
  }
  trained.weights = weights_in(in, *trained.function, name);
  return trained;
}

std::vector<float> load_weights(const network& function,
                                const std::filesystem::path& file,
                                std::span<const float> labels) {
  const std::string name = file.string();
  const std::string content = content_of(file);
  const npz_reader in(content, name);
  std::vector<float> weights = weights_in(in, function, name);
  if (!labels.empty() && in.has(labels_key)) {
    const std::vector<float> of_file = in.numbers<float>(labels_key);
    if (!std::equal(labels.begin(), labels.end(), of_file.begin(),
                    of_file.end())) {
      throw data_error(name,
                       fmt::format("has the labels {}, the data {}",
                                   list_labels(of_file), list_labels(labels)));
    }
  }
  return weights;
}

}  // namespace sounder::kernels
