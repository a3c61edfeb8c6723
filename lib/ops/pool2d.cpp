#include "ops/pool2d.hpp"

#include "ops/pool_sweep.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

template <class T>
void max_pool(const kernels::KernelTable<T>& table, const PoolSweep& sweep, const T* in, T* out, std::byte* index,
              const Work& work) {
  for (std::int64_t image = work.image_begin; image < work.image_end; ++image)
    for (std::int64_t row = work.item_begin; row < work.item_end; ++row)
      sweep.for_runs(row, [&](std::int64_t column, std::int64_t count, const TapRange& vertical,
                              const TapRange& horizontal) {
        const std::int64_t place = image * sweep.out_image() + (row * sweep.out.width + column) * sweep.channels;
        table.max_pool({in + image * sweep.in_image() +
                            (vertical.first_place * sweep.in.width + horizontal.first_place) * sweep.channels,
                        out + place, index ? index + place * sweep.index_bytes() : nullptr,
                        sweep.window.stride.width * sweep.channels, sweep.in_row(), sweep.in_column(), sweep.channels,
                        count, sweep.channels, sweep.part(vertical, horizontal), sweep.wide_index()});
      });
}

/// Item = an output row if each input lies in exactly one window, else the whole image.
template <class T>
void max_pool_backward(const kernels::KernelTable<T>& table, const PoolSweep& sweep, const T* out_gradient,
                       const std::byte* index, T* in_gradient, const Work& work) {
  const bool exact = sweep.tiles_exactly();
  if (!exact) clear_images(in_gradient, sweep.in_image(), work);
  const std::int64_t row_begin = exact ? work.item_begin : 0, row_end = exact ? work.item_end : sweep.out.height;
  for (std::int64_t image = work.image_begin; image < work.image_end; ++image)
    for (std::int64_t row = row_begin; row < row_end; ++row)
      max_pool_backward_row(table, sweep, row, out_gradient + image * sweep.out_image(),
                            index + image * sweep.out_image() * sweep.index_bytes(),
                            in_gradient + image * sweep.in_image(), sweep.channels, sweep.channels);
}

}  // namespace

std::vector<TensorSpec> MaxPool2D::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 1) throw ShapeError(std::string(kind()) + ": expected one image");
  expect_pool_image(*this, inputs[0], window_);
  return {pooled(inputs[0], window_), pooled(inputs[0], window_, index_element(window_))};
}

std::vector<ValueId> MaxPool2D::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  return graph.emit(std::make_shared<MaxPool2DBackward>(window_, graph.spec(request.inputs[0]).shape),
                    {request.output_gradients[0], request.outputs[1]});
}

Step MaxPool2D::lower(const LowerRequest& request) const {
  const PoolSweep sweep(window_, request.inputs[0].shape);
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    return one_phase("forward", sweep.out.height, [&table, sweep](Tensors tensors, const Work& work) {
      max_pool(table, sweep, tensor<const T>(tensors, 0), tensor<T>(tensors, 1), tensor<std::byte>(tensors, 2), work);
    });
  });
}

std::vector<TensorSpec> MaxPool2DBackward::infer(const std::vector<TensorSpec>& inputs) const {
  const TensorSpec image{image_};
  expect_pool_image(*this, image, window_);
  expect_inputs(*this, inputs, {pooled(image, window_), pooled(image, window_, index_element(window_))});
  return {image};
}

Step MaxPool2DBackward::lower(const LowerRequest& request) const {
  const PoolSweep sweep(window_, image_);
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    return one_phase("backward", sweep.tiles_exactly() ? sweep.out.height : 1,
                     [&table, sweep](Tensors tensors, const Work& work) {
                       max_pool_backward(table, sweep, tensor<const T>(tensors, 0), tensor<const std::byte>(tensors, 1),
                                         tensor<T>(tensors, 2), work);
                     });
  });
}

}  // namespace tilewise::ops
