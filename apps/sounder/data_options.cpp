#include "apps/sounder/data_options.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <limits>

#include <fmt/format.h>

#include "apps/sounder/generate_options.hpp"
#include "apps/sounder/table.hpp"
#include "apps/sounder/weight_options.hpp"
#include "kernels/data/load.hpp"
#include "kernels/data/load_cached.hpp"
#include "kernels/data/split.hpp"
#include "kernels/data/topics.hpp"

namespace sounder::app {

namespace {

using kernels::dataset;
using kernels::file_format;
using clock = std::chrono::steady_clock;

constexpr std::array<std::string_view, 5> formats = {"auto", "svmlight", "csv",
                                                     "idx", "cifar10"};

kernels::load_options read_load_options(const settings& values, part half) {
  kernels::load_options how;
  const std::string& format = values.one_of("format", formats);
  how.format = static_cast<file_format>(
      std::find(formats.begin(), formats.end(), format) - formats.begin());
  how.part = half == part::train ? kernels::part::train : kernels::part::test;
  how.needs_labels = half != part::unlabelled_test;
  how.features = values.number<std::size_t>("features");
  how.zero_based = values.flag("zero-based");
  how.csv_label_column = values.number<int>("label-column", -1);
  how.threads = values.number<unsigned>("threads", 0, 1024);
  return how;
}

/// A cache that cannot be written is worth a word, not a failure: the next run
/// reads the source again.
dataset load_by_cache(const std::string& path, const kernels::load_options& how,
                      const std::string& directory) {
  kernels::cached_load loaded = kernels::load_cached(path, how, directory);
  if (!loaded.not_stored.empty()) {
    complain(
        fmt::format("warning: no cache of {}: {}", path, loaded.not_stored));
  }
  return std::move(loaded.data);
}

std::uint64_t size_of(const std::vector<std::filesystem::path>& files) {
  std::uint64_t sum = 0;
  for (const auto& file : files) {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(file, ignored);
    sum += ignored ? 0 : size;
  }
  return sum;
}

/// The first `rows` samples when the option asks for so many.
dataset shortened(const settings& values, const std::string& option,
                  const source& from) {
  const auto rows = values.optional_number<std::size_t>(option, 1);
  if (!rows) {
    return from.data;
  }
  if (*rows > from.data.rows()) {
    values.fail(option, fmt::format("{} has {} samples only", from.name,
                                    from.data.rows()));
  }
  return from.data.slice(0, *rows);
}

void refuse_with_generate(const settings& values) {
  for (const char* const name : {"data", "test", "split", "topics",
                                 "test-topics", "topic", "sample-weights"}) {
    if (values.given(name) && values.has(name)) {
      values.fail(name, "does not go with --generate; choose one");
    }
  }
}

train_test_sources generated(const settings& values, progress& out) {
  refuse_with_generate(values);
  kernels::train_test made = generate(values, "generate");
  const std::string& kind = values.text("generate");
  out.note(fmt::format("generated {}: {} + {} samples", kind, made.train.rows(),
                       made.test.rows()));
  return {{std::move(made.train), kind}, {std::move(made.test), kind}, {}};
}

void describe(const source& s, const load_record& record, progress& out) {
  out.note(fmt::format("{}: {} samples x {} features, {} in {}", s.name,
                       s.data.rows(), s.data.features(),
                       bytes(static_cast<double>(record.bytes)),
                       seconds(record.seconds)));
}

void split_off_test(const settings& values, train_test_sources& all) {
  const double ratio = values.number("split", 0.0, 1.0);
  try {
    kernels::train_test parts = kernels::split(
        all.train.data, ratio, values.number<std::uint64_t>("seed"));
    all.train.data = std::move(parts.train);
    all.test = {std::move(parts.test), all.train.name};
  } catch (const std::invalid_argument& e) {
    values.fail("split", e.what());
  }
}

}  // namespace

option_group format_options() {
  return {"File format",
          {{"format", "NAME", "auto", "auto, svmlight, csv, idx, cifar10"},
           {"features", "N", "0",
            "declared number of features; 0: as many as the file has"},
           {"zero-based", "", "", "svmlight indices start at 0"},
           {"label-column", "N", "0", "of CSV, from 0; -1 is the last"},
           {"threads", "N", "0", "for reading; 0: one per processor"},
           {"cache", "DIR", "", "keep a binary copy of what is read in DIR"}}};
}

option_group label_options(bool with_test) {
  option_group group = {
      "Labels",
      {{"positive", "LABEL", "", "this label against the rest (binary models)"},
       {"topics", "FILE", "", "a line of topics a sample, for --topic"},
       {"topic", "NAME", "", "samples of this topic against the rest"}}};
  if (with_test) {
    group.options.push_back(
        {"test-topics", "FILE", "", "the same for the test set"});
    for (option& o : weight_options()) {
      group.options.push_back(std::move(o));
    }
  }
  return group;
}

option_group training_data_options() {
  return {
      "Data",
      {{"data", "FILE", "",
        "training samples: a file, plain or .gz, .bz2, .xz, or a folder "
        "with MNIST or CIFAR-10"},
       {"test", "FILE", "",
        "test samples; of a folder in --data its test half is taken"},
       {"split", "R", "",
        "train on a random part R of --data, test on the "
        "rest"},
       {"bias", "B", "0", "append a constant feature of this value; 0: no"}}};
}

source load(const settings& values, const std::string& path, part half,
            std::vector<load_record>& records) {
  const auto start = clock::now();
  const kernels::load_options how = read_load_options(values, half);
  const kernels::data_source found = kernels::find_source(path, how);
  source s;
  s.name = path;
  s.data = values.has("cache") ? load_by_cache(path, how, values.text("cache"))
                               : kernels::load(found, how);
  records.push_back(
      {path, size_of(found.files),
       std::chrono::duration<double>(clock::now() - start).count()});
  return s;
}

void choose_topic(const settings& values, const std::string& option,
                  source& samples) {
  const std::string& file = values.text(option);
  const std::string& topic = values.text("topic");
  if (file.empty() != topic.empty()) {
    values.fail(file.empty() ? "topic" : option,
                fmt::format("--topic and --{} go together; give both", option));
  }
  if (!file.empty()) {
    samples.data =
        kernels::select_topic(samples.data, kernels::read_topics(file), topic);
  }
}

train_test_sources load_training_data(const settings& values, progress& out) {
  if (values.has("generate")) {
    return generated(values, out);
  }
  if (!values.has("data")) {
    throw usage_error(
        "--data is missing: name a file of samples, or --generate some");
  }
  const std::string& data = values.text("data");
  const bool splits = values.has("split");
  if (splits && values.has("test")) {
    values.fail("split", "makes the test set that --test names; choose one");
  }
  train_test_sources all;
  all.train = load(values, data, part::train, all.records);
  choose_topic(values, "topics", all.train);
  weigh_samples(values, all.train);
  describe(all.train, all.records.back(), out);
  all.train.data = shortened(values, "rows", all.train);
  if (splits) {
    split_off_test(values, all);
    return all;
  }
  if (values.has("test") || std::filesystem::is_directory(data)) {
    all.test = load(values, values.has("test") ? values.text("test") : data,
                    part::test, all.records);
    choose_topic(values, "test-topics", all.test);
    describe(all.test, all.records.back(), out);
    all.test.data = shortened(values, "test-rows", all.test);
  } else if (values.has("test-rows")) {
    values.fail("test-rows", "there is no test set; name it with --test");
  }
  return all;
}

}  // namespace sounder::app
