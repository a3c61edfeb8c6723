#include "ops/image.hpp"

#include "tilewise/error.hpp"

namespace tilewise::ops {

void expect_image(const Op& op, const TensorSpec& spec) {
  if (spec.shape.rank() != 3 || spec.storage != Storage::batched || spec.element != Element::scalar)
    throw ShapeError(std::string(op.kind()) + ": the image is " + to_string(spec) +
                     "; expected a batch of height x width x channels");
}

}  // namespace tilewise::ops
