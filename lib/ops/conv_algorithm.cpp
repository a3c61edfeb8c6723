#include "ops/conv_algorithm.hpp"

#include <algorithm>

#include "base/checked.hpp"
#include "ops/transform_conv.hpp"

namespace tilewise::ops {

namespace {

// The cost model counts in fused multiply-adds of a vector; measured at the layers of small networks, it need only
// order them.
/// What a register tile reaches of the peak.
constexpr double product_efficiency = 0.9, direct_efficiency = 0.9;
/// Of moving one vector of a tile's place into slices, or out of them.
constexpr double transform_cost = 10;
/// Of loading a vector of weights, which come from beyond the second-level cache once for so many tiles.
constexpr double weight_load_cost = 4;
constexpr std::int64_t tiles_per_load = 16;

double vectors(std::int64_t channels, std::int64_t lanes) {
  return double(base::ceil_div(channels, lanes));
}

double direct_cost(const ConvProblem& problem, std::int64_t lanes) {
  const Extent2D out = problem.window.out(problem.in);
  return double(problem.batch * out.height * out.width * 9 * problem.in_channels) *
         vectors(problem.out_channels, lanes) / direct_efficiency;
}

double transform_cost_of(const ConvProblem& problem, kernels::Transform transform, std::int64_t lanes) {
  const TransformConv conv(transform, problem.window, problem.in, problem.in_channels, problem.out_channels);
  const double tiles = double(problem.batch * conv.tiles()), slots = double(conv.shape().slots);
  const double of_weights = double(conv.slices() * problem.in_channels) * vectors(problem.out_channels, lanes);
  return tiles * of_weights / product_efficiency +
         tiles * slots * slots * transform_cost *
             (vectors(problem.in_channels, lanes) + vectors(problem.out_channels, lanes)) +
         double(base::ceil_div(problem.batch * conv.tiles(), tiles_per_load)) * of_weights * weight_load_cost;
}

/// Whether the error of a transform is that of direct convolution.
bool is_standard(kernels::Transform transform) {
  return kernels::transform_shapes[static_cast<std::size_t>(transform)].cyclic;
}

}  // namespace

bool can_transform(const ConvProblem& problem, const Kernels& kernels, kernels::Transform transform) {
  return problem.groups == 1 && problem.batch > 0 && has_transforms(problem.window) &&
         kernels.visit([&](const auto& table) {
           return table.transforms[static_cast<std::size_t>(transform)].to_slices != nullptr;
         });
}

std::optional<kernels::Transform> choose_transform(const ConvProblem& problem, const Kernels& kernels,
                                                   Arithmetic arithmetic) {
  std::optional<kernels::Transform> best;
  if (arithmetic == Arithmetic::strict) return best;
  const std::int64_t lanes = kernels::transform_channels;  // the proportions are those of any vector
  double lowest = direct_cost(problem, lanes);
  for (int number = 0; number < kernels::transform_count; ++number) {
    const auto transform = static_cast<kernels::Transform>(number);
    if (!can_transform(problem, kernels, transform)) continue;
    if (arithmetic == Arithmetic::standard && !is_standard(transform)) continue;
    const double cost = transform_cost_of(problem, transform, lanes);
    if (cost >= lowest) continue;
    lowest = cost;
    best = transform;
  }
  return best;
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
