// Whatever the text: blocks change neither data nor message, numbers are
// finite.

#include <cmath>

#include "kernels/data/csv.hpp"
#include "kernels/data/data_error.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/same_data.hpp"

namespace {

using namespace sounder;
using sounder::fuzz::promise;

struct outcome {
  kernels::dataset data;
  std::string error;
};

outcome read(const std::string& text, const kernels::csv_options& options) {
  try {
    kernels::input_file file("text", text);
    return {kernels::read_csv(file, options), ""};
  } catch (const kernels::data_error& e) {
    return {{}, e.what()};
  }
}

}  // namespace

std::vector<std::string> sounder::fuzz::seeds() {
  return {"1,2,3\n4,5,6\n",
          "label,x,y\n+1, 0.5 ,-2e3\r\n\n-1,0,0",
          "\"a\",b\n1,1e-50\n",
          "\xef\xbb\xbf\"la\"\"bel\";\"a;\nb\"\r\n\"1\";\" 2 \"\r\n3;0,5",
          "a\tb\r1\t2\r\t3\r",
          "1  2\t3\n 4 \"5\" 6 \n",
          "1,NA,0.3\n0,2,5\n"};
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = sounder::fuzz::text_of(data, size);
  const kernels::csv_options cases[] = {
      {},
      {.label_column = -1},
      {.header = kernels::csv_header::no, .label_column = 2},
      {.separator = ';', .header = kernels::csv_header::yes},
      {.separator = '\t'},
      {.separator = ' ', .has_labels = false}};
  for (kernels::csv_options options : cases) {
    options.threads = 1;
    const outcome whole = read(text, options);
    options.block_bytes = 5;
    const outcome pieces = read(text, options);

    promise(whole.error == pieces.error, "one error whatever the blocks");
    if (!whole.error.empty()) {
      continue;
    }
    promise(tests::same_data(whole.data, pieces.data),
            "one result whatever the blocks");
    const float* value = whole.data.floats().value;
    for (std::size_t i = 0; i < whole.data.nonzeros(); ++i) {
      promise(std::isfinite(value[i]), "finite values");
    }
  }
  return 0;
}
