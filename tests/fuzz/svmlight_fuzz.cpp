// Whatever the text: block size and threads change neither data nor message,
// indices ascend below the width, values are finite.

#include <cmath>

#include "kernels/data/data_error.hpp"
#include "kernels/data/svmlight.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/same_data.hpp"

namespace {

using namespace sounder;
using sounder::fuzz::promise;

struct outcome {
  kernels::dataset data;
  std::string error;
};

outcome read(const std::string& text,
             const kernels::svmlight_options& options) {
  try {
    kernels::input_file file("text", text);
    return {kernels::read_svmlight(file, options), ""};
  } catch (const kernels::data_error& e) {
    return {{}, e.what()};
  }
}

void check_rows(const kernels::dataset& data) {
  const auto rows = data.sparse();
  for (std::size_t i = 0; i < data.rows(); ++i) {
    promise(rows.start[i] <= rows.start[i + 1], "rows in order");
    promise(std::isfinite(data.labels()[i]), "finite labels");
    for (auto p = rows.start[i]; p < rows.start[i + 1]; ++p) {
      promise(rows.index[p] < data.features(), "indices below the width");
      promise(p == rows.start[i] || rows.index[p - 1] < rows.index[p],
              "ascending indices");
      promise(std::isfinite(rows.value[p]), "finite values");
    }
  }
}

}  // namespace

std::vector<std::string> sounder::fuzz::seeds() {
  return {"+1 1:0.5 3:-2\n-1 2:1e2\n",
          "# head\n1 qid:7 1:2 4:5.25 # tail\n\n2\r\n3 0:1\n",
          "1 4294967294:1\n-1 1:123456789.25\n", "1 1:1 2:.5 3:5. 4:1e-50\n"};
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = sounder::fuzz::text_of(data, size);
  // The options vary with the input, to try each on many.
  kernels::svmlight_options options{.features = size % 3 == 0 ? 100UL : 0UL,
                                    .zero_based = size % 2 == 0,
                                    .threads = 1};
  const outcome whole = read(text, options);
  options.block_bytes = 5;
  const outcome pieces = read(text, options);
  options.threads = 2;
  const outcome threads = read(text, options);

  check_rows(whole.data);
  promise(whole.error == pieces.error && whole.error == threads.error,
          "one error whatever the blocks and threads");
  promise(tests::same_data(whole.data, pieces.data) &&
              tests::same_data(whole.data, threads.data),
          "one result whatever the blocks and threads");
  return 0;
}
