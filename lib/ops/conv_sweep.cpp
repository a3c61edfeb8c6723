#include "ops/conv_sweep.hpp"

#include <algorithm>
#include <array>

#include "base/checked.hpp"
#include "ops/conv_algorithm.hpp"

namespace tilewise::ops {

namespace {

/// Whether the taps of place `b` are those of `a`, moved on by `moved` input places.
bool same_taps(const SweepAxis& axis, std::int64_t a, std::int64_t b, std::int64_t moved) {
  for (std::int64_t position = 0; position < axis.positions; ++position) {
    const TapRange& first = axis.taps[static_cast<std::size_t>(a * axis.positions + position)];
    const TapRange& second = axis.taps[static_cast<std::size_t>(b * axis.positions + position)];
    if (first.count != second.count) return false;
    if (first.count > 0 && (first.first != second.first || second.first_place - first.first_place != moved))
      return false;
  }
  return true;
}

/// Groups the places, each with those that follow it at distance `step`.
void find_runs(SweepAxis& axis, std::int64_t step) {
  std::vector<bool> taken(static_cast<std::size_t>(axis.out()), false);
  for (std::int64_t begin = 0; begin < axis.out(); ++begin) {
    if (taken[static_cast<std::size_t>(begin)]) continue;
    SweepAxis::Run run{begin, step, 0};
    for (std::int64_t place = begin; place < axis.out() && same_taps(axis, begin, place, run.count * axis.advance);
         place += step) {
      taken[static_cast<std::size_t>(place)] = true;
      ++run.count;
    }
    axis.runs.push_back(run);
  }
}

/// The common steps of all ranges, which the ones with a single tap leave open.
void find_steps(SweepAxis& axis) {
  axis.tap_step = 1;
  axis.place_step = 0;
  for (const TapRange& range : axis.taps)
    if (range.count > 1) {
      axis.tap_step = range.step;
      axis.place_step = range.place_step;
    }
}

}  // namespace

SweepAxis SweepAxis::forward(std::int64_t in, std::int64_t out, std::int64_t size, std::int64_t stride,
                             std::int64_t dilation, std::int64_t pad_before, std::int64_t pool_size,
                             std::int64_t pool_stride) {
  SweepAxis axis;
  axis.positions = pool_size;
  axis.advance = stride * pool_stride;
  for (std::int64_t place = 0; place * pool_stride + pool_size <= out; ++place)
    for (std::int64_t position = 0; position < pool_size; ++position)
      axis.taps.push_back(taps_of_output(place * pool_stride + position, in, size, stride, dilation, pad_before));
  find_steps(axis);
  find_runs(axis, 1);
  return axis;
}

SweepAxis SweepAxis::backward(std::int64_t in, std::int64_t out, std::int64_t size, std::int64_t stride,
                              std::int64_t dilation, std::int64_t pad_before) {
  SweepAxis axis;
  axis.positions = 1;
  axis.advance = 1;
  for (std::int64_t place = 0; place < in; ++place) {
    // TransposeWeights has reversed the taps, so from the last to the first.
    TapRange range = taps_of_input(place, out, size, stride, dilation, pad_before);
    const std::int64_t last = range.count - 1;
    range.first = size - 1 - (range.first + last * range.step);
    range.first_place += last * range.place_step;
    range.place_step = -range.place_step;
    axis.taps.push_back(range.count > 0 ? range : TapRange{0, 1, 0, 0, 0});
  }
  find_steps(axis);
  find_runs(axis, stride);
  return axis;
}

SweepAxis::Run SweepAxis::Run::within(std::int64_t first, std::int64_t end) const noexcept {
  const auto before = [&](std::int64_t limit) {
    return std::clamp<std::int64_t>(base::ceil_div(std::max<std::int64_t>(limit - begin, 0), step), 0, count);
  };
  return {place(before(first)), step, before(end) - before(first)};
}

bool SweepAxis::prefers_images(std::int64_t images, std::int64_t tile_places) const noexcept {
  // Columns leave their cut-off ends over, one place a call, so half a tile of images is worth more than a whole one of
  // columns.
  std::int64_t longest_run = 0;
  for (const Run& run : runs) longest_run = std::max(longest_run, run.count);
  return images >= std::min<std::int64_t>(longest_run, base::ceil_div(tile_places, 2));
}

bool ConvSweep::has_few_outputs() const noexcept {
  return rows.positions * columns.positions == 1 &&
         conv_algorithm(groups, in_channels, out_channels) == ConvAlgorithm::dots;
}

template <class T>
Phase ConvSweep::phase(const std::string& name, const kernels::KernelTable<T>& table, const Operands& operands) const {
  const std::int64_t element_bytes = sizeof(T);
  const std::int64_t dense_bytes = has_few_outputs() ? out_channels / groups * dense_weights() * element_bytes : 0;
  Phase phase{name, weights_layout(table.channel_block).blocks() * rows.out(), true, dense_bytes, {}, rows.out()};
  phase.run = [&table, sweep = *this, operands](Tensors tensors, const Work& work) {
    sweep.run(table, tensor<const T>(tensors, operands.in), tensor<const T>(tensors, operands.weights),
              operands.bias ? tensor<const T>(tensors, *operands.bias) : nullptr, tensor<T>(tensors, operands.out),
              operands.index ? tensor<std::uint8_t>(tensors, *operands.index) : nullptr, work);
  };
  return phase;
}

template <class T>
void ConvSweep::run(const kernels::KernelTable<T>& table, const T* in_base, const T* weights, const T* bias, T* out,
                    std::uint8_t* index, const Work& work) const {
  const std::int64_t images = work.image_end - work.image_begin;
  if (images == 0) return;
  if (has_few_outputs()) return run_dots(table, in_base, weights, bias, out, work);
  const base::WeightsLayout layout = weights_layout(table.channel_block);
  const std::int64_t tap_weights = layout.in * layout.block;

  std::array<kernels::ConvTaps, kernels::max_u8_positions> taps;
  kernels::ConvTileArgs<T> args{};
  args.positions = taps.data();
  args.position_count = static_cast<std::int32_t>(rows.positions * columns.positions);
  args.in_row = rows.place_step * in.width * in_channels;
  args.in_column = columns.place_step * in_channels;
  args.weights_row = rows.tap_step * kernel.width * tap_weights;
  args.weights_column = columns.tap_step * tap_weights;
  args.in_channels = layout.in;
  args.activation = activation;

  const auto set_taps = [&](std::int64_t row, std::int64_t column) {
    for (std::int64_t r = 0; r < rows.positions; ++r)
      for (std::int64_t c = 0; c < columns.positions; ++c) {
        const TapRange& vertical = rows.taps[static_cast<std::size_t>(row * rows.positions + r)];
        const TapRange& horizontal = columns.taps[static_cast<std::size_t>(column * columns.positions + c)];
        taps[static_cast<std::size_t>(r * columns.positions + c)] = {
            (vertical.first_place * in.width + horizontal.first_place) * in_channels,
            (vertical.first * kernel.width + horizontal.first) * tap_weights, static_cast<std::int32_t>(vertical.count),
            static_cast<std::int32_t>(horizontal.count)};
      }
  };
  const auto call = [&](std::int64_t image, std::int64_t row, std::int64_t column,
                        const base::WeightsLayout::Channels& channels) {
    set_taps(row, column);
    args.in = in_base + image * in_image() + channels.group * layout.in;
    const std::int64_t place = image * out_image() + (row * columns.out() + column) * out_channels + channels.first;
    args.out = out + place;
    args.index = index ? index + place : nullptr;
    table.conv_tile(args);
  };
  // Places that share their taps, a line of them a call: down a column where that fills the register tile better.
  const auto rectangle = [&](const SweepAxis::Run& down, const SweepAxis::Run& along,
                             const base::WeightsLayout::Channels& channels) {
    const bool tall = along.count < table.tile_places && along.count < down.count;
    args.count = tall ? down.count : along.count;
    args.in_step = (tall ? rows.advance * in.width : columns.advance) * in_channels;
    args.out_step = args.index_step = (tall ? down.step * columns.out() : along.step) * out_channels;
    const SweepAxis::Run& lines = tall ? along : down;
    for (std::int64_t line = 0; line < lines.count; ++line)
      for (std::int64_t image = work.image_begin; image < work.image_end; ++image)
        call(image, tall ? down.begin : lines.place(line), tall ? lines.place(line) : along.begin, channels);
  };

  const bool across_images = columns.prefers_images(images, table.tile_places);
  if (across_images) {
    args.in_step = in_image();
    args.out_step = args.index_step = out_image();
    args.count = images;
  }
  for (std::int64_t item = work.item_begin; item < work.item_end;) {
    const std::int64_t block = item / rows.out(), first_row = item % rows.out();
    const std::int64_t row_end = std::min(rows.out(), first_row + work.item_end - item);
    const base::WeightsLayout::Channels channels = layout.channels(block);
    args.weights = weights + block * layout.block_elements();
    args.bias = bias ? bias + block * layout.block : nullptr;
    args.out_channels = static_cast<std::int32_t>(channels.count);
    if (across_images) {
      for (std::int64_t row = first_row; row < row_end; ++row)
        for (std::int64_t column = 0; column < columns.out(); ++column) call(work.image_begin, row, column, channels);
    } else {
      for (const SweepAxis::Run& run : rows.runs)
        if (const SweepAxis::Run down = run.within(first_row, row_end); down.count > 0)
          for (const SweepAxis::Run& along : columns.runs) rectangle(down, along, channels);
    }
    item += row_end - first_row;
  }
}

template <class T>
void ConvSweep::run_dots(const kernels::KernelTable<T>& table, const T* in_base, const T* weights, const T* bias,
                         T* out, const Work& work) const {
  const std::int64_t images = work.image_end - work.image_begin, in_group = in_channels / groups;
  const base::WeightsLayout layout = weights_layout(table.channel_block);
  T* const dense = reinterpret_cast<T*>(work.scratch);  // of one block: [output channel][tap][input channel]
  kernels::ConvDotTileArgs<T> args{};
  args.in_row = rows.place_step * in.width * in_channels;
  args.in_column = columns.place_step * in_channels;
  args.weights_row = rows.tap_step * kernel.width * in_group;
  args.weights_column = columns.tap_step * in_group;
  args.in_channels = in_group;
  args.activation = activation;

  const bool across_images = columns.prefers_images(images, table.tile_places);
  std::int64_t dense_block = -1;
  for (std::int64_t item = work.item_begin; item < work.item_end; ++item) {
    const std::int64_t block = item / rows.out(), row = item % rows.out();
    const base::WeightsLayout::Channels channels = layout.channels(block);
    const T* const packed = weights + block * layout.block_elements();
    for (std::int64_t n = 0; block != dense_block && n < channels.count; ++n)
      for (std::int64_t i = 0; i < dense_weights(); ++i) dense[n * dense_weights() + i] = packed[i * layout.block + n];
    dense_block = block;
    const TapRange& vertical = rows.taps[static_cast<std::size_t>(row)];
    args.rows = static_cast<std::int32_t>(vertical.count);
    const auto call = [&](std::int64_t image, std::int64_t column) {
      const TapRange& horizontal = columns.taps[static_cast<std::size_t>(column)];
      args.columns = static_cast<std::int32_t>(horizontal.count);
      args.in = in_base + image * in_image() +
                (vertical.first_place * in.width + horizontal.first_place) * in_channels + channels.group * in_group;
      for (std::int64_t n = 0; n < channels.count; ++n) {
        args.weights = dense + n * dense_weights() + (vertical.first * kernel.width + horizontal.first) * in_group;
        args.start = bias ? bias[block * layout.block + n] : T{};
        args.out = out + image * out_image() + (row * columns.out() + column) * out_channels + channels.first + n;
        table.conv_dot_tile(args);
      }
    };
    if (across_images) {
      args.in_step = in_image();
      args.out_step = out_image();
      args.count = images;
      for (std::int64_t column = 0; column < columns.out(); ++column) call(work.image_begin, column);
    } else {
      args.in_step = columns.advance * in_channels;
      for (const SweepAxis::Run& run : columns.runs) {
        args.out_step = run.step * out_channels;
        args.count = run.count;
        for (std::int64_t image = work.image_begin; image < work.image_end; ++image) call(image, run.begin);
      }
    }
  }
}

#define TILEWISE_INSTANTIATE(T) \
  template Phase ConvSweep::phase(const std::string&, const kernels::KernelTable<T>&, const Operands&) const;
TILEWISE_INSTANTIATE(float)
TILEWISE_INSTANTIATE(double)
TILEWISE_INSTANTIATE(std::int64_t)
#undef TILEWISE_INSTANTIATE

}  // namespace tilewise::ops
