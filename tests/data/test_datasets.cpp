#include <algorithm>

#include "data/files.hpp"
#include "support/catch.hpp"
#include "support/settings.hpp"
#include "tilewise/dataset.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using test::Bytes;

namespace {

/// The four files: 6 training and 4 test images of 2x3.
void write_set(const test::TemporaryFolder& folder, const std::string& prefix, const std::string& separator, bool zip,
               const std::string& ending) {
  const auto write = [&](const std::string& stem, const std::string& type, const Bytes& bytes) {
    folder.write(prefix + stem + separator + type + ending, zip ? test::gzip(bytes) : bytes);
  };
  write("train-images", "idx3-ubyte", test::idx({6, 2, 3}, 36));
  write("train-labels", "idx1-ubyte", test::idx({6}, 6, 10));
  write("t10k-images", "idx3-ubyte", test::idx({4, 2, 3}, 24));
  write("t10k-labels", "idx1-ubyte", test::idx({4}, 4, 3));
}

std::string message_of(const std::string& name) {
  try {
    datasets::load(name);
  } catch (const FileError& error) {
    return error.what();
  }
  FAIL("no error for " << name);
  return {};
}

void check_contains(const std::string& message, const std::string& part) {
  INFO(message);
  CHECK(message.find(part) != std::string::npos);
}

bool on_this_machine(const std::string& name) {
  for (const auto& found : datasets::find_all())
    if (found.name == name) return found.complete;
  return false;
}

}  // namespace

TEST_CASE("a folder's four files are found whatever their naming and compression", "[data]") {
  for (const char* separator : {"-", "."})
    for (const bool zip : {false, true})
      for (const char* ending : {"", ".gz"}) {
        const test::TemporaryFolder folder;
        write_set(folder, "", separator, zip, ending);
        auto [train, test] = datasets::load(folder.path());
        CHECK(train.size() == 6);
        CHECK(test.size() == 4);
        CHECK(train.sample_shape() == Shape{2, 3, 1});
        CHECK(train.classes() == 6);
        CHECK(test.classes() == 3);
        CHECK(train.label(5) == 5);
        CHECK(train.notes().empty());
        std::vector<float> sample(6);
        train.copy_sample(1, sample.data());
        CHECK(sample[0] == 6 / 255.0f);
      }
}

TEST_CASE("broken sets are refused, with the file", "[data]") {
  const test::TemporaryFolder folder;
  write_set(folder, "", "-", false, "");
  SECTION("as many labels as images") {
    folder.write("train-labels-idx1-ubyte", test::idx({5}, 5, 10));
    check_contains(message_of(folder.path()), "train-labels-idx1-ubyte, byte 4: found 5 labels, expected 6");
  }
  SECTION("images of one size") {
    folder.write("t10k-images-idx3-ubyte", test::idx({4, 3, 2}, 24));
    check_contains(message_of(folder.path()), "t10k-images-idx3-ubyte, byte 8: found images of 3x2x1, expected 2x3x1");
  }
  SECTION("a file missing") {
    std::filesystem::remove(folder / "t10k-labels-idx1-ubyte");
    check_contains(message_of(folder.path()), "lacks t10k-labels-idx1-ubyte");
  }
  SECTION("labels and images exchanged") {
    folder.write("t10k-labels-idx1-ubyte", test::idx({4, 2, 3}, 24));
    check_contains(message_of(folder.path()), "t10k-labels-idx1-ubyte, byte 3: found 0x03, expected 0x01");
  }
  check_contains(message_of("no-such-set"),
                 "neither a folder nor a data set that is known by name (fashion-mnist, mnist)");
}

TEST_CASE("a well-known set is found by name, and is checked", "[data]") {
  const test::TemporaryFolder folder;
  const test::Environment variable("TILEWISE_DATA_DIR", folder.path().c_str());
  SECTION("another file than the known one is noted") {
    write_set(folder, "fashion-mnist/", ".", true, ".gz");
    const auto sets = datasets::load("fashion-mnist");
    CHECK(sets.train.size() == 6);
    CHECK(sets.train.name() == "fashion-mnist (train)");
    REQUIRE(sets.notes().size() == 4);
    check_contains(sets.notes()[0], "train-images.idx3-ubyte.gz: not the well-known file of fashion-mnist");
    for (const auto& found : datasets::find_all())
      if (found.name == "fashion-mnist") {
        CHECK(found.folder == folder / "fashion-mnist");
        CHECK(found.complete);
        CHECK(found.missing.empty());
        CHECK(found.debian_package == "dataset-fashion-mnist");
      }
  }
  SECTION("what cannot be checked is noted") {
    write_set(folder, "mnist/", "-", false, "");
    REQUIRE(datasets::load("mnist").notes().size() == 4);
    check_contains(datasets::load("mnist").notes()[3], "t10k-labels-idx1-ubyte: not compared");
  }
  SECTION("a label outside the classes") {
    write_set(folder, "mnist/", "-", false, "");
    folder.write("mnist/t10k-labels-idx1-ubyte", test::idx({4}, 0, 1));
    Bytes labels = test::idx({4}, 4, 10);
    labels[8 + 2] = 10;
    folder.write("mnist/t10k-labels-idx1-ubyte", labels);
    check_contains(message_of("mnist"), "t10k-labels-idx1-ubyte, byte 10: label 10 of sample 2; expected 0 to 9");
  }
}

TEST_CASE("missing data: where it looked, what it needs, which package has it", "[data]") {
  const test::TemporaryFolder folder;
  const test::Environment variable("TILEWISE_DATA_DIR", folder.path().c_str());
  for (const char* name : {"fashion-mnist", "mnist"}) {
    if (on_this_machine(name)) continue;
    const std::string message = message_of(name);
    check_contains(message, folder / name);
    check_contains(message, std::string("/usr/share/datasets/") + name);
    for (const char* file :
         {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"})
      check_contains(message, file);
    check_contains(message,
                   name == std::string("mnist") ? "no Debian package" : "apt-get install dataset-fashion-mnist");
    CHECK(message.find('\n') == std::string::npos);
  }
  SECTION("half of it") {
    if (on_this_machine("mnist")) return;
    write_set(folder, "mnist/", "-", false, "");
    std::filesystem::remove(folder / "mnist/train-labels-idx1-ubyte");
    check_contains(message_of("mnist"), "mnist lacks train-labels-idx1-ubyte");
  }
}

TEST_CASE("the installed Fashion-MNIST is the well-known one", "[data]") {
  const test::Environment variable("TILEWISE_DATA_DIR", nullptr);
  if (!on_this_machine("fashion-mnist")) {
    WARN("dataset-fashion-mnist is not installed: its digests were not checked");
    return;
  }
  auto [train, test] = datasets::load("fashion-mnist");
  CHECK(train.size() == 60000);
  CHECK(test.size() == 10000);
  CHECK(train.sample_shape() == Shape{28, 28, 1});
  CHECK(train.classes() == 10);
  CHECK(test.classes() == 10);
  CHECK(train.label(0) == 9);
  CHECK(train.notes().empty());
  CHECK(test.notes().empty());
  // By folder, too, the known files are recognised: one other file beside three known ones is noted.
  const test::TemporaryFolder folder;
  for (const auto& found : datasets::find_all())
    if (found.name == "fashion-mnist")
      for (const auto& file : std::filesystem::directory_iterator(found.folder))
        std::filesystem::create_symlink(file.path(), folder / file.path().filename().string());
  CHECK(datasets::load(folder.path()).notes().empty());
  folder.write("t10k-labels-idx1-ubyte", test::idx({10000}, 10000, 10));  // plain comes before .gz
  REQUIRE(datasets::load(folder.path()).notes().size() == 1);
  check_contains(datasets::load(folder.path()).notes()[0],
                 "t10k-labels-idx1-ubyte: not the well-known file of fashion-mnist");
}

TEST_CASE("a data set from memory", "[data]") {
  const Dataset set({2, 1, 1}, std::vector<float>{1, 2, 3, 4, 5, 6}, {0, 3, 1}, {.name = "digits"});
  CHECK(set.size() == 3);
  CHECK(set.classes() == 4);
  CHECK(set.name() == "digits");
  CHECK(set.take(2).size() == 2);
  CHECK(set.take(9).size() == 3);
  CHECK(set.take(1).classes() == 4);
  CHECK(set.take(0).batch(4).batches() == 0);
  CHECK_THROWS_AS(set.take(-1), ArgumentError);
  CHECK_NOTHROW(set.require_labels_below(4));
  CHECK_NOTHROW(set.take(1).require_labels_below(1));
  CHECK_THROWS_AS(set.require_labels_below(3), ArgumentError);
  CHECK_THROWS_WITH(set.require_labels_below(3), "digits: label 3 of sample 1; expected 0 to 2");
  float sample[2];
  set.copy_sample(2, sample);
  CHECK(sample[1] == 6.0f);

  using Pixels = std::vector<std::uint8_t>;
  CHECK_THROWS_AS(Dataset({2, 2}, Pixels(7), {0, 1}), ShapeError);
  CHECK_THROWS_AS(Dataset({2, 0}, Pixels(), {}), ShapeError);
  CHECK_THROWS_AS(Dataset({std::int64_t{1} << 62}, Pixels(7), {0, 1}), ShapeError);
  CHECK_THROWS_AS(Dataset({1}, Pixels(2), {0, -1}), ArgumentError);
  CHECK_THROWS_AS(Dataset({1}, Pixels(2), {0, 0x7fffffff}), ArgumentError);
}

TEST_CASE("a pixel becomes exactly pixel / 255", "[data]") {
  std::vector<std::uint8_t> pixels(256);
  for (std::size_t i = 0; i < 256; ++i) pixels[i] = static_cast<std::uint8_t>(i);
  const Dataset set({256}, pixels, {0});
  std::vector<float> sample(256);
  set.copy_sample(0, sample.data());
  for (int i = 0; i < 256; ++i) {
    const volatile float divisor = 255.0f;  // so that the compiler cannot do it the library's way
    CHECK(sample[static_cast<std::size_t>(i)] == static_cast<float>(i) / divisor);
    // Correctly rounded: also what the double quotient rounds to.
    CHECK(sample[static_cast<std::size_t>(i)] == static_cast<float>(i / 255.0));
  }
}
