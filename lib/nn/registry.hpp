#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tilewise/layers.hpp"

namespace tilewise::nn {

/// The layer of this kind ("Conv2D") and config. Throws ArgumentError for an unknown kind, which lists those that there
/// are, or a config that does not fit.
Layer layer_from_config(const std::string& kind, const std::string& name, const nlohmann::json& config);

}  // namespace tilewise::nn
