#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <iterator>

#include "data/files.hpp"
#include "io/atomic_file.hpp"
#include "support/catch.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

void replace(const std::string& path, const std::string& contents) {
  io::AtomicFile file(path);
  file.write(contents.data(), contents.size());
  file.commit();
}

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t entries(const std::string& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

/// Writes beyond this size fail with EFBIG, as they do with ENOSPC on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit old_{};
  void (*old_handler_)(int);
};

/// Root may write everywhere: it becomes nobody meanwhile.
class NotRoot {
 public:
  NotRoot() : was_root_(geteuid() == 0) {
    if (was_root_) REQUIRE(seteuid(65534) == 0);
  }
  ~NotRoot() {
    if (was_root_ && seteuid(0) != 0) std::abort();
  }
  NotRoot(const NotRoot&) = delete;
  NotRoot& operator=(const NotRoot&) = delete;

 private:
  bool was_root_;
};

}  // namespace

TEST_CASE("a file is replaced as a whole", "[io]") {
  const TemporaryFolder folder;
  replace(folder / "file", "first");
  CHECK(contents_of(folder / "file") == "first");
  replace(folder / "file", "second, longer");
  CHECK(contents_of(folder / "file") == "second, longer");
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("without a commit the old file stays and nothing is left behind", "[io]") {
  const TemporaryFolder folder;
  replace(folder / "file", "first");
  {
    io::AtomicFile file(folder / "file");
    file.write("second", 6);
  }
  CHECK(contents_of(folder / "file") == "first");
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("a write that fails leaves the old file", "[io]") {
  const TemporaryFolder folder;
  replace(folder / "file", "first");
  for (const rlim_t limit : {0, 1, 1000, 99'999}) {
    CAPTURE(limit);
    const FileSizeLimit full_disk(limit);
    CHECK_THROWS_AS(replace(folder / "file", std::string(100'000, 'x')), FileError);
  }
  CHECK(contents_of(folder / "file") == "first");
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("a folder that may not be written to leaves the old file", "[io]") {
  const TemporaryFolder folder;
  replace(folder / "file", "first");
  REQUIRE(chmod(folder.path().c_str(), 0555) == 0);
  {
    const NotRoot meanwhile;
    try {
      replace(folder / "file", "second");
      FAIL("written");
    } catch (const FileError& error) {
      CHECK(error.path() == folder / "file");
      CHECK_THAT(error.what(), contains("Permission denied"));
    }
  }
  REQUIRE(chmod(folder.path().c_str(), 0755) == 0);
  CHECK(contents_of(folder / "file") == "first");
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("a place that cannot be a file is refused, and nothing is left behind", "[io]") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(replace(folder / "nowhere/file", "x"), FileError);
  replace(folder / "inner", "x");
  CHECK_THROWS_AS(replace(folder / "inner/file", "x"), FileError);
  REQUIRE(mkdir((folder / "folder").c_str(), 0755) == 0);
  CHECK_THROWS_AS(replace(folder / "folder", "x"), FileError);
  CHECK(entries(folder.path()) == 2);
}
