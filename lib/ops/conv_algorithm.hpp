#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ops/op.hpp"
#include "ops/window2d.hpp"
#include "tilewise/arithmetic.hpp"

namespace tilewise::ops {

/// How the sums of a convolution are cut into vectors.
enum class ConvAlgorithm {
  tile,          ///< kernel conv_tile: vectors of a group's output channels; pools too
  dots,          ///< kernel conv_dot_tile: vectors of input channels, where a group has few output channels
  small_groups,  ///< kernel depthwise_tile: vectors across groups of 1, 2 or 4 channels
};

/// What of a layer decides how its convolution is computed.
struct ConvProblem {
  Window2D window;
  Extent2D in;
  std::int64_t in_channels, out_channels, groups;
  std::int64_t batch;
  bool transforms_weights = false;  ///< in each run, as forward in training and backward-data do
};

/// A transform, or nullopt for direct convolution; and why, for people: empty if there was no choice.
struct TransformChoice {
  std::optional<kernels::Transform> transform = {};
  std::string why = {};
};

/// The transform by which a pass over `problem` is expected to be fastest, of those that `arithmetic` allows and the
/// kernels have. The two backward passes are one. It depends on shapes and ISA only.
TransformChoice choose_transform(const ConvProblem& problem, const Kernels& kernels, Arithmetic arithmetic);

/// Whether `kernels` have transforms at all.
bool has_any_transform(const Kernels& kernels);

/// Whether `kernels` have the transform and `problem` is one of those that transforms do.
bool can_transform(const ConvProblem& problem, const Kernels& kernels, kernels::Transform transform);

/// The number of a transform by its name, or nullopt.
std::optional<kernels::Transform> transform_called(std::string_view name);

/// With so many output channels of a group a vector of theirs is mostly empty on every ISA.
inline constexpr std::int64_t few_outputs = 4;

/// Of a convolution without pool from `in_channels` to `out_channels`, both in `groups`; of backward-data the same with
/// the channels in each other's place.
inline ConvAlgorithm conv_algorithm(std::int64_t groups, std::int64_t in_channels, std::int64_t out_channels) noexcept {
  const std::int64_t in = in_channels / groups, out = out_channels / groups;
  if (groups > 1 && in == out && (in == 1 || in == 2 || in == 4)) return ConvAlgorithm::small_groups;
  if (out <= few_outputs && in >= kernels::dot_chains) return ConvAlgorithm::dots;
  return ConvAlgorithm::tile;
}

/// For people: "direct 12x32" (places x channels of a tile), "direct dots", "direct small groups".
std::string algorithm_name(ConvAlgorithm algorithm, const Kernels& kernels);

}  // namespace tilewise::ops
