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
  return {"1,2,3\n4,5,6\n", "label,x,y\n+1, 0.5 ,-2e3\r\n\n-1,0,0",
          "\"a\",b\n1,1e-50\n"};
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = sounder::fuzz::text_of(data, size);
  for (const int label_column : {0, -1, 2}) {
    const outcome whole = read(text, {.label_column = label_column});
    const outcome pieces =
        read(text, {.label_column = label_column, .block_bytes = 5});

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
