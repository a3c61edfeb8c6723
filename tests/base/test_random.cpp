#include "base/random.hpp"
#include "support/catch.hpp"

using namespace tilewise;
using base::Random;
using base::Stream;

// Worked out by a Philox 4x32-10 of its own, which gives the known answers of Random123.
TEST_CASE("random numbers are Philox's, the same bits everywhere", "[base]") {
  const Random random(1, Stream::shuffle, 5);
  CHECK(random.bits(0) == 0xa678861e);
  CHECK(random.bits(1) == 0x8f8c45fb);
  CHECK(random.bits(3) == 0xcea75f05);
  CHECK(random.bits(4) == 0x890f1f8c);
  CHECK(random.bits(1'000'003) == 0xff9085b3);
  CHECK(Random(0x123456789abcdef0, Stream::initializer, 0xfedcba9876543210).bits(0x1122334455667788) == 0x9805933f);
}

TEST_CASE("uniform numbers and numbers below a bound hang on no library's distributions", "[base]") {
  const Random random(1, Stream::shuffle, 5);
  CHECK(random.uniform(0) == 10909830 * 0x1p-24f);
  CHECK(random.uniform(1) == 9407557 * 0x1p-24f);
  CHECK(random.below(10, 7) == 6);
  CHECK(random.below(1'000'000, 7) == 633'861);
  CHECK(random.below(1'000'000'000'000'000'000, (std::uint64_t{1} << 40) + 3) == 35'396'650'184'684'298);
}
