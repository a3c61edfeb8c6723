#pragma once

#include <string>

#include "nn/network.hpp"

namespace tilewise::nn {

/// A table as Keras prints it: layers, output shapes with None for the batch, parameter counts, and their total.
std::string summary(const Network& network);

}  // namespace tilewise::nn
