#pragma once

#include <string>
#include <vector>

#include "nn/network.hpp"
#include "plan/parameters.hpp"
#include "tilewise/weights.hpp"

/// A model as a safetensors file: the weights in Keras's layouts, the architecture in the metadata.
namespace tilewise::train {

void save_model(const std::string& path, const nn::Network& network, const plan::ParameterStore& parameters);

struct ModelFile {
  nn::Network network;
  std::vector<Weights> weights;  ///< those of the network
};

/// Throws FileError. No memory is allocated for weights that the file does not have.
ModelFile load_model(const std::string& path);

/// The weights of a file that fit the network; its architecture, if it has one, is not looked at. Throws FileError.
std::vector<Weights> load_weights(const std::string& path, const nn::Network& network);

}  // namespace tilewise::train
