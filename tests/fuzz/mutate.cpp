// Drives a fuzz target without libFuzzer: a fixed sequence of mutations of its
// seeds, the same on every machine, short enough for every test run.

#include <cstdio>
#include <random>
#include <string_view>

#include "tests/fuzz/fuzz.hpp"

namespace {

constexpr int mutations = 2000;

/// Bytes that mean something to one reader or another.
constexpr std::string_view telling = ":,#-+.eEnN \t\r\n0123456789\x7f\xff";

class mutator {
 public:
  explicit mutator(std::uint32_t seed) : engine_(seed) {}

  /// A seed with one to eight changes.
  std::string next(const std::vector<std::string>& seeds) {
    std::string input = seeds[below(seeds.size())];
    for (auto changes = 1 + below(8); changes > 0; --changes) {
      change(input, seeds);
    }
    return input;
  }

 private:
  std::size_t below(std::size_t limit) { return engine_() % limit; }

  char byte() {
    return below(2) == 0 ? telling[below(telling.size())]
                         : static_cast<char>(below(256));
  }

  void change(std::string& input, const std::vector<std::string>& seeds) {
    const std::size_t at = below(input.size() + 1);
    const std::size_t length = 1 + below(8);
    if (at == input.size()) {
      input += byte();
      return;
    }
    switch (below(7)) {
      case 0:
        input[at] = byte();
        break;
      case 1:
        input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
        break;
      case 2:
        input.insert(at, 1, byte());
        break;
      case 3:
        input.erase(at, length);
        break;
      case 4:
        input.insert(at, input.substr(at, length));
        break;
      case 5:
        input.resize(at);
        break;
      default:
        input += seeds[below(seeds.size())];
        break;
    }
  }

  std::mt19937 engine_;
};

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()),
                         input.size());
}

}  // namespace

int main() {
  const auto seeds = sounder::fuzz::seeds();
  mutator mutations_of(2024);
  run("");
  for (const std::string& seed : seeds) {
    run(seed);
  }
  for (int i = 0; i < mutations; ++i) {
    run(mutations_of.next(seeds));
  }
  std::printf("%zu seeds and %d mutations passed\n", seeds.size(), mutations);
}
