#pragma once

#include <cstdint>

#include "kernels/contracts/activation.hpp"
#include "kernels/contracts/classification.hpp"
#include "kernels/contracts/conv_dot.hpp"
#include "kernels/contracts/convolution.hpp"
#include "kernels/contracts/depthwise.hpp"
#include "kernels/contracts/elementwise.hpp"
#include "kernels/contracts/exp_log.hpp"
#include "kernels/contracts/normalization.hpp"
#include "kernels/contracts/optimizer.hpp"
#include "kernels/contracts/peak.hpp"
#include "kernels/contracts/pooled_convolution.hpp"
#include "kernels/contracts/pooling.hpp"
#include "kernels/contracts/targets.hpp"
#include "kernels/contracts/transform.hpp"

/// The contracts of all kernels, by theme, and the table that holds them. A kernel knows one tile and one core: it
/// takes plain pointers and strides (in elements, not bytes), allocates nothing, throws nothing, keeps nothing, and
/// touches no element that its contract does not name. T is float, double or std::int64_t; only float has tables beyond
/// the reference.
namespace tilewise::kernels {

/// Every kernel of one ISA, and what its tiles look like. A null kernel is absent: the ISA leaves it to the reference.
template <class T>
struct KernelTable {
  const char* isa = nullptr;
  /// Output channels per block of packed weights.
  std::int32_t channel_block = 0;
  /// Places (ConvTileArgs::count) that one register tile holds; a multiple of it leaves no remainder.
  std::int32_t tile_places = 0;
  /// For the cost model of transforms: how many multiply-adds of 16 floats a core does in the time in which a cache
  /// line comes from beyond its second-level cache.
  std::int32_t far_line_cost = 0;
  /// Whether products of slices are fastest in narrow register tiles. They take more loads for a multiply-add than wide
  /// ones and spread their stores, which a Zen 4 does beside its one multiply-add of 512 bits a cycle.
  bool narrow_tiles = false;
#define KERNEL(name, Args) void (*name)(const Args<T>&) = nullptr;
#include "kernels/kernels.inc"
#undef KERNEL
  /// By Transform; of those that the ISA does not have, null. The reference has none.
  TransformKernels<T> transforms[transform_count] = {};
  const TransformKernels<T>& of(Transform transform) const {
    return transforms[static_cast<int>(transform)];
  }
};

/// Plain loops: the oracle of the tests and the last fall-back. T: float, double, std::int64_t.
template <class T>
const KernelTable<T>& reference_table();

}  // namespace tilewise::kernels
