#include "ops/pool2d.hpp"

#include "eager/build.hpp"

namespace tilewise {

using namespace eager;

namespace {

/// The window, and the padding that the caller asked for: with ceil_mode the window may have more of it.
struct Pool {
  ops::Window2D window;
  ops::Sides padding;
};

template <class Params>
Pool pool_of(const std::string& op, const Shape& x, const Params& params) {
  require_rank(op, "x", x, 4, image_axes);
  const Size2D stride = params.stride == Size2D(0) ? params.window : params.stride;
  ops::Window2D window = ops::Window2D::resolve(extent_of_batch(x), params.window, stride, 1, params.padding);
  const ops::Sides padding = window.padding;
  if (params.ceil_mode) window.padding = window.ceil_padding(extent_of_batch(x));
  return {window, padding};
}

ops::Sides counted_sides(const Pool& pool, const AveragePool2DParams& params) {
  return params.count_include_pad ? pool.padding : ops::Sides{};
}

Shape pooled_sample(const Shape& x, const ops::Window2D& window) {
  const ops::Extent2D out = window.out(extent_of_batch(x));
  return {out.height, out.width, x[3]};
}

ops::Element index_element(const ops::Window2D& window) {
  const std::int64_t positions = window.size.height * window.size.width;
  return positions > kernels::max_u8_positions ? ops::Element::u32 : ops::Element::u8;
}

/// What max_pool2d does for both types of index.
template <class Index>
void max_pool2d_with(const ConstTensorView& x, const MaxPool2DParams& params, const TensorView& y, const Index& index) {
  prepare_max_pool2d(x.shape(), params).run(x, y, index);
}

template <class Index>
void max_pool2d_backward_with(const ConstTensorView& dy, const Index& index, const MaxPool2DParams& params,
                              const TensorView& dx) {
  prepare_max_pool2d_backward(dx.shape(), params).run(dy, index, dx);
}

}  // namespace

PreparedMaxPool2D prepare_max_pool2d(const Shape& x_shape, const MaxPool2DParams& params) {
  constexpr const char* name = "max_pool2d";
  return named(name, [&] {
    const ops::Window2D window = pool_of(name, x_shape, params).window;
    plan::Graph graph;
    const plan::ValueId x = graph.add_input("x", {sample_of(x_shape)});
    const auto outputs = graph.emit(std::make_shared<ops::MaxPool2D>(window), {x});
    return PreparedMaxPool2D(std::make_unique<OneOp>(name, graph, std::vector<Port>{{"x", x}},
                                                     std::vector<Port>{{"y", outputs[0]}, {"index", outputs[1], true}},
                                                     x_shape[0]));
  });
}

void PreparedMaxPool2D::run(const ConstTensorView& x, const TensorView& y) {
  op().run({x}, {y, TensorView{}});
}
void PreparedMaxPool2D::run(const ConstTensorView& x, const TensorView& y, const View<std::uint8_t>& index) {
  op().run({x}, {y, index});
}
void PreparedMaxPool2D::run(const ConstTensorView& x, const TensorView& y, const View<std::uint32_t>& index) {
  op().run({x}, {y, index});
}

void max_pool2d(const ConstTensorView& x, const MaxPool2DParams& params, const TensorView& y) {
  prepare_max_pool2d(x.shape(), params).run(x, y);
}
void max_pool2d(const ConstTensorView& x, const MaxPool2DParams& params, const TensorView& y,
                const View<std::uint8_t>& index) {
  max_pool2d_with(x, params, y, index);
}
void max_pool2d(const ConstTensorView& x, const MaxPool2DParams& params, const TensorView& y,
                const View<std::uint32_t>& index) {
  max_pool2d_with(x, params, y, index);
}

PreparedMaxPool2DBackward prepare_max_pool2d_backward(const Shape& x_shape, const MaxPool2DParams& params) {
  constexpr const char* name = "max_pool2d_backward";
  return named(name, [&] {
    const ops::Window2D window = pool_of(name, x_shape, params).window;
    const Shape pooled = pooled_sample(x_shape, window);
    plan::Graph graph;
    const plan::ValueId dy = graph.add_input("dy", {pooled});
    const plan::ValueId index = graph.add_input("index", {pooled, ops::Storage::batched, index_element(window)});
    const plan::ValueId dx =
        graph.emit(std::make_shared<ops::MaxPool2DBackward>(window, sample_of(x_shape)), {dy, index})[0];
    return PreparedMaxPool2DBackward(std::make_unique<OneOp>(
        name, graph, std::vector<Port>{{"dy", dy}, {"index", index}}, std::vector<Port>{{"dx", dx}}, x_shape[0]));
  });
}

void PreparedMaxPool2DBackward::run(const ConstTensorView& dy, const View<const std::uint8_t>& index,
                                    const TensorView& dx) {
  op().run({dy, index}, {dx});
}
void PreparedMaxPool2DBackward::run(const ConstTensorView& dy, const View<const std::uint32_t>& index,
                                    const TensorView& dx) {
  op().run({dy, index}, {dx});
}

void max_pool2d_backward(const ConstTensorView& dy, const View<const std::uint8_t>& index,
                         const MaxPool2DParams& params, const TensorView& dx) {
  max_pool2d_backward_with(dy, index, params, dx);
}
void max_pool2d_backward(const ConstTensorView& dy, const View<const std::uint32_t>& index,
                         const MaxPool2DParams& params, const TensorView& dx) {
  max_pool2d_backward_with(dy, index, params, dx);
}

PreparedAveragePool2D prepare_average_pool2d(const Shape& x_shape, const AveragePool2DParams& params) {
  constexpr const char* name = "average_pool2d";
  return named(name, [&] {
    plan::Graph graph;
    const Pool pool = pool_of(name, x_shape, params);
    const ops::Sides counted = counted_sides(pool, params);
    const plan::ValueId x = graph.add_input("x", {sample_of(x_shape)});
    const plan::ValueId y = graph.emit(std::make_shared<ops::AveragePool2D>(pool.window, counted), {x})[0];
    return PreparedAveragePool2D(
        std::make_unique<OneOp>(name, graph, std::vector<Port>{{"x", x}}, std::vector<Port>{{"y", y}}, x_shape[0]));
  });
}

void PreparedAveragePool2D::run(const ConstTensorView& x, const TensorView& y) {
  op().run({x}, {y});
}

void average_pool2d(const ConstTensorView& x, const AveragePool2DParams& params, const TensorView& y) {
  prepare_average_pool2d(x.shape(), params).run(x, y);
}

PreparedAveragePool2DBackward prepare_average_pool2d_backward(const Shape& x_shape, const AveragePool2DParams& params) {
  constexpr const char* name = "average_pool2d_backward";
  return named(name, [&] {
    const Pool pool = pool_of(name, x_shape, params);
    const ops::Sides counted = counted_sides(pool, params);
    plan::Graph graph;
    const plan::ValueId dy = graph.add_input("dy", {pooled_sample(x_shape, pool.window)});
    const plan::ValueId dx =
        graph.emit(std::make_shared<ops::AveragePool2DBackward>(pool.window, sample_of(x_shape), counted), {dy})[0];
    return PreparedAveragePool2DBackward(
        std::make_unique<OneOp>(name, graph, std::vector<Port>{{"dy", dy}}, std::vector<Port>{{"dx", dx}}, x_shape[0]));
  });
}

void PreparedAveragePool2DBackward::run(const ConstTensorView& dy, const TensorView& dx) {
  op().run({dy}, {dx});
}

void average_pool2d_backward(const ConstTensorView& dy, const AveragePool2DParams& params, const TensorView& dx) {
  prepare_average_pool2d_backward(dx.shape(), params).run(dy, dx);
}

}  // namespace tilewise
