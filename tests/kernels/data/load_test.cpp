#include "kernels/data/load.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <catch2/catch.hpp>

#include "kernels/data/data_error.hpp"
#include "tests/support/compressed.hpp"
#include "tests/support/image_files.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_data.hpp"

namespace k = sounder::kernels;
using Catch::Matchers::Contains;
using sounder::tests::cifar_records;
using sounder::tests::idx_images;
using sounder::tests::idx_labels;
using sounder::tests::temporary_directory;
using sounder::tests::test_data;

namespace {

k::file_format format_of(const std::string& name, const std::string& content) {
  const temporary_directory where;
  return k::find_source(where.file(name, content)).format;
}

}  // namespace

TEST_CASE("load: the content says what a file is") {
  struct example {
    const char* name;
    std::string content;
    k::file_format format;
  };
  const auto e = GENERATE(values<example>({
      {"a", "1 1:2\n", k::file_format::svmlight},
      {"a", "# a, b\n\n1 1:2\n", k::file_format::svmlight},
      {"a.txt", "1\n1 2:3\n", k::file_format::svmlight},
      {"a", "1,3 5:0.5\n", k::file_format::svmlight},
      {"a", "1,2,3\n", k::file_format::csv},
      {"a", "label,x,y\n1,2,3\n", k::file_format::csv},
      {"a.csv", "at:utc,x\n1,2\n", k::file_format::csv},
      {"a.tsv", "1 2\n", k::file_format::csv},
      {"a",
       "\xef\xbb\xbf"
       "1;2\n",
       k::file_format::csv},
      {"a", "1\t2\r3\t4\r", k::file_format::csv},
      {"a", "\"at:utc\",\"x\ny\"\n1,2\n", k::file_format::csv},
      {"a", "1\t\n1 1:2\n", k::file_format::svmlight},
      {"a", "1 # a, b\n1 1:2\n", k::file_format::svmlight},
      {"a", cifar_records(1), k::file_format::cifar10},
      {"a.bin", "\t" + std::string(3072, 'x'), k::file_format::cifar10},
  }));
  REQUIRE(format_of(e.name, e.content) == e.format);
  for (const auto& form : sounder::tests::compressed_forms) {
    REQUIRE(format_of(e.name + std::string(form.suffix), form.of(e.content)) ==
            e.format);
  }
}

TEST_CASE("load: options reach the reader of the format") {
  const temporary_directory where;
  const auto svm = where.file("a.svm", "1 0:1\n");
  const auto csv = where.file("a.csv", "1;2;3\n");

  const k::dataset sparse =
      k::load(svm, {.features = 7, .zero_based = true, .threads = 2});
  const k::dataset dense =
      k::load(csv, {.csv_separator = ';', .csv_label_column = -1});

  REQUIRE(sparse.features() == 7);
  REQUIRE(dense.labels()[0] == 3.0F);
  REQUIRE(
      k::load(where.file("b", "1 2\n"), {.csv_separator = ' '}).features() ==
      1);
  REQUIRE(k::load(csv, {.csv_has_labels = false}).features() == 3);
  REQUIRE(
      k::load(where.file("c.svm", "1:2\n"), {.needs_labels = false}).rows() ==
      1);
  REQUIRE_THROWS_WITH(k::load(csv, {.features = 9, .csv_separator = ';'}),
                      Contains("a.csv: has 2 features where 9 are declared"));
}

TEST_CASE("load: IDX images find their labels beside them") {
  const temporary_directory where;
  const auto images =
      where.file("train-images-idx3-ubyte.gz",
                 sounder::tests::compressed_forms[0].of(idx_images(12)));
  REQUIRE_THROWS_WITH(k::load(images),
                      Contains("train-labels-idx1-ubyte: is missing"));
  where.file("train-labels-idx1-ubyte", idx_labels(12));

  REQUIRE(k::load(images).rows() == 12);
  REQUIRE(k::load(where.path()).rows() == 12);
  REQUIRE_THROWS_WITH(k::load(where / "train-labels-idx1-ubyte"),
                      Contains("holds labels; name the file of images"));
  REQUIRE_THROWS_WITH(k::load(where.file("pixels", idx_images(1))),
                      Contains("pixels: the labels are found by name"));
}

TEST_CASE("load: IDX images come without labels where none are needed") {
  const temporary_directory where;
  const auto alone = where.file("pixels", idx_images(3));
  where.file("t10k-images-idx3-ubyte", idx_images(12));
  const k::load_options unlabelled = {.part = k::part::test,
                                      .needs_labels = false};

  REQUIRE(k::load(alone, unlabelled).rows() == 3);
  REQUIRE(k::load(where.path(), unlabelled).labels()[11] == 0.0F);
  where.file("t10k-labels-idx1-ubyte", idx_labels(12));
  REQUIRE(k::load(where.path(), unlabelled).labels()[11] == 1.0F);
}

TEST_CASE("load: a directory of MNIST or CIFAR-10 gives the part asked for") {
  const temporary_directory mnist;
  mnist.file("t10k-images.idx3-ubyte", idx_images(5));
  mnist.file("t10k-labels.idx1-ubyte", idx_labels(5));
  const temporary_directory cifar;
  for (const char* batch : {"1", "2", "3", "4", "5"}) {
    cifar.file(std::string("data_batch_") + batch + ".bin", cifar_records(2));
  }

  REQUIRE(k::load(mnist.path(), {.part = k::part::test}).rows() == 5);
  REQUIRE(k::load(cifar.path()).rows() == 10);
  REQUIRE_THROWS_WITH(k::load(mnist.path()),
                      Contains("a directory without the training files"));
  REQUIRE_THROWS_WITH(k::load(cifar.path(), {.part = k::part::test}),
                      Contains("test_batch.bin: is missing"));
  std::filesystem::remove(cifar / "data_batch_4.bin");
  REQUIRE_THROWS_WITH(k::load(cifar.path()),
                      Contains("data_batch_4.bin: is missing"));
}

TEST_CASE("load: paths that cannot be data say why") {
  const temporary_directory where;
  REQUIRE_THROWS_WITH(k::load(where / "none"), Contains("cannot open"));
  REQUIRE_THROWS_WITH(k::load(where.path()), Contains("name a file"));
  REQUIRE_THROWS_WITH(k::load(where.file("empty", "")), Contains("is empty"));
  REQUIRE_THROWS_WITH(k::load(where.file("program",
                                         "\x7f"
                                         "ELF\2\1\1")),
                      Contains("neither IDX nor CIFAR-10"));
  REQUIRE_THROWS_WITH(
      k::load(where.path(), {.format = k::file_format::svmlight}),
      Contains("name a file"));
}

TEST_CASE("load: the real RCV1 sample has the published shape") {
  const auto file = test_data("rcv1/rcv1_ccat_train.svm.xz");
  if (!file) {
    return;
  }
  const k::dataset d = k::load(*file, {.features = 47'236});

  REQUIRE(d.rows() == 22'490);
  REQUIRE(d.nonzeros() == 1'748'417);
  REQUIRE(std::count(d.labels().begin(), d.labels().end(), 1.0F) == 10'141);
  double worst = 0;
  const auto rows = d.sparse();
  for (std::size_t i = 0; i < d.rows(); ++i) {
    double norm = 0;
    for (auto p = rows.start[i]; p < rows.start[i + 1]; ++p) {
      norm += double{rows.value[p]} * double{rows.value[p]};
    }
    worst = std::max(worst, std::abs(norm - 1));
  }
  REQUIRE(worst < 2e-4);  // unit norm to 1e-4 in the published text
}

TEST_CASE("load: the real MNIST files have the published mean") {
  const auto directory = test_data("mnist");
  if (!directory) {
    return;
  }
  const k::dataset d = k::load(*directory);

  REQUIRE(d.rows() == 60'000);
  REQUIRE(d.features() == 784);
  const std::uint8_t* pixel = d.bytes_view().value;
  const double sum = std::accumulate(pixel, pixel + d.nonzeros(), 0.0);
  REQUIRE(sum / 255 / static_cast<double>(d.nonzeros()) ==
          Approx(0.1307).margin(5e-5));
}

TEST_CASE("load: the real CIFAR-10 test batch has a thousand of each class") {
  const auto directory = test_data("cifar10");
  if (!directory) {
    return;
  }
  const k::dataset d = k::load(*directory, {.part = k::part::test});

  REQUIRE(d.rows() == 10'000);
  for (int label = 0; label < 10; ++label) {
    REQUIRE(std::count(d.labels().begin(), d.labels().end(),
                       static_cast<float>(label)) == 1000);
  }
}
