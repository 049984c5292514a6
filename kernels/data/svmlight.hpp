#pragma once

#include <cstddef>
#include <filesystem>

#include "kernels/data/dataset.hpp"
#include "kernels/data/input_file.hpp"
#include "kernels/data/line_blocks.hpp"

namespace sounder::kernels {

struct svmlight_options {
  std::size_t features = 0;  // declared width; 0: the highest index in the file
  bool zero_based = false;   // indices start at 0
  bool needs_labels = true;  // otherwise a line may begin with a pair
  unsigned threads = 0;      // 0: one per core
  std::size_t block_bytes = default_block_bytes;  // smaller in tests
};

/// Reads sparse samples in svmlight (libsvm) text, plain or compressed:
///
///   LABEL [qid:N] INDEX:VALUE INDEX:VALUE ... [# comment]
///
/// Blanks are spaces and tabs; some may follow a ':'. Lines end as in
/// line_blocks. Empty lines and lines of comment are skipped, qid is ignored, a
/// sample may have no pairs and the last line no end. Indices ascend, from 1
/// unless zero_based, up to 2^32 - 2. A value keeps its place when it is zero,
/// and becomes zero when it is too small for a float. The result has indices
/// from 0 and labels as in the file; 0 for a line without, where none is
/// needed.
///
/// Errors:   data_error that names file and line: a label, index or value that
///           is no number, not finite or too large; several labels; a pair
///           without ':'; an index that is 0, out of order, repeated or beyond
///           `features`. The first bad line in the file is the one reported.
///           Also a file without samples, or without any pair and no declared
///           width; and those of line_blocks.
/// Cost:     one pass; beyond the result, memory for one block of text and
///           what is parsed from it per thread.
/// Threads:  starts threads - 1 and joins them. Decompression is done by one
///           at a time, parsing by all; the result does not depend on them.
dataset read_svmlight(const std::filesystem::path& file,
                      const svmlight_options& options = {});
dataset read_svmlight(input_file& file, const svmlight_options& options = {});

/// Writes samples in the same form, so that reading gives the same floats.
/// The zeros of dense rows are left out. The width is not part of the format:
/// pass it to read_svmlight when the last column may be empty.
///
/// Errors:   data_error; the file then is as it was before (atomic_file). A
///           value or label that is not finite is one.
void write_svmlight(const std::filesystem::path& file, const dataset& samples,
                    bool zero_based = false);

}  // namespace sounder::kernels
