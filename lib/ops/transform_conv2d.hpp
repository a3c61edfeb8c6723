#pragma once

#include "ops/conv2d.hpp"
#include "ops/gradient_source.hpp"
#include "ops/image.hpp"
#include "ops/transform_conv.hpp"

namespace tilewise::ops {

/// Conv2D by a transform, of images `image`: of one group, where has_transforms(). inputs: the image and the kernel's
/// WeightSlices or, where these would serve once, the image's TransformRows and the kernel, whose slices are then made
/// a group at a time; bias or no_value. outputs: those of Conv2D. Only `choose` makes it, of a Conv2D.
class TransformConv2D final : public Op {
 public:
  TransformConv2D(kernels::Transform transform, const Conv2DAttributes& attributes, const Shape& image,
                  std::int64_t out_channels)
      : transform_(transform), attributes_(attributes), image_(image), out_channels_(out_channels) {}

  std::string_view kind() const noexcept override { return "conv2d"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  double flops(const LowerRequest& request) const override;

 private:
  kernels::Transform transform_;
  Conv2DAttributes attributes_;
  Shape image_;
  std::int64_t out_channels_;
};

/// Conv2DBackward, in the same way. inputs: what the gradient of the output is made from; for the kernel's gradient the
/// image's TransformRows, else no_value; for the image's the transposed kernel, else no_value; the second of what the
/// gradient is made from, if there is one. outputs: those of Conv2DBackward.
class TransformConv2DBackward final : public Op {
 public:
  TransformConv2DBackward(kernels::Transform transform, const Window2D& window, const Shape& image,
                          const Shape& kernel_shape, const GradientSource& source = {})
      : transform_(transform), window_(window), image_(image), kernel_shape_(kernel_shape), source_(source) {}
  const GradientSource& source() const noexcept { return source_; }
  /// The same, whose gradient comes from there.
  std::shared_ptr<const TransformConv2DBackward> with(const GradientSource& source) const {
    return std::make_shared<TransformConv2DBackward>(transform_, window_, image_, kernel_shape_, source);
  }

  std::string_view kind() const noexcept override { return "conv2d_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  double flops(const LowerRequest& request) const override;
  bool is_optional(std::size_t) const noexcept override { return true; }

 private:
  TensorSpec output() const { return image_spec(window_.out({image_[0], image_[1]}), kernel_shape_[3]); }

  kernels::Transform transform_;
  Window2D window_;
  Shape image_, kernel_shape_;
  GradientSource source_;
};

}  // namespace tilewise::ops
