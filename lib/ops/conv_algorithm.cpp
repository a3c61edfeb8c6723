#include "ops/conv_algorithm.hpp"

#include <cmath>

#include "base/checked.hpp"
#include "ops/transform_conv.hpp"

namespace tilewise::ops {

namespace {

// The cost model counts in fused multiply-adds of vectors of 16 floats. Only what a line of memory costs in these
// differs much between ISAs (far_line_cost). Its constants are from an Intel Xeon with AVX-512.
constexpr std::int64_t vector_width = kernels::transform_channels;
/// What direct convolution reaches of the peak, and products of slices, whose sums are short: depth / (depth +
/// overhead).
constexpr double direct_efficiency = 0.9, product_overhead = 6;
struct TileCost {
  /// Of one vector of a slot on its way into slices, or out of them: arithmetic, and lines that move between the
  /// caches.
  double slot, slot_lines;
  std::int64_t tiles_per_read;  ///< of the weights
};
TileCost cost_of_tile(const kernels::TransformShape& shape, bool transforms_weights) {
  constexpr std::int32_t few_slots = 4;
  if (shape.slots > few_slots) return {16, 2, 32};
  return {8, transforms_weights ? 2. : 0., 128};  // the nearest caches hold a few rows of tiles through all stages
}
/// In lines from far away, of a vector of weights that is transformed in each run: it is made and written.
constexpr double weight_transform_lines = 1.5;
/// More lines of weights than a third-level cache holds come from memory, at half the speed.
constexpr double cached_lines = (16 << 20) / 64;
/// A transform that gains less may lose, for the model is not exact.
constexpr double needed_gain = 0.8;

double vectors(std::int64_t channels) {
  return double(base::ceil_div(channels, vector_width));
}

double direct_cost(const ConvProblem& problem) {
  const Extent2D out = problem.window.out(problem.in);
  return double(problem.batch * out.height * out.width * 9 * problem.in_channels) * vectors(problem.out_channels) /
         direct_efficiency;
}

double cost_of(const ConvProblem& problem, kernels::Transform transform, double line) {
  const TransformConv conv(transform, problem.window, problem.in, problem.in_channels, problem.out_channels);
  const double tiles = double(problem.batch * conv.tiles()), slices = double(conv.shape().slices);
  const TileCost tile = cost_of_tile(conv.shape(), problem.transforms_weights);
  const double slots = double(conv.shape().slots), depth = double(problem.in_channels);
  const double channels = vectors(problem.in_channels) + vectors(problem.out_channels);
  const double weights = slices * depth * vectors(problem.out_channels);
  const double reads = double(base::ceil_div(problem.batch * conv.tiles(), tile.tiles_per_read));
  return tiles * weights * (1 + product_overhead / depth) +
         tiles * channels * slots * slots * (tile.slot + tile.slot_lines * line) +
         weights * (reads + (problem.transforms_weights ? weight_transform_lines : 0)) *
             (weights > cached_lines ? 2 * line : line);
}

std::string in_percent(double part) {
  return std::to_string(std::lround(100 * part)) + "%";
}

}  // namespace

bool has_any_transform(const Kernels& kernels) {
  const kernels::KernelTable<float>* const table = kernels.float_table();
  return table && table->transforms[0].to_slices;
}

bool can_transform(const ConvProblem& problem, const Kernels& kernels, kernels::Transform transform) {
  return problem.groups == 1 && problem.batch > 0 && has_transforms(problem.window) && has_any_transform(kernels) &&
         kernels.float_table()->of(transform).to_slices;
}

TransformChoice choose_transform(const ConvProblem& problem, const Kernels& kernels, Arithmetic arithmetic) {
  std::optional<kernels::Transform> best;
  double lowest = 0;
  for (int number = 0; number < kernels::transform_count; ++number) {
    const auto transform = static_cast<kernels::Transform>(number);
    const bool allowed = arithmetic == Arithmetic::fast ||
                         (arithmetic == Arithmetic::standard && kernels::shape_of(transform).near_direct);
    if (!allowed || !can_transform(problem, kernels, transform)) continue;
    const double cost = cost_of(problem, transform, kernels.float_table()->far_line_cost);
    if (best && cost >= lowest) continue;
    lowest = cost;
    best = transform;
  }
  if (!best) return {};
  const double gain = lowest / direct_cost(problem);
  const bool pays = gain < needed_gain;
  const std::string estimate = std::string(kernels::shape_of(*best).name) + " is expected to cost " + in_percent(gain) +
                               " of direct convolution";
  return {pays ? best : std::nullopt, pays ? estimate : estimate + ", not below " + in_percent(needed_gain)};
}

std::optional<kernels::Transform> transform_called(std::string_view name) {
  for (int number = 0; number < kernels::transform_count; ++number)
    if (name == kernels::transform_shapes[number].name) return static_cast<kernels::Transform>(number);
  return std::nullopt;
}

std::string algorithm_name(ConvAlgorithm algorithm, const Kernels& kernels) {
  switch (algorithm) {
    case ConvAlgorithm::dots:
      return "direct dots";
    case ConvAlgorithm::small_groups:
      return "direct small groups";
    case ConvAlgorithm::tile:
      break;
  }
  return kernels.visit([](const auto& table) {
    return "direct " + std::to_string(table.tile_places) + "x" + std::to_string(table.channel_block);
  });
}

}  // namespace tilewise::ops
