#pragma once

#include "ops/transform_conv.hpp"

namespace tilewise::ops {

/// The phase that transforms the tiles of a step's tensor `image` along rows, to its tensor `half`.
Phase transform_rows_phase(const TransformConv& conv, const kernels::KernelTable<float>& table, std::size_t image,
                           std::size_t half);

/// What both passes of a 3x3 convolution by a transform begin with: the tiles of its image, transformed along rows.
/// input: image {H, W, C}. output: TransformConv::half_elements() of each. Only `choose` makes it.
class TransformRows final : public Op {
 public:
  TransformRows(kernels::Transform transform, const Window2D& window) : transform_(transform), window_(window) {}

  std::string_view kind() const noexcept override { return "transform_rows"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;

  friend bool operator==(const TransformRows& a, const TransformRows& b) {
    return a.transform_ == b.transform_ && a.window_ == b.window_;
  }

 private:
  TransformConv conv_of(const TensorSpec& image) const;

  kernels::Transform transform_;
  Window2D window_;
};

}  // namespace tilewise::ops
