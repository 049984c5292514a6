// Whatever the bytes, on either side: rows and labels agree.

#include "kernels/data/data_error.hpp"
#include "kernels/data/idx.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/image_files.hpp"

namespace {

using namespace sounder;

void read(const std::string& images, const std::string& labels) {
  try {
    kernels::input_file image_file("images", images);
    kernels::input_file label_file("labels", labels);
    const auto data = kernels::read_idx(image_file, label_file);
    fuzz::promise(images.size() == 16 + data.rows() * data.features(),
                  "every byte of the images is used");
    fuzz::promise(labels.size() == 8 + data.rows(),
                  "every byte of the labels is used");
  } catch (const kernels::data_error&) {
  }
}

/// Stored as they are, so that the promise above can count them.
bool is_plain(const std::string& bytes) {
  return bytes.starts_with(std::string(2, '\0'));
}

}  // namespace

std::vector<std::string> sounder::fuzz::seeds() {
  return {tests::idx_images(3), tests::idx_labels(3), tests::idx_images(1)};
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input = sounder::fuzz::text_of(data, size);
  if (is_plain(input)) {
    read(input, tests::idx_labels(3));
    read(tests::idx_images(3), input);
    read(input, input);
  }
  return 0;
}
