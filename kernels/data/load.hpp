#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "kernels/data/csv.hpp"
#include "kernels/data/dataset.hpp"

namespace sounder::kernels {

enum class file_format { automatic, svmlight, csv, idx, cifar10 };

/// Which half of a directory that holds a published data set.
enum class part { train, test };

struct load_options {
  file_format format = file_format::automatic;
  kernels::part part = part::train;  // of a directory
  bool needs_labels = true;          // else idx and svmlight may lack them
  std::size_t features = 0;          // declared width; 0: as in the file
  bool zero_based = false;           // svmlight
  unsigned threads = 0;              // of text; 0: one per core
  char csv_separator = '\0';         // '\0': by the first lines
  kernels::csv_header csv_header = csv_header::automatic;
  int csv_label_column = 0;    // from 0; -1 is the last
  bool csv_has_labels = true;  // else all columns are features
};

/// The files behind a data set and how to read them.
struct data_source {
  file_format format = file_format::svmlight;  // never automatic
  std::vector<std::filesystem::path> files;    // IDX: images, perhaps labels
};

/// Finds out what `path` is.
///
/// - A directory: MNIST or CIFAR-10 under their published file names, plain or
///   with .gz, .xz or .bz2 appended; `part` chooses.
/// - A file: what its first bytes say after decompression. IDX begins with its
///   magic number; other binary content is CIFAR-10; text is CSV where a
///   separator is given, by a name in .csv or .tsv, and by a first line with
///   commas, semicolons or tabs, but without ':'; the rest is svmlight.
///   An IDX file of images needs the labels beside it, named as MNIST names
///   them, unless none are needed: then all are 0 where there are none. What is
///   no regular file (a pipe) is svmlight.
///
/// Errors:   data_error for a path that is missing, a directory without
///           complete contents, binary content of another kind.
data_source find_source(const std::filesystem::path& path,
                        const load_options& options = {});

/// Reads a data set; errors, cost and threads are those of its reader
/// (svmlight.hpp, csv.hpp, idx.hpp, cifar.hpp). Dense samples of another width
/// than the declared one are an error.
dataset load(const data_source& source, const load_options& options = {});
dataset load(const std::filesystem::path& path,
             const load_options& options = {});

}  // namespace sounder::kernels
