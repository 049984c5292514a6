#pragma once

// From options to samples in memory, labels as in the file.

#include <string>
#include <vector>

#include "apps/sounder/metrics.hpp"
#include "apps/sounder/options.hpp"
#include "apps/sounder/progress.hpp"
#include "kernels/data/dataset.hpp"

namespace sounder::app {

/// How to read files: --format, --features and the like.
option_group format_options();

/// Labels chosen from the file's: --positive, --topics, --topic. With a test
/// set also its topics, and what labels and samples count in training.
option_group label_options(bool with_test);

/// One data set as it came.
struct source {
  kernels::dataset data;
  std::string name;  // for messages
};

/// Which half of a folder of images is meant; for images without labels, too.
enum class part { train, test, unlabelled_test };

/// Reads the file or folder.
/// Errors: usage_error, data_error.
source load(const settings& values, const std::string& path, part half,
            std::vector<load_record>& records);

/// Takes the labels from the file of topics that `option` names, if it does.
/// Errors: usage_error, data_error.
void choose_topic(const settings& values, const std::string& option,
                  source& samples);

/// Training and test set of a run, generated or loaded or split.
struct train_test_sources {
  source train;
  source test;  // empty without one
  std::vector<load_record> records;
};

/// --data, --test, --split and --bias.
option_group training_data_options();

/// Errors: usage_error, data_error.
train_test_sources load_training_data(const settings& values, progress& out);

}  // namespace sounder::app
