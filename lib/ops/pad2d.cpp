#include "ops/pad2d.hpp"

#include <algorithm>

#include "base/checked.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

void expect_image(const Op& op, const std::vector<TensorSpec>& inputs, const Sides& sides) {
  if (inputs.size() != 1 || inputs[0].shape.rank() != 3 || inputs[0].storage != Storage::batched ||
      inputs[0].element != Element::scalar)
    throw ShapeError(std::string(op.kind()) + ": expected a batch of height x width x channels");
  if (const std::int64_t least = std::min({sides.top, sides.bottom, sides.left, sides.right}); least < 0)
    throw ShapeError(std::string(op.kind()) + ": " + std::to_string(least) +
                     " rows or columns at a side; expected 0 or more");
}

/// An image, and where in it a smaller one lies.
struct Frame {
  std::int64_t height, width, channels;  ///< of the smaller one
  Sides sides;

  Frame(const Shape& inner, const Sides& sides_)
      : height(inner[0]), width(inner[1]), channels(inner[2]), sides(sides_) {}
  std::int64_t inner_row() const noexcept { return width * channels; }
  std::int64_t outer_row() const noexcept { return (sides.left + width + sides.right) * channels; }
  std::int64_t inner_image() const noexcept { return height * inner_row(); }
  std::int64_t outer_image() const noexcept { return (sides.top + height + sides.bottom) * outer_row(); }
  /// Where row `row` of the inner image begins in the outer one.
  std::int64_t place(std::int64_t row) const noexcept {
    return (sides.top + row) * outer_row() + sides.left * channels;
  }
};

template <class T>
void pad_image(const Frame& frame, const T* in, T* out) {
  T* end = out + frame.outer_image();
  for (std::int64_t row = 0; row < frame.height; ++row) {
    T* to = row == 0 ? std::fill_n(out, frame.place(0), T{})
                     : std::fill_n(out, (frame.sides.left + frame.sides.right) * frame.channels, T{});
    out = std::copy_n(in + row * frame.inner_row(), frame.inner_row(), to);
  }
  std::fill(out, end, T{});
}

template <class T>
void crop_image(const Frame& frame, const T* in, T* out) {
  for (std::int64_t row = 0; row < frame.height; ++row)
    std::copy_n(in + frame.place(row), frame.inner_row(), out + row * frame.inner_row());
}

}  // namespace

std::vector<TensorSpec> Pad2D::infer(const std::vector<TensorSpec>& inputs) const {
  expect_image(*this, inputs, padding_);
  using base::checked_add;
  const Shape& in = inputs[0].shape;
  return {{{checked_add(checked_add(in[0], padding_.top), padding_.bottom),
            checked_add(checked_add(in[1], padding_.left), padding_.right), in[2]}}};
}

std::vector<ValueId> Pad2D::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  return graph.emit(std::make_shared<Crop2D>(padding_), {request.output_gradients[0]});
}

Step Pad2D::lower(const LowerRequest& request) const {
  const Frame frame(request.inputs[0].shape, padding_);
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>&) {
    Phase phase{"forward", 1, true, 0, [frame](Tensors tensors, const Work& work) {
                  for (std::int64_t image = work.image_begin; image < work.image_end; ++image)
                    pad_image(frame, tensor<const T>(tensors, 0) + image * frame.inner_image(),
                              tensor<T>(tensors, 1) + image * frame.outer_image());
                }};
    return Step{"", {std::move(phase)}, {}};
  });
}

std::vector<TensorSpec> Crop2D::infer(const std::vector<TensorSpec>& inputs) const {
  expect_image(*this, inputs, cropping_);
  const Shape& in = inputs[0].shape;
  const std::int64_t height = in[0] - base::checked_add(cropping_.top, cropping_.bottom),
                     width = in[1] - base::checked_add(cropping_.left, cropping_.right);
  if (height < 0 || width < 0)
    throw ShapeError("crop2d: more rows or columns than " + in.to_string() + " has are taken away");
  return {{{height, width, in[2]}}};
}

Step Crop2D::lower(const LowerRequest& request) const {
  const Frame frame(request.outputs[0].shape, cropping_);
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>&) {
    Phase phase{"forward", 1, true, 0, [frame](Tensors tensors, const Work& work) {
                  for (std::int64_t image = work.image_begin; image < work.image_end; ++image)
                    crop_image(frame, tensor<const T>(tensors, 0) + image * frame.outer_image(),
                               tensor<T>(tensors, 1) + image * frame.inner_image());
                }};
    return Step{"", {std::move(phase)}, {}};
  });
}

}  // namespace tilewise::ops
