#include "ops/pool2d.hpp"

#include <algorithm>

#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

/// The geometry of one pooling pass over images of `in` places.
struct PoolSweep {
  Window2D window;
  Extent2D in, out;
  std::int64_t channels;

  PoolSweep(const Window2D& window, const Shape& image)
      : window(window), in{image[0], image[1]}, out(window.out(in)), channels(image[2]) {}

  std::int64_t in_image() const noexcept { return in.height * in.width * channels; }
  std::int64_t out_image() const noexcept { return out.height * out.width * channels; }
  std::int64_t in_row() const noexcept { return window.dilation.height * in.width * channels; }
  std::int64_t in_column() const noexcept { return window.dilation.width * channels; }
  std::int64_t positions() const noexcept { return window.size.height * window.size.width; }
  bool wide_index() const noexcept { return positions() > kernels::max_u8_positions; }

  bool disjoint() const noexcept {
    return (window.size.height - 1) * window.dilation.height < window.stride.height &&
           (window.size.width - 1) * window.dilation.width < window.stride.width;
  }
  /// Whether each input lies in exactly one window.
  bool tiles_exactly() const noexcept {
    return window.stride == window.size && window.dilation == Extent2D{1, 1} && window.padding == Sides{} &&
           out.height * window.stride.height == in.height && out.width * window.stride.width == in.width;
  }

  /// Calls f(first column of the run, number of columns, row taps, column taps) for runs of output columns that are cut
  /// alike by the padding; single columns if windows overlap.
  template <class F>
  void for_runs(std::int64_t row, F&& f) const {
    const TapRange vertical = taps_of_output(row, in.height, window.size.height, window.stride.height,
                                             window.dilation.height, window.padding.top);
    for (std::int64_t column = 0; column < out.width;) {
      const TapRange first = column_taps(column);
      std::int64_t count = 1;
      while (disjoint() && column + count < out.width && column_taps(column + count).first == first.first &&
             column_taps(column + count).count == first.count)
        ++count;
      f(column, count, vertical, first);
      column += count;
    }
  }

  kernels::PoolWindow part(const TapRange& vertical, const TapRange& horizontal) const {
    return {static_cast<std::int32_t>(vertical.count), static_cast<std::int32_t>(horizontal.count),
            static_cast<std::int32_t>(vertical.first), static_cast<std::int32_t>(horizontal.first),
            static_cast<std::int32_t>(window.size.width)};
  }

 private:
  TapRange column_taps(std::int64_t column) const {
    return taps_of_output(column, in.width, window.size.width, window.stride.width, window.dilation.width,
                          window.padding.left);
  }
};

void expect_pool_image(const Op& op, const std::vector<TensorSpec>& inputs, const Window2D& window) {
  if (inputs.size() != 1 || inputs[0].shape.rank() != 3 || inputs[0].storage != Storage::batched ||
      inputs[0].element != Element::scalar)
    throw ShapeError(std::string(op.kind()) + ": expected a batch of height x width x channels");
  const Extent2D in{inputs[0].shape[0], inputs[0].shape[1]}, out = window.out(in);
  const auto expect_real_input = [&](std::int64_t places, auto taps) {
    for (std::int64_t place = 0; place < places; ++place)
      if (taps(place).count == 0)
        throw ShapeError(std::string(op.kind()) + ": a window lies wholly in the padding; expected less padding");
  };
  expect_real_input(out.height, [&](std::int64_t row) {
    return taps_of_output(row, in.height, window.size.height, window.stride.height, window.dilation.height,
                          window.padding.top);
  });
  expect_real_input(out.width, [&](std::int64_t column) {
    return taps_of_output(column, in.width, window.size.width, window.stride.width, window.dilation.width,
                          window.padding.left);
  });
}

TensorSpec pooled(const TensorSpec& image, const Window2D& window, Element element = Element::scalar) {
  const Extent2D out = window.out({image.shape[0], image.shape[1]});
  return {{out.height, out.width, image.shape[2]}, Storage::batched, element};
}

Element index_element(const Window2D& window) {
  return window.size.height * window.size.width > kernels::max_u8_positions ? Element::u32 : Element::u8;
}

template <class T>
void clear_images(T* images, std::int64_t image_elements, const Work& work) {
  std::fill(images + work.image_begin * image_elements, images + work.image_end * image_elements, T{});
}

template <class T>
void max_pool(const kernels::KernelTable<T>& table, const PoolSweep& sweep, const T* in, T* out, std::byte* index,
              const Work& work) {
  const std::int64_t index_bytes = sweep.wide_index() ? 4 : 1;
  for (std::int64_t image = work.image_begin; image < work.image_end; ++image)
    for (std::int64_t row = work.item_begin; row < work.item_end; ++row)
      sweep.for_runs(row, [&](std::int64_t column, std::int64_t count, const TapRange& vertical,
                              const TapRange& horizontal) {
        const std::int64_t place = image * sweep.out_image() + (row * sweep.out.width + column) * sweep.channels;
        table.max_pool({in + image * sweep.in_image() +
                            (vertical.first_place * sweep.in.width + horizontal.first_place) * sweep.channels,
                        out + place, index ? index + place * index_bytes : nullptr,
                        sweep.window.stride.width * sweep.channels, sweep.in_row(), sweep.in_column(), sweep.channels,
                        count, sweep.channels, sweep.part(vertical, horizontal), sweep.wide_index()});
      });
}

/// Item = an output row if each input lies in exactly one window, else the whole image.
template <class T>
void max_pool_backward(const kernels::KernelTable<T>& table, const PoolSweep& sweep, const T* out_gradient,
                       const std::byte* index, T* in_gradient, const Work& work) {
  const std::int64_t index_bytes = sweep.wide_index() ? 4 : 1;
  const bool exact = sweep.tiles_exactly();
  if (!exact) clear_images(in_gradient, sweep.in_image(), work);
  const std::int64_t row_begin = exact ? work.item_begin : 0, row_end = exact ? work.item_end : sweep.out.height;
  for (std::int64_t image = work.image_begin; image < work.image_end; ++image)
    for (std::int64_t row = row_begin; row < row_end; ++row)
      sweep.for_runs(
          row, [&](std::int64_t column, std::int64_t count, const TapRange& vertical, const TapRange& horizontal) {
            const std::int64_t place = image * sweep.out_image() + (row * sweep.out.width + column) * sweep.channels;
            table.max_pool_backward(
                {out_gradient + place, index + place * index_bytes,
                 in_gradient + image * sweep.in_image() +
                     (vertical.first_place * sweep.in.width + horizontal.first_place) * sweep.channels,
                 sweep.window.stride.width * sweep.channels, sweep.in_row(), sweep.in_column(), sweep.channels, count,
                 sweep.channels, sweep.part(vertical, horizontal), sweep.wide_index(), !exact});
          });
}

template <class T>
void average_pool(const kernels::KernelTable<T>& table, const PoolSweep& sweep, const T* in, T* out, const Work& work) {
  for (std::int64_t image = work.image_begin; image < work.image_end; ++image)
    for (std::int64_t row = work.item_begin; row < work.item_end; ++row)
      sweep.for_runs(
          row, [&](std::int64_t column, std::int64_t count, const TapRange& vertical, const TapRange& horizontal) {
            table.average_pool({in + image * sweep.in_image() +
                                    (vertical.first_place * sweep.in.width + horizontal.first_place) * sweep.channels,
                                out + image * sweep.out_image() + (row * sweep.out.width + column) * sweep.channels,
                                sweep.window.stride.width * sweep.channels, sweep.in_row(), sweep.in_column(),
                                sweep.channels, count, sweep.channels, static_cast<std::int32_t>(vertical.count),
                                static_cast<std::int32_t>(horizontal.count),
                                static_cast<T>(vertical.count * horizontal.count)});
          });
}

template <class T>
void average_pool_backward(const kernels::KernelTable<T>& table, const PoolSweep& sweep, const T* out_gradient,
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
                 static_cast<T>(vertical.count * horizontal.count)});
          });
}

Step one_phase(const char* name, std::int64_t items, std::function<void(Tensors, const Work&)> run) {
  return {"", {{name, items, true, 0, std::move(run)}}, {}};
}

}  // namespace

std::vector<TensorSpec> MaxPool2D::infer(const std::vector<TensorSpec>& inputs) const {
  expect_pool_image(*this, inputs, window_);
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

std::vector<TensorSpec> AveragePool2D::infer(const std::vector<TensorSpec>& inputs) const {
  expect_pool_image(*this, inputs, window_);
  return {pooled(inputs[0], window_)};
}

std::vector<ValueId> AveragePool2D::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  return graph.emit(std::make_shared<AveragePool2DBackward>(window_, graph.spec(request.inputs[0]).shape),
                    {request.output_gradients[0]});
}

Step AveragePool2D::lower(const LowerRequest& request) const {
  const PoolSweep sweep(window_, request.inputs[0].shape);
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    return one_phase("forward", sweep.out.height, [&table, sweep](Tensors tensors, const Work& work) {
      average_pool(table, sweep, tensor<const T>(tensors, 0), tensor<T>(tensors, 1), work);
    });
  });
}

std::vector<TensorSpec> AveragePool2DBackward::infer(const std::vector<TensorSpec>& inputs) const {
  const TensorSpec image{image_};
  expect_inputs(*this, inputs, {pooled(image, window_)});
  return {image};
}

Step AveragePool2DBackward::lower(const LowerRequest& request) const {
  const PoolSweep sweep(window_, image_);
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    return one_phase("backward", 1, [&table, sweep](Tensors tensors, const Work& work) {
      average_pool_backward(table, sweep, tensor<const T>(tensors, 0), tensor<T>(tensors, 1), work);
    });
  });
}

}  // namespace tilewise::ops
