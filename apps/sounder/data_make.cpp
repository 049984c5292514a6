// sounder data generate, convert and split: data sets into svmlight files.

#include <fmt/format.h>

#include "apps/sounder/commands.hpp"
#include "apps/sounder/data_options.hpp"
#include "apps/sounder/generate_options.hpp"
#include "apps/sounder/output_path.hpp"
#include "apps/sounder/progress.hpp"
#include "kernels/data/labels.hpp"
#include "kernels/data/split.hpp"
#include "kernels/data/svmlight.hpp"

namespace sounder::app {

namespace {

void write(const std::string& file, const kernels::dataset& data,
           progress& out) {
  kernels::write_svmlight(file, data);
  out.note(fmt::format("{}: {} samples x {} features", file, data.rows(),
                       data.features()));
}

option_group output_options(std::vector<option> files) {
  files.push_back({"quiet", "", "", "no word on stderr"});
  return {"Output", std::move(files)};
}

int run_generate(const invocation& given) {
  const settings& values = given.values;
  progress out(values.flag("quiet"));
  values.required("out");
  check_outputs(values, "out", "test-out");
  const std::string train = output_path(values, "out");
  if (!values.has("test-out") && values.has("test-rows")) {
    values.fail("test-rows", "needs a file for them: --test-out");
  }
  const kernels::train_test made = generate(values, "kind");
  write(train, made.train, out);
  if (values.has("test-out")) {
    write(output_path(values, "test-out"), made.test, out);
  }
  return 0;
}

/// Labels +1 and -1 where --positive asks for them.
kernels::dataset select(const settings& values, const source& from) {
  const auto positive = values.optional_number<float>("positive");
  return positive
             ? kernels::encode_one_against_rest(
                   from.data, kernels::distinct_labels(from.data, from.name),
                   *positive, from.name)
             : from.data;
}

source load_source(const settings& values) {
  std::vector<load_record> records;
  const std::string& half = values.text("half");
  constexpr std::array<std::string_view, 2> halves = {"train", "test"};
  values.one_of("half", halves);
  source s = load(values, values.required("data"),
                  half == "test" ? part::test : part::train, records);
  choose_topic(values, "topics", s);
  return s;
}

const option half_option = {"half", "NAME", "train",
                            "which half of a folder of images: train, test"};

int run_convert(const invocation& given) {
  const settings& values = given.values;
  progress out(values.flag("quiet"));
  values.required("out");
  const std::string file = output_path(values, "out");
  write(file, select(values, load_source(values)), out);
  return 0;
}

int run_split(const invocation& given) {
  const settings& values = given.values;
  progress out(values.flag("quiet"));
  values.required("train-out");
  values.required("test-out");
  check_outputs(values, "train-out", "test-out");
  const std::string train = output_path(values, "train-out");
  const std::string test = output_path(values, "test-out");
  const double ratio = values.number("ratio", 0.0, 1.0);
  const auto seed = values.number<std::uint64_t>("seed");
  const source from = load_source(values);
  try {
    const kernels::train_test parts =
        kernels::split(select(values, from), ratio, seed);
    write(train, parts.train, out);
    write(test, parts.test, out);
  } catch (const std::invalid_argument& e) {
    values.fail("ratio", e.what());
  }
  return 0;
}

}  // namespace

command generate_command() {
  command c;
  c.name = "data generate";
  c.summary = "makes a synthetic data set";
  c.text =
      "  sounder data generate --kind p1 --out p1.svm --test-out p1_test.svm\n"
      "  sounder data generate --kind sparse --rows 100000 --out text.svm\n"
      "\n"
      "The same options give the same file on every machine.\n";
  c.groups = {
      generator_options("kind"),
      {"Shape",
       {{"features", "N", "", "features [as above]"},
        {"seed", "N", "1", "of all that is random"}}},
      output_options({{"out", "FILE", "",
                       "training samples, in svmlight text; - is stdout"},
                      {"test-out", "FILE", "", "test samples; - is stdout"}}),
      common_options()};
  c.run = run_generate;
  return c;
}

command convert_command() {
  command c;
  c.name = "data convert";
  c.summary = "any readable data set to svmlight text";
  c.text =
      "  sounder data convert --data mnist/ --half test --out mnist_test.svm\n"
      "  sounder data convert --data news20.svm.xz --positive 3 --out "
      "three.svm\n"
      "  sounder data convert --data all.svm --topics all.topics --topic "
      "GCAT "
      "\\\n    --out gcat.svm\n";
  c.groups = {
      {"Data",
       {{"data", "FILE", "", "samples; a file or a folder"}, half_option}},
      format_options(),
      label_options(false),
      output_options({{"out", "FILE", "", "svmlight text; - is stdout"}}),
      common_options()};
  c.run = run_convert;
  return c;
}

command split_command() {
  command c;
  c.name = "data split";
  c.summary = "divides a data set at random into training and test set";
  c.text =
      "  sounder data split --data all.svm --ratio 0.8 --train-out train.svm "
      "\\\n    --test-out test.svm\n";
  c.groups = {
      {"Data",
       {{"data", "FILE", "", "samples; a file or a folder"},
        half_option,
        {"ratio", "R", "0.8", "part of the samples that trains"},
        {"seed", "N", "1", "of the draw"}}},
      format_options(),
      label_options(false),
      output_options({{"train-out", "FILE", "", "svmlight text; - is stdout"},
                      {"test-out", "FILE", "", "svmlight text; - is stdout"}}),
      common_options()};
  c.run = run_split;
  return c;
}

}  // namespace sounder::app
