// Networks from the command line: training, files, refusals, several
// processes.

#include <fstream>
#include <limits>
#include <sstream>

#include <nlohmann/json.hpp>

#include "kernels/network/network_file.hpp"
#include "tests/program/program.hpp"
#include "tests/support/image_files.hpp"

namespace {

using namespace sounder;
using namespace sounder::tests;
using json = nlohmann::json;
using words = std::vector<std::string>;

words operator+(words a, const words& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// A convolution and batch norm over small_images.
constexpr const char* small_network =
    "image = input 8x8x1\n"
    "conv1 = conv 4 kernel=4\n"
    "bn1 = batch-norm\n"
    "relu\n"
    "max-pool 2 ceil\n"
    "fc = dense 3 start=xavier\n";

/// A folder in MNIST's form with images of 8x8: image i is of class i mod 3,
/// which brightens two rows of its own.
class small_images {
 public:
  explicit small_images(std::uint32_t train = 48, std::uint32_t test = 24) {
    here_.file("train-images-idx3-ubyte", images(train));
    here_.file("train-labels-idx1-ubyte", labels(train));
    here_.file("t10k-images-idx3-ubyte", images(test));
    here_.file("t10k-labels-idx1-ubyte", labels(test));
    network(small_network);
  }

  std::string folder() const { return here_.path().string(); }
  std::string path(const std::string& name) const {
    return (here_ / name).string();
  }
  /// Writes a file of layers.
  std::string network(const std::string& text) const {
    return here_.file("mine.net", text).string();
  }

  words training(const std::string& model, const words& more = {}) const {
    return words{"train", "--data", folder(), "--model", model, "--quiet"} +
           more;
  }
  outcome train(const std::string& model, const words& more = {}) const {
    return program(training(model, more));
  }
  /// Trains into a file of this folder, whose path comes back.
  std::string trained(const std::string& model, const words& more = {}) const {
    const std::string file = path("m.npz");
    const outcome seen = train(model, words{"--save", file} + more);
    INFO(seen.err);
    REQUIRE(seen.code == 0);
    return file;
  }
  json evaluate(const std::string& model_file) const {
    const outcome seen = program({"evaluate", "--model-file", model_file,
                                  "--data", folder(), "--output", "json"});
    INFO(seen.err);
    REQUIRE(seen.code == 0);
    return json::parse(seen.out);
  }

 private:
  static std::string images(std::uint32_t count) {
    std::string bytes =
        big_endian(2051) + big_endian(count) + big_endian(8) + big_endian(8);
    for (std::uint32_t i = 0; i < count; ++i) {
      for (std::uint32_t j = 0; j < 64; ++j) {
        const std::uint32_t noise = (i * 37 + j * 11 + i * j) % 60;
        bytes += static_cast<char>(j / 16 == i % 3 ? 180 + noise : noise);
      }
    }
    return bytes;
  }
  static std::string labels(std::uint32_t count) {
    std::string bytes = big_endian(2049) + big_endian(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      bytes += static_cast<char>(i % 3);
    }
    return bytes;
  }

  temporary_directory here_;
};

/// The numbers of each line.
std::vector<std::vector<double>> table_of(const std::string& text) {
  std::vector<std::vector<double>> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream numbers(line);
    rows.emplace_back(std::istream_iterator<double>(numbers),
                      std::istream_iterator<double>());
  }
  return rows;
}

}  // namespace

TEST_CASE("a network by name or from a file learns, is saved and predicts") {
  const small_images data;
  const std::string model = GENERATE("mlp:8", "file");
  const std::string file = data.trained(
      model == "file" ? data.path("mine.net") : model, {"--batch", "8"});

  const json measured = data.evaluate(file);
  const outcome predicted =
      program({"predict", "--model-file", file, "--data", data.folder(),
               "--scores", "--probabilities"});

  CHECK(measured["model"] == "network");
  CHECK(measured["samples"] == 24);
  CHECK(measured["error"].get<double>() < 0.1);
  const auto rows = table_of(predicted.out);
  REQUIRE(rows.size() == 24);
  std::size_t errors = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    REQUIRE(rows[i].size() == 1 + 3 + 3);
    errors += rows[i][0] == static_cast<double>(i % 3) ? 0 : 1;
    CHECK(rows[i][4] + rows[i][5] + rows[i][6] == Approx(1.0));
  }
  CHECK(errors == measured["errors"].get<std::size_t>());
}

TEST_CASE("evaluation of a saved network is that of the last epoch") {
  const small_images data;
  const outcome seen = data.train(
      data.path("mine.net"),
      {"--epochs", "2", "--output", "json", "--save", data.path("m.npz")});
  REQUIRE(seen.code == 0);
  const json last = json::parse(seen.out)["epochs"].back();

  const json measured = data.evaluate(data.path("m.npz"));

  CHECK(measured["loss"].get<double>() ==
        Approx(last["test_loss"].get<double>()).epsilon(1e-4));
  CHECK(measured["error"] == last["test_error"]);
}

TEST_CASE("a resumed network begins where the saved one ended") {
  const small_images data;
  const std::string file = data.trained("mlp:8", {"--epochs", "3"});
  const double saved = data.evaluate(file)["loss"];

  const outcome seen =
      data.train("mlp:8", {"--resume", file, "--epochs", "1", "--step", "1e-20",
                           "--output", "json"});

  REQUIRE(seen.code == 0);
  CHECK(json::parse(seen.out)["epochs"][0]["test_loss"].get<double>() ==
        Approx(saved).epsilon(1e-5));
}

TEST_CASE("weights of another model are refused by the first block") {
  const small_images data;
  const std::string file = data.trained("mlp:8", {"--epochs", "1"});
  const auto [model, expected] = GENERATE(table<std::string, std::string>(
      {{"mlp:9", "array 'fc1.weight' is 8x64, the network's 9x64"},
       {"file", "has no array 'conv1.weight' (4x4x4x1)"},
       {"softmax", "is a network, the run trains softmax"}}));

  check_complaint(data.train(model == "file" ? data.path("mine.net") : model,
                             {"--resume", file}),
                  3, "m.npz: " + expected);
}

TEST_CASE("weights for other labels are refused") {
  const small_images data;
  const std::string file = data.trained("mlp:8", {"--epochs", "1"});
  kernels::trained_network m = kernels::load_network(file);
  m.labels = {0, 1, 7};
  kernels::save_network(*m.function, m.labels, m.weights, file);

  check_complaint(data.train("mlp:8", {"--resume", file}), 3,
                  "m.npz: has the labels 0, 1, 7, the data 0, 1, 2");
}

TEST_CASE("weights that are not finite are refused by name") {
  const small_images data;
  const std::string file = data.trained("mlp:8", {"--epochs", "1"});
  kernels::trained_network m = kernels::load_network(file);
  m.weights.back() = std::numeric_limits<float>::quiet_NaN();
  kernels::save_network(*m.function, m.labels, m.weights, file);
  const std::string expected =
      "m.npz: array 'fc2.bias' holds numbers that are not finite";

  check_complaint(
      program({"evaluate", "--model-file", file, "--data", data.folder()}), 3,
      expected);
  check_complaint(data.train("mlp:8", {"--resume", file}), 3, expected);
}

TEST_CASE("images of another size or with other channels are refused") {
  const small_images data;
  const std::string file = data.trained("mlp:8", {"--epochs", "1"});
  const temporary_directory cifar;
  for (const char* const name :
       {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
        "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"}) {
    cifar.file(name, cifar_records(10));
  }

  check_complaint(data.train("cnn"), 3,
                  "has 64 values a sample, cnn is for images of 32x32x3");
  check_complaint(data.train("cnn", {"--image", "8x8x3"}), 3,
                  "has 64 values a sample, the network's input is 8x8x3 (192)");
  check_complaint(data.train("cnn", {"--image", "8x8"}), 2,
                  "--image: '8x8' is no HEIGHTxWIDTHxCHANNELS");
  check_complaint(data.train(data.network("input 9x9x1\ndense 3\n")), 3,
                  "the network's input is 9x9x1 (81)");
  check_complaint(program({"evaluate", "--model-file", file, "--data",
                           cifar.path().string()}),
                  3, "has 3072 values a sample, the network's input is");
}

TEST_CASE("a CIFAR-10 batch that is cut short is refused") {
  const temporary_directory here;
  for (const char* const name :
       {"data_batch_1.bin", "data_batch_2.bin", "data_batch_4.bin",
        "data_batch_5.bin", "test_batch.bin"}) {
    here.file(name, cifar_records(2));
  }
  here.file("data_batch_3.bin", cifar_records(2).substr(0, 5000));

  check_complaint(program({"train", "--data", here.path().string(), "--model",
                           "mlp:8", "--quiet"}),
                  3, "data_batch_3.bin: record 2 is cut short");
}

TEST_CASE("fewer outputs than classes are refused") {
  const small_images data;

  check_complaint(data.train(data.network("input 8x8x1\ndense 2\n")), 3,
                  "has 3 classes, the network 2 outputs");
}

TEST_CASE("outputs without a label are never predicted") {
  const small_images data;
  const std::string file =
      data.trained(data.network("input 8x8x1\ndense 200\n"),
                   {"--epochs", "1", "--step", "1e-20"});

  const outcome seen = program({"predict", "--model-file", file, "--data",
                                data.folder(), "--probabilities"});

  for (const std::vector<double>& row : table_of(seen.out)) {
    REQUIRE(row.size() == 4);
    CHECK(row[0] < 3);
    CHECK(row[1] + row[2] + row[3] == Approx(1.0));
  }
}

TEST_CASE("a mistake in a file of layers is one line with its place") {
  const small_images data;
  const auto [text, place] = GENERATE(table<std::string, std::string>({
      {"input 8x8x1\na = relu from b\nb = relu from a\ndense 3\n",
       "mine.net:2: input 'b' is no layer of a line above"},
      {"image = input 8x8x1\n# comment\na = conv 4 kernel=3\n"
       "add from image, a\ndense 3\n",
       "mine.net:4: add1: inputs of 8x8x1 and 6x6x4 cannot be added"},
      {"input 8x8x1\n\nconvolve 4\n",
       "mine.net:3: convolve1: there is no kind of layer 'convolve'; known: "},
      {"input 8x8x1\nconv 4 kernel=9\ndense 3\n",
       "mine.net:2: conv1: a kernel of 9x9 does not fit its input, 8x8x1"},
      {"input 8x8x1\nconv 4 kernl=3\ndense 3\n",
       "mine.net:2: conv1: conv has no option 'kernl'"},
      {"input 8x8x1\na = dense 3\na = relu\n",
       "mine.net:3: there is a layer 'a' already"},
      {"image = input 8x8x1\na = relu\ndense 3 from image\n",
       "mine.net:2: a: no layer uses its output"},
      {"input 8x8x1\nrelu\n",
       "mine.net:2: relu1: the last layer must give a number for each class"},
      {"input 8x8x1\ndense 2000000000\ndense 2000000000\ndense 3\n",
       "mine.net:3: dense2: 4e+18 numbers are too many"},
      {"input 8x8x1 mean=1,2\ndense 3\n",
       "mine.net:1: input1: mean has 2 numbers for 1 channels"},
      {"dense 3\n", "mine.net:1: dense1: the first line must be an input"},
      {"# nothing\n", "mine.net: describes no layers"},
  }));
  const std::string file = data.network(text);

  check_complaint(data.train(file), 3, place);
  check_complaint(program({"model", file}), 3, place);
}

TEST_CASE("options that do not go with the model are refused") {
  const small_images data;
  const std::string file = data.path("mine.net");

  check_complaint(data.train("forest"), 2, "--model: 'forest' is none of svm");
  check_complaint(data.train("mlp:"), 2, "'' in mlp: is no width");
  check_complaint(data.train("mlp:8,"), 2, "'' in mlp:8, is no width");
  check_complaint(data.train("mlp:8", {"--bias", "1"}), 2,
                  "--bias: is for linear models");
  check_complaint(data.train("mlp:8", {"--save", "m.txt"}), 2,
                  "--save: m.txt: networks are saved as .npz");
  check_complaint(data.train("softmax", {"--flip"}), 2,
                  "--flip: is for networks");
  check_complaint(data.train("softmax", {"--profile"}), 2,
                  "--profile: is for networks");
  check_complaint(data.train(file, {"--image", "8x8x1"}), 2,
                  "--image: is for networks by name");
  check_complaint(program({"model", file, "--classes", "4"}), 2,
                  "--classes: is for networks by name");
}

TEST_CASE("a dumped config repeats the run of a network") {
  const small_images data;
  const words options = {"--epochs", "2",        "--flip", "--image",
                         "8x8x1",    "--output", "json"};
  const outcome dumped = data.train("mlp:8", options + words{"--dump-config"});
  REQUIRE(dumped.code == 0);
  const std::string config = data.path("run.cfg");
  std::ofstream(config) << dumped.out;

  const outcome first = data.train("mlp:8", options);
  const outcome second = program({"train", "--config", config});

  INFO(first.err << second.err);
  REQUIRE(first.code == 0);
  REQUIRE(second.code == 0);
  const auto losses = [](const outcome& run) {
    std::vector<double> all;
    for (const auto& epoch : nlohmann::json::parse(run.out)["epochs"]) {
      all.push_back(epoch["train_loss"].get<double>());
    }
    return all;
  };
  CHECK(losses(first) == losses(second));
}

TEST_CASE("batches that do not do are refused") {
  const small_images data;
  const std::string file = data.path("mine.net");

  check_complaint(data.train(file, {"--batch", "1"}), 2,
                  "--batch: 1 sample has no batch statistics");
  check_complaint(data.train(file, {"--batch", "25", "--replicas", "2"}), 2,
                  "--batch: 25 is more than the 24 samples of a replica");
  check_complaint(program({"compare", "--data", data.folder(), "--model", file,
                           "--batch", "1", "--quiet"}),
                  2, "--batch: 1 sample has no batch statistics");
  CHECK(data.train("mlp:8", {"--batch", "1", "--epochs", "1"}).code == 0);
}

TEST_CASE("a profile has a row for every layer and one for the rest") {
  const small_images data;
  const std::string file = data.path("mine.net");

  const outcome table = data.train(file, {"--profile", "--epochs", "1"});
  const outcome text =
      data.train(file, {"--profile", "--epochs", "1", "--output", "json"});

  for (const char* const part : {"layer", "GFLOP/s", "conv1", "bn1", "relu1",
                                 "max-pool1", "fc", "other", "all layers: "}) {
    CHECK_THAT(table.out, Catch::Contains(part));
  }
  const json layers = json::parse(text.out)["profile"];
  REQUIRE(layers.size() == 5);
  CHECK(layers[0]["layer"] == "conv1");
  for (const char* const key : {"forward_s", "backward_s", "flops"}) {
    CHECK(layers[0][key].get<double>() > 0.0);
  }
}

TEST_CASE("a deterministic network gives the same bytes for the same seed") {
  const small_images data;
  const words how = GENERATE(words{}, words{"--workers", "2"},
                             words{"--replicas", "2", "--topology", "star"});
  const auto train = [&](const std::string& seed) {
    const words more = {"--deterministic", "--epochs", "2",  "--crop",  "1",
                        "--flip",          "--seed",   seed, "--batch", "8"};
    return content_of(data.trained(data.path("mine.net"), more + how));
  };

  const std::string first = train("3");

  CHECK(train("3") == first);
  CHECK(train("4") != first);
}

TEST_CASE("two node processes train a network") {
  const small_images data;
  const std::string system = GENERATE("star", "allreduce");
  const std::string file = data.path("m.npz");

  const outcome seen =
      program({"launch", "--local", "2", "--topology", system, "--data",
               data.folder(), "--model", data.path("mine.net"), "--batch", "8",
               "--epochs", "8", "--quiet", "--save", file});

  INFO(seen.err);
  REQUIRE(seen.code == 0);
  CHECK(data.evaluate(file)["error"].get<double>() < 0.1);
}

TEST_CASE("a node trains a network on its own copy of the images") {
  const small_images data;
  process node(program_words(
      {"node", "--listen", "127.0.0.1:0", "--data", data.folder()}));
  const std::string line = node.prints("\n");
  const std::string start = "listening on ";
  REQUIRE_THAT(line, Catch::StartsWith(start));
  const std::string address =
      line.substr(start.size(), line.size() - start.size() - 1);

  const outcome seen = data.train(
      data.path("mine.net"),
      {"--flip", "--crop", "1", "--label-smoothing", "0.1", "--batch", "8",
       "--epochs", "1", "--replicas", "2", "--nodes", address});

  INFO(seen.err);
  CHECK(seen.code == 0);
}
