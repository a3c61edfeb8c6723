#include <functional>

#include "base/random.hpp"
#include "data/files.hpp"
#include "data/gzip_file.hpp"
#include "data/idx.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/counts.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using test::Bytes;

namespace {

FileError error_of(const std::string& path, int rank) {
  try {
    data::read_idx(path, rank);
  } catch (const FileError& error) {
    return error;
  }
  FAIL("no error for " << path);
  throw 0;
}

bool says(const FileError& error, const std::string& part) {
  INFO(error.what());
  CHECK(std::string(error.what()).find(part) != std::string::npos);
  return std::string(error.what()).find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an IDX file is read plain and through gzip", "[data]") {
  const test::TemporaryFolder folder;
  const Bytes images = test::idx({3, 4, 5}, 60);
  const auto plain = data::read_idx(folder.write("plain", images), 3);
  CHECK(plain.extents == std::vector<std::int64_t>{3, 4, 5});
  CHECK(plain.values == Bytes(images.begin() + 16, images.end()));

  SECTION("gzip is told by its first bytes, not by the name") {
    for (const char* name : {"zipped", "zipped.gz"}) {
      const auto zipped = data::read_idx(folder.write(name, test::gzip(images)), 3);
      CHECK(zipped.values == plain.values);
      CHECK(zipped.digest == plain.digest);
    }
    CHECK(data::read_idx(folder.write("plain.gz", images), 3).values == plain.values);
  }
  SECTION("several gzip members are one file") {
    Bytes members = test::gzip(Bytes(images.begin(), images.begin() + 20));
    for (std::uint8_t byte : test::gzip(Bytes(images.begin() + 20, images.end()))) members.push_back(byte);
    const auto joined = data::read_idx(folder.write("members", members), 3);
    CHECK(joined.values == plain.values);
    CHECK(joined.digest == plain.digest);
  }
  SECTION("the digest is XXH3's, of header and values") {
    // From: printf '\0\0\10\1\0\0\0\2\7\11' | xxh128sum
    CHECK(data::read_idx(folder.write("two", {0, 0, 8, 1, 0, 0, 0, 2, 7, 9}), 1).digest ==
          "c028544508157a9d14f156a477b4396e");
  }
}

TEST_CASE("a file longer than the read buffer is read whole", "[data]") {
  const test::TemporaryFolder folder;
  const Bytes images = test::idx({3, 1000, 1001}, 3 * 1000 * 1001, 251);
  const Bytes values(images.begin() + 16, images.end());
  CHECK(data::read_idx(folder.write("plain", images), 3).values == values);
  CHECK(data::read_idx(folder.write("zipped", test::gzip(images)), 3).values == values);
}

TEST_CASE("errors of IDX files say what, where and what was expected", "[data]") {
  const test::TemporaryFolder folder;
  const auto check = [&](Bytes bytes, std::int64_t offset, const std::string& part) {
    for (const Bytes& contents : {bytes, test::gzip(bytes)}) {
      const std::string path = folder.write("file", contents);
      const FileError error = error_of(path, 3);
      CHECK(error.path() == path);
      CHECK(error.offset() == offset);
      says(error, part);
    }
  };
  const Bytes good = test::idx({3, 4, 5}, 60);
  const auto changed = [&](std::size_t at, std::uint8_t value) {
    Bytes bytes = good;
    bytes[at] = value;
    return bytes;
  };
  check(changed(0, 1), 0, "found 0x01, expected 0x00");
  check(changed(1, 0x8b), 1, "found 0x8b, expected 0x00");
  check(changed(2, 0x0d), 2, "found 0x0d, expected 0x08, the type");
  check(changed(3, 1), 3, "found 0x01, expected 0x03, the number of dimensions");
  check(changed(11, 0), 8, "dimension 1 is 0");
  Bytes longer = good;
  longer.push_back(0);
  check(longer, 76, "goes on; expected an end after 76 bytes");
  check(test::idx({0xffffffff, 0xffffffff, 0xffffffff}, 60), 4, "promise more values than");
  check(test::idx({1, 1u << 31, 1u << 31}, 60), 8, "promise more values than");
  check(test::idx({1u << 22, 1u << 21, 1u << 21}, 60), 4, "promise more values than");

  // A plain file is known to be short before it is read, what a gzip stream gives only afterwards.
  const Bytes shorter(good.begin(), good.end() - 1);
  says(error_of(folder.write("short", shorter), 3), "byte 12: dimensions 3x4x5 promise more values than the 59 that");
  says(error_of(folder.write("short", test::gzip(shorter)), 3), "byte 75: the file ends here; expected 76 bytes");

  says(error_of(folder / "none", 3), "cannot be read: No such file");
  says(error_of(folder.path(), 3), "not a regular file");
  says(error_of(folder.write("empty", {}), 3), "ends here; expected an IDX header of 16 bytes");
  Bytes garbage = test::gzip(good);
  garbage.push_back('x');
  says(error_of(folder.write("garbage", garbage), 3), "something other than gzip follows");
  Bytes crc = test::gzip(good);
  crc[crc.size() - 6] ^= 1;
  says(error_of(folder.write("crc", crc), 3), "incorrect data check");
}

TEST_CASE("every truncation of an IDX file is a FileError", "[data]") {
  const test::TemporaryFolder folder;
  for (int rank : {1, 3}) {
    const Bytes contents = rank == 1 ? test::idx({40}, 40, 10) : test::idx({3, 4, 5}, 60);
    for (const Bytes& whole : {contents, test::gzip(contents)})
      for (std::size_t size = 0; size < whole.size(); ++size) {
        INFO("rank " << rank << ", " << size << " of " << whole.size() << " bytes");
        const std::string path = folder.write("cut", Bytes(whole.begin(), whole.begin() + static_cast<long>(size)));
        CHECK_THROWS_AS(data::read_idx(path, rank), FileError);
      }
  }
}

TEST_CASE("mutants of IDX files are read or refused, with little memory", "[data]") {
  const test::TemporaryFolder folder;
  constexpr std::uint64_t seed = 20240607;
  const base::Random random(seed, base::Stream::test, 0);
  std::uint64_t position = 0;
  const auto draw = [&](std::uint64_t bound) { return random.below(bound, position++); };
  constexpr std::uint32_t extents[] = {0,      1,       2,          3,          0x7f,       0xff,       0x100,
                                       0xffff, 0x10000, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff, 0x55555556};
  const Bytes good = test::idx({3, 4, 5}, 60);
  const std::uint64_t mutants = test::scaled(2000);
  std::uint64_t refused = 0;
  std::int64_t largest = 0;
  for (std::uint64_t mutant = 0; mutant < mutants; ++mutant) {
    INFO("seed " << seed << ", mutant " << mutant);
    Bytes bytes = good;
    // Half of them: extents, among them those whose product wraps. The others: flipped bits, cut and repeated pieces.
    if (draw(2) == 0) {
      for (std::size_t axis = 0; axis < 3; ++axis)
        if (draw(2) == 0) {
          const std::uint32_t extent = extents[draw(std::size(extents))];
          for (std::size_t i = 0; i < 4; ++i)
            bytes[4 + 4 * axis + i] = static_cast<std::uint8_t>(extent >> (24 - 8 * i));
        }
    }
    const bool zipped = draw(2) == 0;
    if (zipped) bytes = test::gzip(bytes);
    for (std::uint64_t flips = draw(4); flips > 0; --flips)
      bytes[draw(bytes.size())] ^= static_cast<std::uint8_t>(1u << draw(8));
    if (draw(4) == 0) {
      const auto begin = static_cast<long>(draw(bytes.size()));
      const auto end = begin + static_cast<long>(draw(bytes.size() - static_cast<std::size_t>(begin)));
      const Bytes piece(bytes.begin() + begin, bytes.begin() + end);
      if (draw(2) == 0)
        bytes.erase(bytes.begin() + begin, bytes.begin() + end);
      else
        bytes.insert(bytes.begin() + begin, piece.begin(), piece.end());
    }
    const std::string path = folder.write("mutant", bytes);
    test::Allocations::reset();
    try {
      const auto read = data::read_idx(path, 3);
      REQUIRE(read.extents.size() == 3);
      REQUIRE(read.extents[0] * read.extents[1] * read.extents[2] == static_cast<std::int64_t>(read.values.size()));
    } catch (const FileError& error) {
      ++refused;
      REQUIRE(error.path() == path);
    }  // anything else fails the test
    largest = std::max(largest, test::Allocations::largest_bytes());
  }
  CHECK(refused * 2 > mutants);
  CHECK(largest < 1 << 20);
}

TEST_CASE("what a file promises or inflates to does not drive memory", "[data]") {
  const test::TemporaryFolder folder;
  SECTION("a bomb behind a small header") {
    const Bytes bomb = test::gzip(test::idx({1, 2, 5}, 32 << 20, 1));
    const std::string path = folder.write("bomb", bomb);
    test::Allocations::reset();
    says(error_of(path, 3), "goes on");
    CHECK(test::Allocations::largest_bytes() < 1 << 20);
  }
  SECTION("a promise of 4 GB that 4 MB could keep, but end at once") {
    Bytes bytes = test::gzip(test::idx({4000, 1000, 1000}, 0));
    bytes.resize(4 << 20);
    const std::string path = folder.write("promise", bytes);
    test::Allocations::reset();
    CHECK_THROWS_AS(data::read_idx(path, 3), FileError);
    CHECK(test::Allocations::largest_bytes() <= 64 << 20);
  }
}
