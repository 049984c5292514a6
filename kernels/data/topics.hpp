#pragma once

// Samples with several topics each, as in RCV1, and the binary problem of one
// topic against the rest.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/data/dataset.hpp"

namespace sounder::kernels {

/// Which topics each sample carries: row i has names[topic[k]] for
/// start[i] <= k < start[i + 1].
struct topic_table {
  std::string source;              // the file, for messages
  std::vector<std::string> names;  // ascending
  std::vector<std::uint64_t> start = {0};
  std::vector<std::uint32_t> topic;

  std::size_t rows() const noexcept { return start.size() - 1; }
};

/// Reads a topics file, plain or compressed: line i has the topics of sample
/// i, separated by blanks; an empty line is a sample without topics.
///
/// Errors: data_error as of input_file; a line that is not text.
topic_table read_topics(const std::filesystem::path& file);

/// Labels +1 for samples with the topic, -1 for all others; of a part of a
/// set perhaps all.
///
/// Errors: data_error that names the topics file: other rows than `data`.
dataset label_by_topic(const dataset& data, const topic_table& topics,
                       std::string_view topic);

/// The same for a whole set.
///
/// Errors: as above, and a topic that no sample carries.
dataset select_topic(const dataset& data, const topic_table& topics,
                     std::string_view topic);

}  // namespace sounder::kernels
