#pragma once

#include <cstddef>
#include <string>

#include "kernels/data/csv.hpp"
#include "kernels/data/csv_record.hpp"
#include "kernels/data/line_blocks.hpp"

namespace sounder::kernels {

/// What all records of a file have in common.
struct csv_layout {
  char separator = ',';
  std::size_t columns = 0;       // 0: there are no records
  std::size_t label_column = 0;  // `columns` when there is none
};

/// Finds out by the options and the first records, and passes over the header.
/// Errors: data_error as in csv.hpp, for the first record.
csv_layout read_layout(line_blocks& text, const csv_options& options);

/// Why this field is not a finite number; `column` is from 0.
std::string field_problem(const csv_field& field, std::size_t column);

}  // namespace sounder::kernels
