#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/kernels.hpp"
#include "support/draw.hpp"
#include "support/guarded.hpp"

// One Case for each argument struct of kernels.inc: it draws a call (shape, strides, data) and makes it on any table
// and scalar.
namespace tilewise::test {

using namespace kernels;

/// The tile sizes of the ISA under test, whose tails the shapes must meet.
struct TileSizes {
  std::int64_t places, block;
};

/// Everything that a call wrote, and all that lies between: also what must stay untouched.
struct Results {
  std::vector<double> values;
  std::vector<double> indices;

  template <class T>
  void add_values(const T* data, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) values.push_back(Buffers<T>::to_double(data[i]));
  }
  template <class I>
  void add_indices(const I* data, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) indices.push_back(static_cast<double>(data[i]));
  }
};

inline void make_absolute(std::vector<double>& values) {
  for (double& x : values) x = std::fabs(x);
}

template <template <class> class Args>
struct Case;  // a kernel without one does not compile: every kernel has its test

}  // namespace tilewise::test
