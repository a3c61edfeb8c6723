#pragma once

#include <vector>

#include "support/pick.hpp"
#include "tilewise/tilewise.hpp"

// Random options of every layer and every loss: a new one is a function and a line in layer_cases.cpp.
namespace tilewise::test {

/// A layer with random options, called on `x`, an image, or on what a layer that takes vectors makes of it.
struct DrawnLayer {
  const char* kind;
  Tensor (*draw)(Pick& pick, const Tensor& x);
};
const std::vector<DrawnLayer>& every_layer();

/// A loss with random options, and an end of a network that it takes.
struct LossCase {
  Loss loss;
  Tensor output;
};
struct DrawnLoss {
  const char* name;
  LossCase (*draw)(Pick& pick, const Tensor& x, std::int64_t classes);
};
const std::vector<DrawnLoss>& every_loss();

/// Blocks with short cuts, a shared layer, and branches that are joined.
Tensor draw_branches(Pick& pick, const Tensor& x);

/// `x` through a convolution: trained weights before the layer under test, so that what comes back through it is seen.
Tensor draw_image(Pick& pick, const Tensor& x);

}  // namespace tilewise::test
