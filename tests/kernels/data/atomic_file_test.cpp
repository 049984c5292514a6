#include "kernels/data/atomic_file.hpp"

#include <csignal>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernels/data/data_error.hpp"
#include "tests/support/temporary_directory.hpp"

namespace k = sounder::kernels;
namespace fs = std::filesystem;
using Catch::Matchers::Contains;
using sounder::tests::content_of;
using sounder::tests::temporary_directory;

namespace {

std::ptrdiff_t entries(const temporary_directory& where) {
  return std::distance(fs::directory_iterator(where.path()), {});
}

/// Files of this process cannot grow beyond `bytes` while this lives: what a
/// full disk looks like, without one.
class file_size_limit {
 public:
  explicit file_size_limit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &old_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit tight{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &tight);
  }
  ~file_size_limit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit old_{};
  void (*handler_)(int) = nullptr;
};

}  // namespace

TEST_CASE("atomic_file: a committed file holds what was written, in order") {
  const temporary_directory where;
  const std::string large(std::size_t{1} << 20, 'x');

  k::atomic_file out(where / "model");
  out.write("head\n");
  out.write(large);
  out.write("tail\n");
  out.commit();

  REQUIRE(content_of(where / "model") == "head\n" + large + "tail\n");
  REQUIRE(entries(where) == 1);
}

TEST_CASE("atomic_file: nothing changes before the commit") {
  const temporary_directory where;
  const fs::path file = where.file("model", "old");
  {
    k::atomic_file out(file);
    out.write("new");
    REQUIRE(content_of(file) == "old");
  }

  REQUIRE(content_of(file) == "old");
  REQUIRE(entries(where) == 1);
}

TEST_CASE("atomic_file: a full disk leaves the old file and no other") {
  const temporary_directory where;
  const fs::path file = where.file("model", "old");
  const std::string large(std::size_t{1} << 20, 'x');
  const std::string small(10'000, 'x');
  {
    const file_size_limit limit(4096);
    k::atomic_file at_once(file);
    REQUIRE_THROWS_WITH(at_once.write(large),
                        Contains("model: cannot write: File too large"));
    k::atomic_file at_the_end(file);
    at_the_end.write(small);
    REQUIRE_THROWS_AS(at_the_end.commit(), k::data_error);
    REQUIRE(entries(where) == 1);
  }

  REQUIRE(content_of(file) == "old");
}

TEST_CASE("atomic_file: an existing file keeps its permissions") {
  const temporary_directory where;
  const fs::path file = where.file("secret", "old");
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);

  k::atomic_file out(file);
  out.write("new");
  out.commit();

  REQUIRE(content_of(file) == "new");
  REQUIRE(fs::status(file).permissions() ==
          (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("atomic_file: a symbolic link keeps pointing at the new content") {
  const temporary_directory where;
  const fs::path file = where.file("model-1", "old");
  fs::create_symlink("model-1", where / "latest");

  k::atomic_file out(where / "latest");
  out.write("new");
  out.commit();

  REQUIRE(fs::is_symlink(where / "latest"));
  REQUIRE(content_of(file) == "new");
}

TEST_CASE("atomic_file: places that cannot hold a file are refused") {
  const temporary_directory where;
  const fs::path file = where.file("plain", "");

  REQUIRE_THROWS_WITH(k::atomic_file(where / "none" / "model"),
                      Contains("model: cannot write: No such file"));
  REQUIRE_THROWS_WITH(k::atomic_file(where.path()),
                      Contains("not a regular file"));
  REQUIRE_THROWS_WITH(k::atomic_file(file / "model"),
                      Contains("Not a directory"));
  REQUIRE_THROWS_AS(k::atomic_file(fs::path()), k::data_error);
}

TEST_CASE("atomic_file: a pipe gets the bytes as they come") {
  const temporary_directory where;
  const fs::path pipe = where / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  char got[8] = {};
  {
    k::atomic_file out(pipe);
    out.write("text");
    out.commit();
  }

  REQUIRE(read(reader, got, sizeof got) == 4);
  REQUIRE(std::string(got) == "text");
  REQUIRE(close(reader) == 0);
  REQUIRE(fs::is_fifo(pipe));
  REQUIRE(entries(where) == 1);
}

TEST_CASE("atomic_file: an open descriptor is written where it stands") {
  const temporary_directory where;
  const fs::path file = where.file("log", "");
  const int log = open(file.c_str(), O_WRONLY | O_CLOEXEC);
  REQUIRE(write(log, "before ", 7) == 7);
  const fs::path name = "/dev/fd/" + std::to_string(log);
  fs::create_symlink(name, where / "link");
  for (const fs::path& path : {name, where / "link"}) {
    k::atomic_file out(path);
    out.write("between ");
    out.commit();
  }
  REQUIRE(write(log, "after", 5) == 5);
  close(log);

  REQUIRE(content_of(file) == "before between between after");
}

TEST_CASE("atomic_file: devices take what they can") {
  k::atomic_file none("/dev/null");
  none.write("text");
  none.commit();
  k::atomic_file full("/dev/full");
  full.write("text");

  REQUIRE_THROWS_WITH(full.commit(),
                      Contains("/dev/full: cannot write: No space left"));
}

TEST_CASE("atomic_file: two writers of one path do not disturb each other") {
  const temporary_directory where;
  k::atomic_file first(where / "model");
  k::atomic_file second(where / "model");

  first.write("first");
  second.write("second");
  second.commit();
  first.commit();

  REQUIRE(content_of(where / "model") == "first");
  REQUIRE(entries(where) == 1);
}
