#include "kernels/data/load.hpp"

#include <fmt/format.h>

#include "kernels/assert.hpp"
#include "kernels/data/cifar.hpp"
#include "kernels/data/csv.hpp"
#include "kernels/data/data_error.hpp"
#include "kernels/data/idx.hpp"
#include "kernels/data/svmlight.hpp"

namespace sounder::kernels {

namespace {

dataset read(const data_source& source, const load_options& options) {
  switch (source.format) {
    case file_format::csv:
      return read_csv(source.files[0],
                      {.separator = options.csv_separator,
                       .header = options.csv_header,
                       .label_column = options.csv_label_column,
                       .has_labels = options.csv_has_labels,
                       .threads = options.threads});
    case file_format::idx:
      return source.files.size() == 1
                 ? read_idx(source.files[0])
                 : read_idx(source.files[0], source.files[1]);
    case file_format::cifar10:
      return read_cifar10(source.files);
    case file_format::svmlight:
    case file_format::automatic:
      break;
  }
  return read_svmlight(source.files[0], {.features = options.features,
                                         .zero_based = options.zero_based,
                                         .needs_labels = options.needs_labels,
                                         .threads = options.threads});
}

}  // namespace

dataset load(const data_source& source, const load_options& options) {
  SOUNDER_ASSERT(source.format != file_format::automatic);
  dataset data = read(source, options);
  if (options.features != 0 && data.features() != options.features) {
    throw data_error(source.files[0].string(),
                     fmt::format("has {} features where {} are declared "
                                 "(--features)",
                                 data.features(), options.features));
  }
  return data;
}

dataset load(const std::filesystem::path& path, const load_options& options) {
  return load(find_source(path, options), options);
}

}  // namespace sounder::kernels
