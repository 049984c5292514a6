#pragma once

#include <cstddef>
#include <filesystem>

#include "kernels/data/dataset.hpp"
#include "kernels/data/input_file.hpp"
#include "kernels/data/parse_lines.hpp"

namespace sounder::kernels {

struct csv_options {
  char separator = ',';
  int label_column = 0;                           // from 0; -1 is the last
  std::size_t block_bytes = default_block_bytes;  // smaller in tests
};

/// Reads dense samples from separated numbers, plain or compressed: a line a
/// sample, as many fields in each, one of them the label. Blanks around fields
/// are ignored, empty lines skipped. A first line with a field that is not a
/// number is a header. Layout dense_float.
///
/// Errors:   data_error that names file, line and column (from 1): a field
///           that is empty, no number, not finite or too large; a line with
///           more or fewer fields than the first. Also a label column that is
///           not there, no column but the label, no samples; and those of
///           input_file.
/// Cost:     one pass by the calling thread, one block of text.
dataset read_csv(const std::filesystem::path& file,
                 const csv_options& options = {});
dataset read_csv(input_file& file, const csv_options& options = {});

}  // namespace sounder::kernels
