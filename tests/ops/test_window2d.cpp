#include "ops/window2d.hpp"
#include "support/catch.hpp"
#include "tilewise/error.hpp"

using namespace tilewise::ops;

TEST_CASE("same padding gives ceil(in / stride) outputs, the odd one at the bottom or right", "[ops]") {
  for (std::int64_t in = 1; in <= 12; ++in)
    for (std::int64_t size = 1; size <= 5; ++size)
      for (std::int64_t stride = 1; stride <= 4; ++stride)
        for (std::int64_t dilation = 1; dilation <= 3; ++dilation) {
          const Sides sides = Window2D::same_padding({in, in}, {size, size}, {stride, stride}, {dilation, dilation});
          const Window2D window{{size, size}, {stride, stride}, {dilation, dilation}, sides};
          INFO("in " << in << " size " << size << " stride " << stride << " dilation " << dilation);
          REQUIRE(window.out({in, in}) == Extent2D{(in + stride - 1) / stride, (in + stride - 1) / stride});
          REQUIRE((sides.bottom == sides.top || sides.bottom == sides.top + 1));
        }
}

TEST_CASE("ceil padding rounds the number of outputs up, of windows that begin before the padding behind", "[ops]") {
  for (std::int64_t in = 1; in <= 9; ++in)
    for (std::int64_t size = 1; size <= 4; ++size)
      for (std::int64_t stride = 1; stride <= 4; ++stride)
        for (std::int64_t dilation = 1; dilation <= 2; ++dilation)
          for (std::int64_t before = 0; before <= 3; ++before)
            for (std::int64_t after = 0; after <= 5; ++after) {
              const Window2D window{
                  {size, size}, {stride, stride}, {dilation, dilation}, {before, after, before, after}};
              // The next window is there while it lacks less than a stride and begins on the image or before it.
              const std::int64_t excess = (size - 1) * dilation + 1 - (in + before + after);
              std::int64_t expected = 0;
              while (expected * stride + excess < stride && expected * stride < in + before) ++expected;
              INFO("in " << in << " size " << size << " stride " << stride << " dilation " << dilation << " before "
                         << before << " after " << after);
              Window2D extended = window;
              extended.padding = window.ceil_padding({in, in});
              if (expected == 0) {
                REQUIRE_THROWS_AS(extended.out({in, in}), tilewise::ShapeError);
                continue;
              }
              REQUIRE(extended.out({in, in}) == Extent2D{expected, expected});
              REQUIRE(extended.padding.top == before);
              REQUIRE(extended.padding.left == before);
            }
}

TEST_CASE("taps of outputs and taps of inputs name the same pairs", "[ops]") {
  for (std::int64_t in = 1; in <= 9; ++in)
    for (std::int64_t size = 1; size <= 4; ++size)
      for (std::int64_t stride = 1; stride <= 3; ++stride)
        for (std::int64_t dilation = 1; dilation <= 3; ++dilation)
          for (std::int64_t pad = 0; pad <= 4; ++pad) {
            const std::int64_t reach = (size - 1) * dilation + 1;
            if (reach > in + 2 * pad) continue;
            const std::int64_t out = (in + 2 * pad - reach) / stride + 1;
            const auto visit = [](const TapRange& range, auto f) {
              for (std::int64_t k = 0; k < range.count; ++k)
                f(range.first + k * range.step, range.first_place + k * range.place_step);
            };
            std::int64_t forward_pairs = 0, backward_pairs = 0, wrong = 0;
            for (std::int64_t o = 0; o < out; ++o)
              visit(taps_of_output(o, in, size, stride, dilation, pad), [&](std::int64_t tap, std::int64_t place) {
                ++forward_pairs;
                wrong += place != o * stride + tap * dilation - pad || place < 0 || place >= in || tap >= size;
              });
            for (std::int64_t i = 0; i < in; ++i)
              visit(taps_of_input(i, out, size, stride, dilation, pad), [&](std::int64_t tap, std::int64_t place) {
                ++backward_pairs;
                wrong += i != place * stride + tap * dilation - pad || place < 0 || place >= out || tap >= size;
              });
            std::int64_t pairs = 0;
            for (std::int64_t o = 0; o < out; ++o)
              for (std::int64_t tap = 0; tap < size; ++tap) {
                const std::int64_t place = o * stride + tap * dilation - pad;
                pairs += place >= 0 && place < in;
              }
            INFO("in " << in << " size " << size << " stride " << stride << " dilation " << dilation << " pad " << pad);
            REQUIRE(wrong == 0);
            REQUIRE(forward_pairs == pairs);
            REQUIRE(backward_pairs == pairs);
          }
}

TEST_CASE("windows whose arithmetic could wrap are refused", "[ops]") {
  const std::int64_t huge = INT64_MAX;
  CHECK_THROWS_AS((Window2D{{3, 3}, {huge, 1}}.out({28, 28})), tilewise::ShapeError);
  CHECK_THROWS_AS((Window2D{{3, huge}}.out({28, 28})), tilewise::ShapeError);
  CHECK_THROWS_AS((Window2D{{3, 3}, {1, 1}, {huge, 1}}.out({28, 28})), tilewise::ShapeError);
  CHECK_THROWS_AS((Window2D{{3, 3}, {1, 1}, {1, 1}, {huge, 0, 0, 0}}.out({28, 28})), tilewise::ShapeError);
  CHECK_THROWS_AS(Window2D::same_padding({28, 28}, {3, 3}, {huge, 1}, {1, 1}), tilewise::ShapeError);
  CHECK_THROWS_AS((Window2D{{3, huge}}.ceil_padding({28, 28})), tilewise::ShapeError);
  CHECK_THROWS_AS((Window2D{{3, 3}, {1, 1}, {1, 1}, {0, 0, huge, 0}}.ceil_padding({28, 28})), tilewise::ShapeError);
  const std::int64_t large = std::int64_t{1} << 20;
  CHECK_THROWS_AS((Window2D{{large, large}, {1, 1}, {1, 1}, {large, large, large, large}}.out({28, 28})),
                  tilewise::ShapeError);
  CHECK(Window2D{{3, 3}, {0x7FFFFFFF, 0x7FFFFFFF}}.out({28, 28}) == Extent2D{1, 1});
}
