#include "kernels/data/topics.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "kernels/data/data_error.hpp"
#include "kernels/data/input_file.hpp"
#include "kernels/data/line_blocks.hpp"
#include "kernels/nearest.hpp"

namespace sounder::kernels {

namespace {

/// Numbers for names, in the order of their first occurrence.
class numbering {
 public:
  std::uint32_t operator()(std::string_view name) {
    const auto next = static_cast<std::uint32_t>(numbers_.size());
    return numbers_.try_emplace(std::string(name), next).first->second;
  }

  /// Renumbers `table` so that names ascend.
  void finish(topic_table& table) const {
    std::vector<std::uint32_t> sorted(numbers_.size());
    for (const auto& [name, number] : numbers_) {
      sorted[number] = static_cast<std::uint32_t>(table.names.size());
      table.names.push_back(name);
    }
    for (std::uint32_t& topic : table.topic) {
      topic = sorted[topic];
    }
  }

 private:
  std::map<std::string, std::uint32_t> numbers_;
};

/// Cuts the next word off `line`; empty when there is none.
std::string_view next_word(std::string_view& line) {
  constexpr std::string_view blanks = " \t\r";
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  const auto word = line.substr(0, line.find_first_of(blanks));
  line.remove_prefix(word.size());
  return word;
}

bool is_text(std::string_view word) {
  return std::none_of(word.begin(), word.end(), [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return code < 0x20 || code == 0x7f;
  });
}

/// Of the topic among the names; their count when it is none of them.
std::uint32_t number_of(const topic_table& topics, std::string_view topic) {
  const auto& names = topics.names;
  const auto place = std::lower_bound(names.begin(), names.end(), topic);
  const bool is_there = place != names.end() && *place == topic;
  return static_cast<std::uint32_t>(is_there ? place - names.begin()
                                             : names.end() - names.begin());
}

std::string list_names(std::span<const std::string> names) {
  constexpr std::size_t shown = 10;
  if (names.empty()) {
    return "none";
  }
  return fmt::format(
      "{}{}", fmt::join(names.first(std::min(shown, names.size())), ", "),
      names.size() > shown ? ", ..." : "");
}

}  // namespace

topic_table read_topics(const std::filesystem::path& file) {
  const buffer<char> content = whole_text(file);
  topic_table table;
  table.source = file.string();
  numbering number;
  for (std::string_view rest(content.data(), content.size()); !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    for (auto word = next_word(line); !word.empty(); word = next_word(line)) {
      if (!is_text(word)) {
        throw data_error(table.source, table.rows() + 1,
                         "not text; a topics file has the topics of one "
                         "sample in each line, separated by blanks");
      }
      table.topic.push_back(number(word));
    }
    table.start.push_back(table.topic.size());
  }
  number.finish(table);
  return table;
}

dataset label_by_topic(const dataset& data, const topic_table& topics,
                       std::string_view topic) {
  if (topics.rows() != data.rows()) {
    throw data_error(
        topics.source,
        fmt::format("topics of {} samples for data of {}; each line belongs "
                    "to one sample, in the same order",
                    topics.rows(), data.rows()));
  }
  const std::uint32_t wanted = number_of(topics, topic);
  std::vector<float> labels(data.rows());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row =
        std::span(topics.topic)
            .subspan(topics.start[i], topics.start[i + 1] - topics.start[i]);
    const bool has = std::find(row.begin(), row.end(), wanted) != row.end();
    labels[i] = has ? 1.0F : -1.0F;
  }
  return data.with_labels(std::move(labels));
}

dataset select_topic(const dataset& data, const topic_table& topics,
                     std::string_view topic) {
  dataset labelled = label_by_topic(data, topics, topic);
  if (number_of(topics, topic) == topics.names.size()) {
    throw data_error(topics.source,
                     fmt::format("no sample has the topic '{}'; there are {}{}",
                                 topic, list_names(topics.names),
                                 did_you_mean(topic, topics.names)));
  }
  return labelled;
}

}  // namespace sounder::kernels
