#include "ops/tap_regions.hpp"

namespace tilewise::ops {

namespace {

std::vector<TapRegions::Axis> cut_axis(std::int64_t in, std::int64_t out, std::int64_t size, std::int64_t stride,
                                       std::int64_t dilation, std::int64_t pad_before) {
  std::vector<TapRegions::Axis> regions;
  for (std::int64_t place = 0; place < out; ++place) {
    const TapRange taps = taps_of_output(place, in, size, stride, dilation, pad_before);
    if (taps.count == 0) continue;
    const bool goes_on = !regions.empty() && regions.back().end == place && regions.back().taps.first == taps.first &&
                         regions.back().taps.count == taps.count;
    if (goes_on)
      ++regions.back().end;
    else
      regions.push_back({place, place + 1, taps});
  }
  return regions;
}

}  // namespace

TapRegions::TapRegions(const Window2D& window, Extent2D in) {
  const Extent2D out = window.out(in);
  rows = cut_axis(in.height, out.height, window.size.height, window.stride.height, window.dilation.height,
                  window.padding.top);
  columns =
      cut_axis(in.width, out.width, window.size.width, window.stride.width, window.dilation.width, window.padding.left);
}

}  // namespace tilewise::ops
