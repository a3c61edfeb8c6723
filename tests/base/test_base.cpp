#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <set>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "base/checked.hpp"
#include "base/flush_denormals.hpp"
#include "base/random.hpp"
#include "base/weights_layout.hpp"
#include "support/catch.hpp"

using namespace tilewise;
using namespace tilewise::base;

TEST_CASE("shapes are checked before anything is made of them", "[base]") {
  const std::int64_t big = std::int64_t{1} << 31;
  CHECK_THROWS_AS((Shape{big, big, big}), ShapeError);
  CHECK_THROWS_AS((Shape{big, big, 4, 0}), ShapeError);  // empty, but a slice of it would wrap
  CHECK_THROWS_AS((Shape{-1, 3}), ShapeError);
  CHECK_THROWS_AS((Shape{1, 1, 1, 1, 1, 1, 1}), ShapeError);
  CHECK((Shape{big, big}).elements() == std::int64_t{1} << 62);
  CHECK((Shape{28, 28, 1}).to_string() == "28x28x1");
  CHECK((Shape{28, 28, 1}).with_outer(32) == Shape{32, 28, 28, 1});
  CHECK(Shape{}.elements() == 1);
  CHECK_THROWS_AS(checked_add(INT64_MAX, 1), ShapeError);
  CHECK_THROWS_AS(checked_mul(big, std::int64_t{1} << 32), ShapeError);
}

TEST_CASE("parts of a range are contiguous, nearly equal, and cover it", "[base]") {
  for (std::int64_t count = 0; count < 40; ++count)
    for (std::int64_t parts = 1; parts < 12; ++parts) {
      REQUIRE(part_begin(0, parts, count) == 0);
      REQUIRE(part_begin(parts, parts, count) == count);
      for (std::int64_t part = 0; part < parts; ++part) {
        const std::int64_t size = part_begin(part + 1, parts, count) - part_begin(part, parts, count);
        REQUIRE((size == count / parts || size == count / parts + 1));
      }
    }
}

TEST_CASE("packing weights and unpacking them gives them back, the rest of the last block zero", "[base]") {
  for (const Shape& shape : {Shape{3, 3, 5, 7}, Shape{4, 9}, Shape{10}})
    for (std::int64_t block : {1, 4, 16, 32}) {
      const WeightsLayout layout = weights_layout(shape, block);
      std::vector<float> plain(static_cast<std::size_t>(shape.elements())), back(plain.size());
      for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<float>(i + 1);
      std::vector<float> packed(static_cast<std::size_t>(layout.elements()), -1.0f);
      pack_weights(layout, plain.data(), packed.data());
      unpack_weights(layout, packed.data(), back.data());
      CHECK(back == plain);
      double sum = 0, plain_sum = 0;
      for (float value : packed) sum += value;
      for (float value : plain) plain_sum += value;
      CHECK(sum == plain_sum);
    }
}

TEST_CASE("a packed block holds channels of one group only", "[base]") {
  const WeightsLayout layout = weights_layout({2, 3, 15}, 4, 3);
  REQUIRE(layout.blocks() == 6);
  std::vector<float> plain(90), packed(static_cast<std::size_t>(layout.elements()), -1.0f), back(90);
  for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<float>(i + 1);
  pack_weights(layout, plain.data(), packed.data());
  unpack_weights(layout, packed.data(), back.data());
  CHECK(back == plain);
  for (std::int64_t block = 0; block < layout.blocks(); ++block) {
    const WeightsLayout::Channels channels = layout.channels(block);
    CHECK(channels.group == block / 2);
    CHECK(channels.first == channels.group * 5 + block % 2 * 4);
    CHECK(channels.count == (block % 2 == 0 ? 4 : 1));
    for (std::int64_t row = 0; row < 6; ++row)
      for (std::int64_t column = 0; column < 4; ++column) {
        const std::int64_t n = channels.first + column;
        const float expected = column < channels.count ? plain[static_cast<std::size_t>(row * 15 + n)] : 0.0f;
        REQUIRE(packed[static_cast<std::size_t>(block * layout.block_elements() + row * 4 + column)] == expected);
      }
  }
  CHECK_THROWS_AS(weights_layout({2, 3, 15}, 4, 2), ShapeError);
  CHECK_THROWS_AS(weights_layout({2, 3, 15}, 4, 0), ShapeError);
}

TEST_CASE("random numbers depend on seed, stream, index and position only", "[base]") {
  const Random random(1, Stream::shuffle, 5);
  CHECK(random.bits(17) == Random(1, Stream::shuffle, 5).bits(17));
  CHECK(random.bits(17) != random.bits(18));
  CHECK(random.bits(17) != Random(2, Stream::shuffle, 5).bits(17));
  CHECK(random.bits(17) != Random(1, Stream::initializer, 5).bits(17));
  CHECK(random.bits(17) != Random(1, Stream::shuffle, 6).bits(17));
  double mean = 0;
  std::array<int, 7> counts{};
  for (std::uint64_t i = 0; i < 70000; ++i) {
    const float uniform = random.uniform(i);
    REQUIRE((uniform >= 0 && uniform < 1));
    mean += uniform / 70000;
    ++counts[random.below(7, i)];
  }
  CHECK(mean == Approx(0.5).margin(0.005));
  for (int count : counts) CHECK(count == Approx(10000).margin(500));
}

TEST_CASE("cut normal numbers are distributed as their density says", "[base]") {
  const Random random(3, Stream::test, 1);
  constexpr int count = 200'000, bins = 16;
  std::vector<double> found(bins);
  double sum = 0, squares = 0, largest = 0;
  for (int i = 0; i < count; ++i) {
    const double x = random.cut_normal(static_cast<std::uint64_t>(i));
    sum += x;
    squares += x * x;
    largest = std::max(largest, std::fabs(x));
    ++found[static_cast<std::size_t>((x + 2) * bins / 4)];
  }
  CHECK(largest < 2);
  CHECK(largest > 1.999);
  CHECK(std::fabs(sum / count) < 4 * 0.88 / std::sqrt(count));
  CHECK(std::sqrt(squares / count) == Approx(0.87962566103423978).epsilon(0.005));
  // Chi-square of 15 degrees of freedom: above 37.7 once in a thousand seeds.
  const auto below = [](double x) { return std::erf(x / std::sqrt(2.0)); };
  double chi_square = 0;
  for (int bin = 0; bin < bins; ++bin) {
    const double low = 4.0 * bin / bins - 2, high = low + 4.0 / bins;
    const double expected = count * (below(high) - below(low)) / (2 * below(2));
    chi_square += (found[static_cast<std::size_t>(bin)] - expected) *
                  (found[static_cast<std::size_t>(bin)] - expected) / expected;
  }
  CHECK(chi_square < 37.7);
}

TEST_CASE("cut normal numbers have the same bits everywhere", "[base]") {
  const Random random(1, Stream::initializer, 5);
  CHECK(random.cut_normal(0) == -0x1.5cf371ap-4);
  CHECK(random.cut_normal(1) == 0x1.8a58eb1p-3);
  CHECK(random.cut_normal(1'000'000) == -0x1.2e5f44e8p-2);
  CHECK(random.cut_normal(7) == Random(1, Stream::initializer, 5).cut_normal(7));
}

TEST_CASE("aligned buffers are aligned, zero and counted", "[base]") {
  const std::int64_t before = AlignedBuffer::allocations();
  AlignedBuffer buffer(100), moved(std::move(buffer));
  CHECK(AlignedBuffer::allocations() == before + 1);
  CHECK(reinterpret_cast<std::uintptr_t>(moved.data()) % AlignedBuffer::alignment == 0);
  for (std::size_t i = 0; i < 100; ++i) CHECK(moved.data()[i] == std::byte{0});
  CHECK(buffer.data() == nullptr);  // NOLINT(bugprone-use-after-move): what a moved-from buffer holds is promised
  AlignedBuffer large(std::size_t{5} << 20);
  CHECK(reinterpret_cast<std::uintptr_t>(large.data()) % (std::size_t{2} << 20) == 0);
  CHECK(std::all_of(large.data(), large.data() + large.bytes(), [](std::byte byte) { return byte == std::byte{0}; }));
  CHECK_THROWS_AS(AlignedBuffer(SIZE_MAX - 100), std::bad_alloc);
}

TEST_CASE("denormals are flushed while asked for, and the caller's mode comes back", "[base]") {
  volatile float tiny = 1e-38f;
  const auto tenth = [&] { return tiny * 0.1f; };
  CHECK(tenth() != 0);
  {
    const FlushDenormals flush;
    CHECK(tenth() == 0);
  }
  CHECK(tenth() != 0);
}
