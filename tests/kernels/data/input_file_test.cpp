#include "kernels/data/input_file.hpp"

#include <algorithm>
#include <random>
#include <thread>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "kernels/data/data_error.hpp"
#include "tests/support/compressed.hpp"
#include "tests/support/temporary_directory.hpp"

namespace k = sounder::kernels;
using Catch::Matchers::Contains;
using sounder::tests::compressed_forms;
using sounder::tests::temporary_directory;

namespace {

/// Digits and blanks that compress, but not to nothing.
std::string text_of(std::size_t size) {
  std::mt19937 random(1);
  std::string text(size, ' ');
  for (char& c : text) {
    c = "0123456789 \n"[random() % 12];
  }
  return text;
}

/// Everything in `file`, read `step` bytes at a time.
std::string drain(k::input_file& file, std::size_t step) {
  std::string content;
  std::string part(step, '\0');
  std::size_t got = 0;
  do {
    got = file.read(part);
    content.append(part, 0, got);
  } while (got == step);
  return content;
}

std::string unpack(const std::string& stored) {
  k::input_file file("stored", stored);
  return drain(file, 4096);
}

}  // namespace

TEST_CASE("input_file: content is the same whatever the compression and step") {
  const temporary_directory where;
  const std::string text = text_of(200'000);
  REQUIRE(unpack(text) == text);
  for (const auto& form : compressed_forms) {
    // The name says nothing: the first bytes do.
    const auto path = where.file("misleading.txt", form.of(text));
    for (const std::size_t step : {1000UL, 65'536UL, 1'000'000UL}) {
      k::input_file file(path);
      REQUIRE(drain(file, step) == text);
    }
  }
}

TEST_CASE("input_file: concatenated compressed streams read as one") {
  for (const auto& form : compressed_forms) {
    const std::string stored = form.of("first ") + form.of("second");

    REQUIRE(unpack(stored) == "first second");
    REQUIRE_THROWS_AS(unpack(stored.substr(0, stored.size() - 1)),
                      k::data_error);
  }
}

TEST_CASE("input_file: a compressed file cut at any byte is an error") {
  const std::string text = text_of(300);
  for (const auto& form : compressed_forms) {
    const std::string stored = form.of(text);
    for (std::size_t size = 10; size < stored.size(); ++size) {
      REQUIRE_THROWS_WITH(unpack(stored.substr(0, size)),
                          Contains("stored: the compressed file is damaged or "
                                   "cut short"));
    }
  }
}

TEST_CASE("input_file: a large compressed file cut at a buffer is an error") {
  const std::string text = text_of(600'000);
  for (const auto& form : compressed_forms) {
    const std::string stored = form.of(text);
    for (std::size_t size = 65'536; size < stored.size(); size += 65'536) {
      REQUIRE_THROWS_AS(unpack(stored.substr(0, size)), k::data_error);
    }
  }
}

TEST_CASE("input_file: a flipped bit is an error or changes nothing") {
  const std::string text = text_of(300);
  for (const auto& form : compressed_forms) {
    const std::string stored = form.of(text);
    std::size_t noticed = 0;
    for (std::size_t bit = 8 * 10; bit < 8 * stored.size(); ++bit) {
      std::string damaged = stored;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      try {
        const std::string content = unpack(damaged);
        REQUIRE(content == text);  // a bit without meaning
      } catch (const k::data_error&) {
        ++noticed;
      }
    }
    REQUIRE(noticed > 7 * stored.size());
  }
}

TEST_CASE("input_file: bytes after a compressed stream are an error") {
  for (const auto& form : compressed_forms) {
    REQUIRE_THROWS_AS(unpack(form.of("text") + "more"), k::data_error);
  }
}

TEST_CASE("input_file: zeros after a compressed stream are padding") {
  for (const auto& form : compressed_forms) {
    for (const std::size_t zeros : {1UL, 512UL, 200'000UL}) {
      const std::string padding(zeros, '\0');

      REQUIRE(unpack(form.of("text") + padding) == "text");
      REQUIRE(unpack(form.of("more ") + padding + form.of("text")) ==
              "more text");
    }
  }
}

TEST_CASE("input_file: what follows a compressed stream is named, with place") {
  for (const auto& form : compressed_forms) {
    const std::string stored = form.of("text");
    for (const std::string& tail :
         {std::string("more"), std::string(9, '\0') + "x"}) {
      REQUIRE_THROWS_WITH(
          unpack(stored + tail),
          Contains("data ends after " + std::to_string(stored.size()) +
                   " bytes, and what follows is neither more of it nor zeros"));
    }
  }
}

TEST_CASE("input_file: text that begins like a compressed file is text") {
  REQUIRE(unpack("BZhours,pay\n1,2\n") == "BZhours,pay\n1,2\n");
  REQUIRE(unpack("\x1f") == "\x1f");
}

TEST_CASE("input_file: missing, directory and empty each say so") {
  const temporary_directory where;
  const auto open_and_read = [](const std::filesystem::path& path) {
    k::input_file file(path);
    return drain(file, 100);
  };

  REQUIRE_THROWS_WITH(open_and_read(where / "none.svm"),
                      Contains("none.svm: cannot open: No such file"));
  REQUIRE_THROWS_WITH(open_and_read(where.path()),
                      Contains("cannot read: Is a directory"));
  REQUIRE_THROWS_WITH(open_and_read(where.file("a.svm", "")),
                      Contains("a.svm: is empty"));
  for (const auto& form : compressed_forms) {
    REQUIRE_THROWS_WITH(unpack(form.of("")), Contains("stored: is empty"));
  }
}

TEST_CASE("input_file: a file without read permission says so") {
  if (geteuid() == 0) {
    WARN("skipped: root reads everything");
    return;
  }
  const temporary_directory where;
  const auto path = where.file("secret.svm", "1 1:1\n");
  std::filesystem::permissions(path, std::filesystem::perms::none);

  REQUIRE_THROWS_WITH(k::input_file(path),
                      Contains("secret.svm: cannot open: Permission denied"));
}

TEST_CASE("input_file: a pipe works, compressed too") {
  const temporary_directory where;
  const std::string text = text_of(200'000);
  const auto pipe = where / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  for (const auto& form : compressed_forms) {
    const std::jthread writer(
        [&] { std::ofstream(pipe, std::ios::binary) << form.of(text); });
    k::input_file file(pipe);
    REQUIRE(drain(file, 10'000) == text);
  }
}
