// Whatever the bytes: the content does not depend on how it is asked for, nor
// does the error.

#include "kernels/data/data_error.hpp"
#include "kernels/data/input_file.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/compressed.hpp"

namespace {

using namespace sounder;

constexpr std::size_t enough = std::size_t{16} << 20;  // of a bomb

/// The content, or the error's message after it.
std::string read(const std::string& stored, std::size_t step) {
  std::string content;
  try {
    kernels::input_file file("stored", stored);
    std::string part(step, '\0');
    std::size_t got = 0;
    do {
      got = file.read(part);
      content.append(part, 0, got);
    } while (got == step && content.size() < enough);
    return content;
  } catch (const kernels::data_error& e) {
    return e.what();
  }
}

}  // namespace

std::vector<std::string> sounder::fuzz::seeds() {
  std::vector<std::string> all = {"1 1:1\n"};
  std::string text;
  for (int i = 0; i < 50; ++i) {
    text += "1 " + std::to_string(i * i + 1) + ":0.5\n";
  }
  for (const auto& form : tests::compressed_forms) {
    all.push_back(form.of(text));
    all.push_back(form.of("") + form.of("1 1:1\n"));
  }
  return all;
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string stored = sounder::fuzz::text_of(data, size);
  const std::string whole = read(stored, std::size_t{1} << 16);
  if (whole.size() < enough) {
    fuzz::promise(whole == read(stored, 7), "one content whatever the step");
  }
  return 0;
}
