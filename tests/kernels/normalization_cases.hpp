#pragma once

#include "kernels/case.hpp"

namespace tilewise::test {

/// What the kernels of normalisation share.
struct Channels {
  static constexpr bool has_integers = true;
  std::int64_t rows, channels;
  std::vector<double> in, factor, mean, scale, shift, slope;
  bool flag;

  Channels(Draw& draw, TileSizes tile) {
    rows = draw.size(40);
    channels = draw.size(2 * tile.block + 1);
    in = draw.values(rows * channels);
    factor = draw.values(rows * channels);
    mean = draw.values(channels);
    scale = draw.values(channels);
    shift = draw.values(channels);
    slope = draw.values(channels);
    flag = draw.flag();
  }
};

template <>
struct Case<CenteredSumArgs> : Channels {
  using Channels::Channels;
  // Centred values have up to twice the size of the sum's own terms, and a rounding of their own.
  std::int64_t terms() const { return 4 * rows + 1; }
  void make_absolute() {
    test::make_absolute(in), test::make_absolute(factor), test::make_absolute(mean);
    for (double& x : mean) x = -x;
  }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    T* out = buffers.output(channels);
    table.centered_sum({.in = buffers.input(in),
                        .factor = flag ? buffers.input(factor) : nullptr,
                        .mean = buffers.input(mean),
                        .out = out,
                        .rows = rows,
                        .channels = channels});
    Results results;
    results.add_values(out, static_cast<std::size_t>(channels));
    return results;
  }
};

template <>
struct Case<NormalizeArgs> : Channels {
  using Channels::Channels;
  std::int64_t terms() const { return 3; }
  void make_absolute() {
    for (auto* values : {&in, &mean, &scale, &shift}) test::make_absolute(*values);
    for (double& x : mean) x = -x;
  }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    T* out = flag ? buffers.output(in) : buffers.output(rows * channels);
    table.normalize({.in = flag ? out : buffers.input(in),
                     .mean = buffers.input(mean),
                     .scale = buffers.input(scale),
                     .shift = buffers.input(shift),
                     .out = out,
                     .rows = rows,
                     .channels = channels});
    Results results;
    results.add_values(out, in.size());
    return results;
  }
};

template <>
struct Case<NormalizeBackwardArgs> : Channels {
  using Channels::Channels;
  std::int64_t terms() const { return 6; }
  void make_absolute() {
    for (auto* values : {&in, &factor, &mean, &scale, &shift, &slope}) test::make_absolute(*values);
    for (auto* values : {&in, &shift})
      for (double& x : *values) x = -x;
  }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    T* out = flag ? buffers.output(factor) : buffers.output(rows * channels);
    table.normalize_backward({.out_gradient = flag ? out : buffers.input(factor),
                              .in = buffers.input(in),
                              .mean = buffers.input(mean),
                              .scale = buffers.input(scale),
                              .offset = buffers.input(shift),
                              .slope = buffers.input(slope),
                              .in_gradient = out,
                              .rows = rows,
                              .channels = channels});
    Results results;
    results.add_values(out, in.size());
    return results;
  }
};

}  // namespace tilewise::test
