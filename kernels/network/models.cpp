#include "kernels/network/models.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

namespace sounder::kernels {

namespace {

/// Collects the text of a network.
class lines {
 public:
  explicit lines(const shape& input) {
    add("image = input {}", to_text(input));
  }

  template <class... Words>
  void add(fmt::format_string<Words...> form, Words&&... words) {
    text_ += fmt::format(form, std::forward<Words>(words)...) + '\n';
  }
  std::vector<layer_line> parsed() const {
    return parse_layers(text_, "model");
  }

 private:
  std::string text_;
};

std::vector<layer_line> lenet(const model_shape& wanted) {
  lines net(wanted.input);
  net.add("conv1 = conv 6 kernel=5 pad=2");
  net.add("relu");
  net.add("max-pool 2");
  net.add("conv2 = conv 16 kernel=5");
  net.add("relu");
  net.add("max-pool 2");
  net.add("fc1 = dense 120");
  net.add("relu");
  net.add("fc2 = dense 84");
  net.add("relu");
  net.add("fc3 = dense {} start=xavier", wanted.classes);
  return net.parsed();
}

std::vector<layer_line> cnn(const model_shape& wanted) {
  lines net(wanted.input);
  for (const int block : {1, 2}) {
    net.add("conv{} = conv 64 kernel=3 same", block);
    net.add("bn{} = batch-norm", block);
    net.add("relu");
    net.add("max-pool 2");
  }
  net.add("fc1 = dense 256");
  net.add("relu");
  net.add("fc2 = dense {} start=xavier", wanted.classes);
  return net.parsed();
}

std::vector<layer_line> cifar10_full(const model_shape& wanted) {
  constexpr const char* norm = "response-norm 3 within alpha=5e-5 beta=0.75";
  lines net(wanted.input);
  net.add("conv1 = conv 32 kernel=5 pad=2 start=normal:0.0001");
  net.add("max-pool 3 stride=2 ceil");
  net.add("relu");
  net.add("{}", norm);
  net.add("conv2 = conv 32 kernel=5 pad=2 start=normal:0.01");
  net.add("relu");
  net.add("average-pool 3 stride=2 ceil");
  net.add("{}", norm);
  net.add("conv3 = conv 64 kernel=5 pad=2 start=normal:0.01");
  net.add("relu");
  net.add("average-pool 3 stride=2 ceil");
  net.add("ip1 = dense {} start=normal:0.01", wanted.classes);
  return net.parsed();
}

std::vector<layer_line> mlp(const std::vector<std::size_t>& widths,
                            const model_shape& wanted) {
  lines net(wanted.input);
  std::size_t number = 0;
  for (const std::size_t width : widths) {
    net.add("fc{} = dense {}", ++number, width);
    net.add("relu");
  }
  net.add("fc{} = dense {} start=xavier", ++number, wanted.classes);
  return net.parsed();
}

std::vector<layer_line> lstm(const model_shape& wanted) {
  if (wanted.input.channels != 1) {
    throw std::invalid_argument(
        "lstm-mnist reads rows of images of one "
        "channel");
  }
  lines net(wanted.input);
  net.add("rows");
  net.add("fc1 = conv 128 start=xavier  # a dense layer for each step");
  net.add("lstm = lstm 128");
  net.add("last");
  net.add("fc2 = dense {} start=xavier", wanted.classes);
  return net.parsed();
}

std::vector<layer_line> densenet40(const model_shape& wanted) {
  lines net(wanted.input);
  net.add("conv1 = conv 16 kernel=3 same no-bias");
  std::string before = "conv1";
  std::size_t channels = 16;
  for (const int block : {1, 2, 3}) {
    for (int layer = 1; layer <= 12; ++layer) {
      const std::string name = fmt::format("block{}.{}", block, layer);
      net.add("{}.bn = batch-norm from {}", name, before);
      net.add("relu");
      net.add("{}.conv = conv 12 kernel=3 same no-bias", name);
      net.add("{}.out = concat from {}, {}.conv", name, before, name);
      before = name + ".out";
      channels += 12;
    }
    if (block < 3) {
      net.add("trans{}.bn = batch-norm", block);
      net.add("relu");
      net.add("trans{}.conv = conv {} no-bias", block, channels);
      net.add("trans{}.pool = average-pool 2", block);
      before = fmt::format("trans{}.pool", block);
    }
  }
  net.add("bn = batch-norm");
  net.add("relu");
  net.add("global-average-pool");
  net.add("fc = dense {} start=xavier", wanted.classes);
  return net.parsed();
}

/// Convolution, batch norm, ReLU.
void add_unit(lines& net, const std::string& name, std::size_t filters,
              const std::string& options, const std::string& from = "") {
  net.add("{}.conv = conv {} {} no-bias{}", name, filters, options,
          from.empty() ? "" : " from " + from);
  net.add("{}.bn = batch-norm epsilon=0.001", name);
  net.add("{}.relu = relu", name);
}

/// Szegedy et al. 2015, table 1: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool.
struct inception {
  const char* name;
  std::array<std::size_t, 6> filters;
};
constexpr std::array<inception, 9> inceptions = {{
    {"inception3a", {64, 96, 128, 16, 32, 32}},
    {"inception3b", {128, 128, 192, 32, 96, 64}},
    {"inception4a", {192, 96, 208, 16, 48, 64}},
    {"inception4b", {160, 112, 224, 24, 64, 64}},
    {"inception4c", {128, 128, 256, 24, 64, 64}},
    {"inception4d", {112, 144, 288, 32, 64, 64}},
    {"inception4e", {256, 160, 320, 32, 128, 128}},
    {"inception5a", {256, 160, 320, 32, 128, 128}},
    {"inception5b", {384, 192, 384, 48, 128, 128}},
}};

void add_inception(lines& net, const inception& block,
                   const std::string& from) {
  const std::string name = block.name;
  const auto& f = block.filters;
  add_unit(net, name + ".branch1", f[0], "", from);
  add_unit(net, name + ".branch2.0", f[1], "", from);
  add_unit(net, name + ".branch2.1", f[2], "kernel=3 same");
  add_unit(net, name + ".branch3.0", f[3], "", from);
  add_unit(net, name + ".branch3.1", f[4], "kernel=5 same");
  net.add("{}.branch4.0 = max-pool 3 stride=1 pad=1 from {}", name, from);
  add_unit(net, name + ".branch4.1", f[5], "");
  net.add(
      "{0} = concat from {0}.branch1.relu, {0}.branch2.1.relu, "
      "{0}.branch3.1.relu, {0}.branch4.1.relu",
      name);
}

std::vector<layer_line> googlenet(const model_shape& wanted) {
  lines net(wanted.input);
  add_unit(net, "conv1", 64, "kernel=7 stride=2 pad=3");
  net.add("pool1 = max-pool 3 stride=2 ceil");
  add_unit(net, "conv2", 64, "");
  add_unit(net, "conv3", 192, "kernel=3 same");
  net.add("pool2 = max-pool 3 stride=2 ceil");
  std::string before = "pool2";
  for (const inception& block : inceptions) {
    add_inception(net, block, before);
    before = block.name;
    if (before == "inception3b" || before == "inception4e") {
      before = before == "inception3b" ? "pool3" : "pool4";
      net.add("{} = max-pool 3 stride=2 ceil", before);
    }
  }
  net.add("global-average-pool");
  net.add("dropout rate=0.4");
  net.add("fc = dense {} start=xavier", wanted.classes);
  return net.parsed();
}

/// He et al. 2016, figure 5 right: 1x1, 3x3, 1x1 with four times the filters,
/// and a shortcut around, a convolution where shapes differ. Names are
/// torchvision's.
void add_bottleneck(lines& net, const std::string& name, std::size_t filters,
                    std::size_t stride, bool is_first,
                    const std::string& from) {
  net.add("{}.conv1 = conv {} stride={} no-bias from {}", name, filters, stride,
          from);
  net.add("{}.bn1 = batch-norm", name);
  net.add("relu");
  net.add("{}.conv2 = conv {} kernel=3 same no-bias", name, filters);
  net.add("{}.bn2 = batch-norm", name);
  net.add("relu");
  net.add("{}.conv3 = conv {} no-bias", name, 4 * filters);
  net.add("{}.bn3 = batch-norm", name);
  std::string shortcut = from;
  if (is_first) {
    net.add("{}.downsample.0 = conv {} stride={} no-bias from {}", name,
            4 * filters, stride, from);
    shortcut = name + ".downsample.1";
    net.add("{} = batch-norm", shortcut);
  }
  net.add("{0}.sum = add from {0}.bn3, {1}", name, shortcut);
  net.add("{} = relu", name);
}

std::vector<layer_line> resnet50(const model_shape& wanted) {
  constexpr std::array<std::size_t, 4> blocks = {3, 4, 6, 3};
  lines net(wanted.input);
  net.add("conv1 = conv 64 kernel=7 stride=2 pad=3 no-bias");
  net.add("bn1 = batch-norm");
  net.add("relu");
  net.add("max-pool 3 stride=2 pad=1");
  std::string before = "max-pool1";
  for (std::size_t stage = 0; stage < blocks.size(); ++stage) {
    for (std::size_t k = 0; k < blocks[stage]; ++k) {
      const std::string name = fmt::format("layer{}.{}", stage + 1, k);
      add_bottleneck(net, name, std::size_t{64} << stage,
                     stage > 0 && k == 0 ? 2 : 1, k == 0, before);
      before = name;
    }
  }
  net.add("global-average-pool");
  net.add("fc = dense {} start=xavier", wanted.classes);
  return net.parsed();
}

constexpr shape mnist{28, 28, 1};
constexpr shape cifar{32, 32, 3};
constexpr shape imagenet{224, 224, 3};

const std::array<model_card, 10> cards = {{
    {"cnn", "two blocks of convolution and batch norm, two dense layers", cifar,
     10, 1'090'378},
    {"cifar10-full", "Caffe's three convolutions with response norm", cifar, 10,
     89'578},
    {"lenet", "LeNet-5 with ReLU and max pools", mnist, 10, 61'706},
    {"mlp", "dense layers with ReLU; mlp:300,100 gives their widths", mnist, 10,
     266'610},
    {"mlp-deep", "eight dense layers of 128, narrow against wide", mnist, 10,
     217'354},
    {"mlp-wide", "one dense layer of 273, wide against deep", mnist, 10,
     217'045},
    {"lstm-mnist", "the rows of an image through an LSTM of 128", mnist, 10,
     137'098},
    {"densenet40", "DenseNet of 40 layers, growth 12", cifar, 10, 1'019'722},
    {"googlenet-bn", "GoogLeNet with batch norm", imagenet, 1000, 7'005'832},
    {"resnet50", "ResNet of 50 layers", imagenet, 1000, 25'557'032},
}};

using maker = std::vector<layer_line> (*)(const model_shape&);

std::vector<layer_line> usual_mlp(const model_shape& wanted) {
  return mlp({300, 100}, wanted);
}
std::vector<layer_line> deep_mlp(const model_shape& wanted) {
  return mlp(std::vector<std::size_t>(8, 128), wanted);
}
std::vector<layer_line> wide_mlp(const model_shape& wanted) {
  return mlp({273}, wanted);
}

constexpr std::array<std::pair<std::string_view, maker>, 10> makers = {{
    {"cnn", cnn},
    {"cifar10-full", cifar10_full},
    {"lenet", lenet},
    {"mlp", usual_mlp},
    {"mlp-deep", deep_mlp},
    {"mlp-wide", wide_mlp},
    {"lstm-mnist", lstm},
    {"densenet40", densenet40},
    {"googlenet-bn", googlenet},
    {"resnet50", resnet50},
}};

/// "300,100" of "mlp:300,100".
std::vector<std::size_t> widths_of(const std::string& name) {
  std::vector<std::size_t> widths;
  // Ended by a comma, so that an empty last width shows.
  std::istringstream in(name.substr(name.find(':') + 1) + ',');
  for (std::string word; std::getline(in, word, ',');) {
    const bool is_number = !word.empty() && word.size() < 7 &&
                           std::all_of(word.begin(), word.end(), [](char c) {
                             return c >= '0' && c <= '9';
                           });
    widths.push_back(is_number ? std::stoul(word) : 0);
    if (widths.back() == 0) {
      throw std::invalid_argument("'" + word + "' in " + name +
                                  " is no width; mlp:300,100");
    }
  }
  return widths;
}

}  // namespace

std::span<const model_card> model_cards() { return cards; }

const model_card* find_model(const std::string& name) {
  const std::string family = name.starts_with("mlp:") ? "mlp" : name;
  const auto found =
      std::find_if(cards.begin(), cards.end(),
                   [&](const model_card& card) { return card.name == family; });
  return found == cards.end() ? nullptr : &*found;
}

std::vector<layer_line> make_model(const std::string& name,
                                   const model_shape& wanted) {
  if (name.starts_with("mlp:")) {
    return mlp(widths_of(name), wanted);
  }
  const auto found =
      std::find_if(makers.begin(), makers.end(),
                   [&](const auto& maker) { return maker.first == name; });
  if (found != makers.end()) {
    return found->second(wanted);
  }
  throw std::invalid_argument("there is no model '" + name + "'");
}

}  // namespace sounder::kernels
