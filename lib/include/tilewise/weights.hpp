#pragma once

#include <string>
#include <vector>

#include "tilewise/shape.hpp"

#pragma GCC visibility push(default)
namespace tilewise {

/// A parameter's values in Keras's layout, row-major: kernels HWIO or in x out.
struct Weights {
  std::string name;  ///< "conv2d/kernel"
  Shape shape;
  std::vector<float> values;
};

}  // namespace tilewise
#pragma GCC visibility pop
