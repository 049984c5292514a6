#pragma once

#include <cstddef>
#include <filesystem>

#include "kernels/data/dataset.hpp"
#include "kernels/data/input_file.hpp"
#include "kernels/data/line_blocks.hpp"

namespace sounder::kernels {

enum class csv_header { automatic, yes, no };

struct csv_options {
  char separator = '\0';  // is_separator(); '\0': by the first lines
  csv_header header = csv_header::automatic;
  int label_column = 0;    // from 0; -1 is the last
  bool has_labels = true;  // otherwise all columns are features, all labels 0
  unsigned threads = 0;    // 0: one per core
  std::size_t block_bytes = default_block_bytes;  // smaller in tests
};

/// Reads dense samples from separated numbers, plain or compressed: a record a
/// sample, as many fields in each, one of them the label. Layout dense_float.
///
/// Records and fields are those of RFC 4180 (csv_record.hpp). Blanks around
/// fields are ignored, empty lines skipped. Where it is not said, the separator
/// is the one of semicolon, tab, comma and blank by which the lines below the
/// first are numbers, or else the first that the first line has; and the first
/// line is a header when it has titles and no field of it can be a number: be
/// it a wrong one (2,5), one that is not finite or one that is missing (NA).
/// Titles may go over several lines, numbers may not.
///
/// Errors:   data_error that names file, line and column (from 1): a field
///           that is empty, no number, not finite or too large; a line with
///           more or fewer fields than the first; quotes that do not close.
///           Also a label column that is not there, no column but the label,
///           no samples; and those of line_blocks.
/// Cost:     one pass; beyond the result, memory for one block of text and
///           what is parsed from it per thread.
/// Threads:  starts threads - 1 and joins them. Decompression is done by one
///           at a time, parsing by all; the result does not depend on them.
dataset read_csv(const std::filesystem::path& file,
                 const csv_options& options = {});
dataset read_csv(input_file& file, const csv_options& options = {});

}  // namespace sounder::kernels
