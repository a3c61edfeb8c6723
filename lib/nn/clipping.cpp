#include "nn/clipping.hpp"

#include "nn/option_checks.hpp"
#include "ops/clipping.hpp"
#include "tilewise/error.hpp"

namespace tilewise::nn {

void check_clipping(const CompileOptions& options) {
  const OptionChecks checks("compile");
  if (options.clip_value) checks.above_zero("clip_value", *options.clip_value);
  if (options.clip_norm) checks.above_zero("clip_norm", *options.clip_norm);
  if (options.global_clip_norm) checks.above_zero("global_clip_norm", *options.global_clip_norm);
  const int asked = int{options.clip_value.has_value()} + int{options.clip_norm.has_value()} +
                    int{options.global_clip_norm.has_value()};
  if (asked > 1)
    throw ArgumentError("compile: found " + std::to_string(asked) +
                        " of clip_value, clip_norm and global_clip_norm; expected one at most");
}

std::vector<ops::ValueId> emit_clipping(plan::Graph& graph, const CompileOptions& options,
                                        const std::vector<ops::ValueId>& gradients) {
  graph.set_scope("optimizer");
  std::vector<ops::ValueId> clipped = gradients;
  if (options.clip_value)
    for (ops::ValueId& gradient : clipped)
      gradient = graph.emit(std::make_shared<ops::Clip>(*options.clip_value), {gradient})[0];
  const std::optional<double> limit = options.global_clip_norm ? options.global_clip_norm : options.clip_norm;
  if (!limit) return clipped;
  const auto scales =
      graph.emit(std::make_shared<ops::NormScales>(*limit, options.global_clip_norm.has_value()), gradients);
  for (std::size_t i = 0; i < clipped.size(); ++i)
    clipped[i] = graph.emit(std::make_shared<ops::Scale>(), {gradients[i], scales[scales.size() == 1 ? 0 : i]})[0];
  return clipped;
}

}  // namespace tilewise::nn
