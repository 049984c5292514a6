// Gives libFuzzer the target's seeds: they are written into the first corpus
// directory on the command line before it is read.

#include <filesystem>
#include <fstream>

#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  for (int i = 1; i < *argc; ++i) {
    const std::filesystem::path corpus((*argv)[i]);
    if (std::filesystem::is_directory(corpus)) {
      int number = 0;
      for (const std::string& seed : sounder::fuzz::seeds()) {
        const auto file = corpus / ("seed-" + std::to_string(number++));
        std::ofstream(file, std::ios::binary) << seed;
      }
      break;
    }
  }
  return 0;
}
