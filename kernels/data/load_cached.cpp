#include "kernels/data/load_cached.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "kernels/data/cache.hpp"
#include "kernels/data/data_error.hpp"

namespace sounder::kernels {

namespace fs = std::filesystem;

namespace {

/// All options that change what is loaded. Which half of a directory is
/// asked for shows in the files.
std::string variant_of(const data_source& source, const load_options& options) {
  return fmt::format(
      "format {} features {} zero-based {} labels {} csv {} {} {} {}",
      static_cast<int>(source.format), options.features, options.zero_based,
      options.needs_labels, static_cast<int>(options.csv_separator),
      static_cast<int>(options.csv_header), options.csv_label_column,
      options.csv_has_labels);
}

/// Loads and stores what was loaded; says why when nothing was stored.
dataset load_and_store(const data_source& source, const load_options& options,
                       const fs::path& cache, const std::string& variant,
                       std::string& not_stored) {
  std::optional<source_state> before;
  try {
    before = observe(source.files, options.threads);
  } catch (const data_error& error) {
    not_stored = error.what();
  }
  dataset data = load(source, options);
  if (!before) {
    return data;
  }
  try {
    if (!write_cache(cache, data, source.files, *before, variant,
                     options.threads)) {
      not_stored = "the source changed while it was read";
    }
  } catch (const data_error& error) {
    not_stored = error.what();
  }
  return data;
}

}  // namespace

cached_load load_cached(const fs::path& path, const load_options& options,
                        const fs::path& directory) {
  const data_source source = find_source(path, options);
  cached_load result;
  const bool files = std::all_of(
      source.files.begin(), source.files.end(),
      [](const fs::path& file) { return fs::is_regular_file(file); });
  if (!files) {
    result.miss = result.not_stored = "not a regular file";
    result.data = load(source, options);
    return result;
  }
  const std::string variant = variant_of(source, options);
  result.cache = cache_path(directory, source.files, variant);
  auto cached = read_cache(result.cache, source.files, variant, &result.miss,
                           options.threads);
  result.hit = cached.has_value();
  result.data = result.hit ? *std::move(cached)
                           : load_and_store(source, options, result.cache,
                                            variant, result.not_stored);
  return result;
}

}  // namespace sounder::kernels
