#pragma once

#include <string>
#include <vector>

#include "tilewise/layers.hpp"

namespace tilewise::nn {

/// The layers' own names, and for the others those that Keras would give: "conv2d", "conv2d_1", ... Throws
/// ArgumentError for a name that is taken, or that has other characters than letters, digits, '_', '-' and '.'.
std::vector<std::string> choose_names(const std::vector<Layer>& layers);

/// "layer 3 (conv2d_1): ", for messages.
std::string where(std::size_t number, const std::string& name);

}  // namespace tilewise::nn
