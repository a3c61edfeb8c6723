#pragma once

#include "kernels/activation.hpp"
#include "kernels/classification.hpp"
#include "kernels/conv3x3_pool.hpp"
#include "kernels/conv_direct.hpp"
#include "kernels/conv_dot.hpp"
#include "kernels/depthwise.hpp"
#include "kernels/elementwise.hpp"
#include "kernels/kernels.hpp"
#include "kernels/normalization.hpp"
#include "kernels/optimizer.hpp"
#include "kernels/peak.hpp"
#include "kernels/pool.hpp"
#include "kernels/pooled_conv.hpp"
#include "kernels/transform/slice_product.hpp"
#include "kernels/transform/transforms.hpp"
#include "kernels/transpose.hpp"
#include "kernels/vector_math.hpp"

namespace tilewise::kernels {
namespace {

/// The kernels of one Arch. Register tiles hold `Places` places (or rows of weights) x `BlockVectors` vectors of output
/// channels.
template <class Arch, int Places, int BlockVectors>
consteval KernelTable<float> vector_table(const char* isa) {
  KernelTable<float> table;
  table.isa = isa;
  table.channel_block = channel_block<Arch, BlockVectors>;
  table.tile_places = Places;
  table.conv_tile = &conv_tile<Arch, Places, BlockVectors>;
  table.conv_weights_tile = &conv_weights_tile<Arch, Places, BlockVectors>;
  table.conv_dot_tile = &conv_dot_tile<Arch>;
  table.conv3x3_pool_tile = &conv3x3_pool_tile<Arch, BlockVectors>;
  table.winograd_tiles = &winograd_tiles<Arch>;
  table.winograd_pool_tile = &winograd_pool_tile<Arch, BlockVectors>;
  table.pool_quads = &pool_quads<Arch>;
  // The sums of 3x3 taps; two vectors of each where there are 32 registers.
  table.pooled_weights_tile = &pooled_weights_tile<Arch, (Places * BlockVectors > 18 ? 2 : 1), BlockVectors>;
  table.depthwise_tile = &depthwise_tile<Arch, Places, BlockVectors>;
  table.depthwise_weights_tile = &depthwise_weights_tile<Arch, Places, BlockVectors>;
  table.fold_channels = &fold_channels<Arch>;
  table.column_sum = &column_sum<Arch>;
  table.transpose = &transpose<Arch>;
  table.max_pool = &max_pool<Arch>;
  table.max_pool_backward = &max_pool_backward<Arch>;
  table.average_pool = &average_pool<Arch>;
  table.average_pool_backward = &average_pool_backward<Arch>;
  table.relu = &relu<Arch>;
  table.relu_backward = &relu_backward<Arch>;
  table.add = &add<Arch>;
  table.exponential = &exponential<Arch>;
  table.logarithm = &logarithm<Arch>;
  table.tanh = &tanh<Arch>;
  table.tanh_backward = &tanh_backward<Arch>;
  table.sigmoid = &sigmoid<Arch>;
  table.sigmoid_backward = &sigmoid_backward<Arch>;
  table.leaky_relu = &leaky_relu<Arch>;
  table.leaky_relu_backward = &leaky_relu_backward<Arch>;
  table.masked_scale = &masked_scale<Arch>;
  table.clamp = &clamp<Arch>;
  table.scale = &scale<Arch>;
  table.squared_error_backward = &squared_error_backward<Arch>;
  table.centered_sum = &centered_sum<Arch>;
  table.normalize = &normalize<Arch>;
  table.normalize_backward = &normalize_backward<Arch>;
  table.softmax = &softmax<Arch>;
  table.sgd_update = &sgd_update<Arch>;
  table.sgd_momentum_update = &sgd_momentum_update<Arch>;
  table.adam_update = &adam_update<Arch>;
  table.rmsprop_update = &rmsprop_update<Arch>;
  table.fma_peak = &fma_peak<Arch>;
  return table;
}

/// The same with the transforms, whose products are made of tiles of at most `Sums` vectors, `MaxVectors` wide.
template <class Arch, int Sums, int MaxVectors>
consteval KernelTable<float> with_transforms(KernelTable<float> table, int far_line_cost) {
  table.far_line_cost = far_line_cost;
  table.slice_product = &slice_product<Arch, Sums, MaxVectors>;
  table.slice_gradient = &slice_gradient<Arch, Sums, MaxVectors>;
  int number = 0;
#define TRANSFORM(name, Type, slots, outputs, slices, groups, cyclic, near_direct) \
  table.transforms[number++] = transform_kernels<Arch, Type>;
#include "kernels/transforms.inc"
#undef TRANSFORM
  return table;
}

}  // namespace
}  // namespace tilewise::kernels
