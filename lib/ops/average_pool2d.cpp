#include <algorithm>

#include "ops/pool2d.hpp"
#include "ops/pool_sweep.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

/// A pooling pass that knows what to divide by.
struct AverageSweep : PoolSweep {
  Sides counted;

  AverageSweep(const Window2D& window, const Shape& image, const Sides& counted)
      : PoolSweep(window, image), counted(counted) {}

  /// Positions of the window at this output place that count.
  std::int64_t divisor(std::int64_t row, std::int64_t column) const {
    const TapRange vertical =
        taps_of_output(row, counted.top + in.height + counted.bottom, window.size.height, window.stride.height,
                       window.dilation.height, window.padding.top - counted.top);
    const TapRange horizontal =
        taps_of_output(column, counted.left + in.width + counted.right, window.size.width, window.stride.width,
                       window.dilation.width, window.padding.left - counted.left);
    return vertical.count * horizontal.count;
  }
};

void expect_counted(const Op& op, const Sides& counted) {
  const auto [least, most] = std::minmax({counted.top, counted.bottom, counted.left, counted.right});
  constexpr std::int64_t largest = 0x7FFFFFFF;  // as for any padding
  if (least < 0 || most > largest)
    throw ShapeError(std::string(op.kind()) + ": counted padding of " + std::to_string(least < 0 ? least : most) +
                     "; expected 0 to " + std::to_string(largest));
}

template <class T>
void average_pool(const kernels::KernelTable<T>& table, const AverageSweep& sweep, const T* in, T* out,
                  const Work& work) {
  for (std::int64_t image = work.image_begin; image < work.image_end; ++image)
    for (std::int64_t row = work.item_begin; row < work.item_end; ++row)
      sweep.for_runs(row, [&](std::int64_t column, std::int64_t count, const TapRange& vertical,
                              const TapRange& horizontal) {
        table.average_pool({in + image * sweep.in_image() +
                                (vertical.first_place * sweep.in.width + horizontal.first_place) * sweep.channels,
                            out + image * sweep.out_image() + (row * sweep.out.width + column) * sweep.channels,
                            sweep.window.stride.width * sweep.channels, sweep.in_row(), sweep.in_column(),
                            sweep.channels, count, sweep.channels, static_cast<std::int32_t>(vertical.count),
                            static_cast<std::int32_t>(horizontal.count), static_cast<T>(sweep.divisor(row, column))});
      });
}

template <class T>
void average_pool_backward(const kernels::KernelTable<T>& table, const AverageSweep& sweep, const T* out_gradient,
                           T* in_gradient, const Work& work) {
  clear_images(in_gradient, sweep.in_image(), work);
  for (std::int64_t image = work.image_begin; image < work.image_end; ++image)
    for (std::int64_t row = 0; row < sweep.out.height; ++row)
      sweep.for_runs(
          row, [&](std::int64_t column, std::int64_t count, const TapRange& vertical, const TapRange& horizontal) {
            table.average_pool_backward(
                {out_gradient + image * sweep.out_image() + (row * sweep.out.width + column) * sweep.channels,
                 in_gradient + image * sweep.in_image() +
                     (vertical.first_place * sweep.in.width + horizontal.first_place) * sweep.channels,
                 sweep.window.stride.width * sweep.channels, sweep.in_row(), sweep.in_column(), sweep.channels, count,
                 sweep.channels, static_cast<std::int32_t>(vertical.count), static_cast<std::int32_t>(horizontal.count),
                 static_cast<T>(sweep.divisor(row, column))});
          });
}

}  // namespace

std::vector<TensorSpec> AveragePool2D::infer(const std::vector<TensorSpec>& inputs) const {
  expect_counted(*this, counted_);
  if (inputs.size() != 1) throw ShapeError(std::string(kind()) + ": expected one image");
  expect_pool_image(*this, inputs[0], window_);
  return {pooled(inputs[0], window_)};
}

std::vector<ValueId> AveragePool2D::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  return graph.emit(std::make_shared<AveragePool2DBackward>(window_, graph.spec(request.inputs[0]).shape, counted_),
                    {request.output_gradients[0]});
}

Step AveragePool2D::lower(const LowerRequest& request) const {
  const AverageSweep sweep(window_, request.inputs[0].shape, counted_);
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    return one_phase("forward", sweep.out.height, [&table, sweep](Tensors tensors, const Work& work) {
      average_pool(table, sweep, tensor<const T>(tensors, 0), tensor<T>(tensors, 1), work);
    });
  });
}

std::vector<TensorSpec> AveragePool2DBackward::infer(const std::vector<TensorSpec>& inputs) const {
  expect_counted(*this, counted_);
  const TensorSpec image{image_};
  expect_pool_image(*this, image, window_);
  expect_inputs(*this, inputs, {pooled(image, window_)});
  return {image};
}

Step AveragePool2DBackward::lower(const LowerRequest& request) const {
  const AverageSweep sweep(window_, image_, counted_);
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    return one_phase("backward", 1, [&table, sweep](Tensors tensors, const Work& work) {
      average_pool_backward(table, sweep, tensor<const T>(tensors, 0), tensor<T>(tensors, 1), work);
    });
  });
}

}  // namespace tilewise::ops
