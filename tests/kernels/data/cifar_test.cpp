#include "kernels/data/cifar.hpp"

#include <vector>

#include <catch2/catch.hpp>

#include "kernels/data/data_error.hpp"
#include "tests/support/compressed.hpp"
#include "tests/support/image_files.hpp"
#include "tests/support/temporary_directory.hpp"

namespace k = sounder::kernels;
using Catch::Matchers::Contains;
using sounder::tests::cifar_records;
using sounder::tests::temporary_directory;

namespace {

k::dataset read(const std::string& content) {
  k::input_file file("batch", content);
  return k::read_cifar10(file);
}

}  // namespace

TEST_CASE("cifar: labels and pixels arrive across blocks") {
  const k::dataset d = read(cifar_records(400));

  REQUIRE(d.rows() == 400);
  REQUIRE(d.features() == 3072);
  const auto rows = d.bytes_view();
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < 400; ++i) {
    wrong += d.labels()[i] != static_cast<float>(i % 10);
    for (std::size_t j = 0; j < 3072; ++j) {
      wrong += rows.value[i * 3072 + j] != (i + j) % 251;
    }
  }
  REQUIRE(wrong == 0);
}

TEST_CASE("cifar: several files, compressed or not, are one data set") {
  const temporary_directory where;
  std::vector<std::filesystem::path> files = {
      where.file("plain", cifar_records(2, 0))};
  for (const auto& form : sounder::tests::compressed_forms) {
    const auto first = 2 * files.size();
    files.push_back(where.file(std::string("packed") + form.suffix,
                               form.of(cifar_records(2, first))));
  }

  const k::dataset d = k::read_cifar10(files);

  REQUIRE(d.rows() == 8);
  for (std::size_t i = 0; i < 8; ++i) {
    REQUIRE(d.labels()[i] == static_cast<float>(i));
  }
}

TEST_CASE("cifar: a file of fewer records than the others is refused") {
  const temporary_directory where;
  const std::vector<std::filesystem::path> files = {
      where.file("1", cifar_records(20)), where.file("2", cifar_records(20)),
      where.file("3", cifar_records(17)), where.file("4", cifar_records(20))};

  REQUIRE_THROWS_WITH(k::read_cifar10(files),
                      Contains("3: has 17 records, ") &&
                          Contains("1 has 20; fetch the file again"));
}

TEST_CASE("cifar: labels above 9 and partial records name file and record") {
  std::string content = cifar_records(3);
  REQUIRE_THROWS_WITH(read(content.substr(0, content.size() - 1)),
                      Contains("batch: record 3 is cut short"));
  REQUIRE_THROWS_WITH(read(content + '\1'),
                      Contains("batch: record 4 is cut short"));

  content[3073] = 10;

  REQUIRE_THROWS_WITH(read(content),
                      Contains("batch: record 2: label 10 is not 0 to 9"));
  REQUIRE_THROWS_WITH(read(""), "batch: is empty");
}
