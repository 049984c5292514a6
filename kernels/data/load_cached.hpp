#pragma once

#include <filesystem>
#include <string>

#include "kernels/data/dataset.hpp"
#include "kernels/data/load.hpp"

namespace sounder::kernels {

/// A data set, and what its cache had to do with it.
struct cached_load {
  dataset data;
  std::filesystem::path cache;
  bool hit = false;        // the data came from the cache
  std::string miss;        // or else why it did not: "the source has changed"
  std::string not_stored;  // and why there is no new cache; empty if there is
};

/// load(path, options) by way of a cache in `directory`: the first time the
/// source is read and the cache written, from then on the cache is read for
/// as long as it is proven to be the same (cache.hpp). A cache that cannot be
/// used or written is no error; what is not a regular file has none.
///
/// Errors, threads: as load.
/// Cost:            of the first time: load, two looks at the source's bytes,
///                  one write of the data set.
cached_load load_cached(const std::filesystem::path& path,
                        const load_options& options,
                        const std::filesystem::path& directory);

}  // namespace sounder::kernels
