// Whatever the bytes: labels are 0 to 9 and every record counts.

#include "kernels/data/cifar.hpp"
#include "kernels/data/data_error.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/image_files.hpp"

std::vector<std::string> sounder::fuzz::seeds() {
  return {tests::cifar_records(1), tests::cifar_records(3)};
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sounder;
  const std::string content = fuzz::text_of(data, size);
  try {
    kernels::input_file file("batch", content);
    const auto samples = kernels::read_cifar10(file);
    for (const float label : samples.labels()) {
      fuzz::promise(label >= 0 && label <= 9, "labels are 0 to 9");
    }
    fuzz::promise(content[0] > 9 || samples.rows() * 3073 == size,
                  "every byte is used");
  } catch (const kernels::data_error&) {
  }
  return 0;
}
