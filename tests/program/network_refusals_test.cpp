// What networks from the command line do not take, and how they say so.

#include <limits>

#include "kernels/network/network_file.hpp"
#include "tests/program/small_images.hpp"

using namespace sounder;
using namespace sounder::tests;

TEST_CASE("weights of another model are refused by the first block") {
  const small_images data;
  const std::string file = data.trained("mlp:8,3", {"--epochs", "1"});
  const auto [model, expected] = GENERATE(table<std::string, std::string>(
      {{"mlp:8", "has an array 'fc3.weight', the network none"},
       {"mlp:9", "array 'fc1.weight' is 8x64, the network's 9x64"},
       {"file", "has no array 'conv1.weight' (4x4x4x1)"},
       {"softmax", "is a network, the run trains softmax"}}));

  check_complaint(data.train(model == "file" ? data.path("mine.net") : model,
                             {"--warm-start", file}),
                  3, "m.npz: " + expected);
}

TEST_CASE("weights for other labels are refused") {
  const small_images data;
  const std::string file = data.trained("mlp:8", {"--epochs", "1"});
  kernels::trained_network m = kernels::load_network(file);
  m.labels = {0, 1, 7};
  kernels::save_network(*m.function, m.labels, m.weights, file);

  check_complaint(data.train("mlp:8", {"--warm-start", file}), 3,
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
  check_complaint(data.train("mlp:8", {"--warm-start", file}), 3, expected);
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

TEST_CASE("a label beyond the classes of a network by name is refused") {
  temporary_directory here;
  std::string labels = idx_labels(33);
  labels[labels.size() - 4] = static_cast<char>(200);
  here.file("train-images-idx3-ubyte", idx_images(33));
  here.file("train-labels-idx1-ubyte", labels);
  here.file("t10k-images-idx3-ubyte", idx_images(10));
  here.file("t10k-labels-idx1-ubyte", idx_labels(10));
  const auto train = [&](const std::string& model) {
    return program({"train", "--data", here.path().string(), "--model", model,
                    "--image", "2x3x1", "--epochs", "1", "--quiet"});
  };

  check_complaint(train("lenet"), 3,
                  "label 200 of row 30 makes 11 classes, lenet is for 10");
  CHECK(train("mlp:4").code == 0);
}

TEST_CASE("fewer outputs than classes are refused") {
  const small_images data;

  check_complaint(data.train(data.network("input 8x8x1\ndense 2\n")), 3,
                  "has 3 classes, the network 2 outputs");
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
  check_complaint(data.train(file, {"--crop", "8"}), 2,
                  "--crop: 8 is out of range; 7 is the most");
  check_complaint(data.train("softmax", {"--flip"}), 2,
                  "--flip: is for networks");
  check_complaint(data.train("softmax", {"--profile"}), 2,
                  "--profile: is for networks");
  check_complaint(data.train(file, {"--image", "8x8x1"}), 2,
                  "--image: is for networks by name");
  check_complaint(program({"model", file, "--classes", "4"}), 2,
                  "--classes: is for networks by name");
}

TEST_CASE("batches that do not do are refused") {
  const small_images data;
  const std::string file = data.path("mine.net");

  check_complaint(data.train(file, {"--batch", "1"}), 2,
                  "--batch: 1 sample has no batch statistics");
  check_complaint(
      data.train(file, {"--batch", "8", "--gd-epochs", "2", "--gd-batch", "1"}),
      2, "--gd-batch: 1 sample has no batch statistics");
  check_complaint(data.train(file, {"--batch", "25", "--replicas", "2"}), 2,
                  "--batch: 25 is more than the 24 samples of a replica");
  check_complaint(program({"compare", "--data", data.folder(), "--model", file,
                           "--batch", "1", "--quiet"}),
                  2, "--batch: 1 sample has no batch statistics");
  CHECK(data.train("mlp:8", {"--batch", "1", "--epochs", "1"}).code == 0);
}

TEST_CASE("a profile of layers is refused over nodes") {
  const small_images data;
  const words profiled = {"--profile", "--replicas", "2", "--batch", "8"};
  words launched = data.training("mlp:8", profiled);
  launched[0] = "--local=2";
  launched.insert(launched.begin(), "launch");

  const std::string expected = "--profile: is for networks, in this process";
  check_complaint(program(launched), 2, expected);
  check_complaint(
      data.train("mlp:8", profiled + words{"--nodes", "127.0.0.1:1"}), 2,
      expected);
}
