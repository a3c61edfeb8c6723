#include "train/model_weights.hpp"

#include <map>

#include "tilewise/error.hpp"

namespace tilewise::train {

namespace {

using WeightsByName = std::map<std::string, const Weights*>;

WeightsByName by_name(const std::vector<Weights>& weights) {
  WeightsByName by_name;
  for (const Weights& weight : weights)
    if (!by_name.emplace(weight.name, &weight).second) throw ArgumentError("weight " + weight.name + " is there twice");
  return by_name;
}

void check_weight(const nn::Parameter& parameter, const Weights& weight) {
  if (weight.shape != parameter.shape)
    throw ShapeError("weight " + weight.name + " is " + weight.shape.to_string() + "; the model has " +
                     parameter.shape.to_string());
  if (static_cast<std::int64_t>(weight.values.size()) != weight.shape.elements())
    throw ShapeError("weight " + weight.name + " has " + std::to_string(weight.values.size()) + " values; its shape " +
                     weight.shape.to_string() + " asks for " + std::to_string(weight.shape.elements()));
}

}  // namespace

std::vector<Weights> read_weights(const nn::Network& network, const plan::ParameterStore& parameters) {
  std::vector<Weights> weights;
  for (std::size_t i = 0; i < network.parameters().size(); ++i) {
    const nn::Parameter& parameter = network.parameters()[i];
    std::vector<float> values(static_cast<std::size_t>(parameter.shape.elements()));
    parameters.get(static_cast<int>(i), values.data());
    weights.push_back({parameter.name, parameter.shape, std::move(values)});
  }
  return weights;
}

void check_weights(const nn::Network& network, const std::vector<Weights>& weights) {
  WeightsByName given = by_name(weights);
  for (const nn::Parameter& parameter : network.parameters()) {
    const auto found = given.find(parameter.name);
    if (found == given.end()) throw ArgumentError("weight " + parameter.name + " is missing");
    check_weight(parameter, *found->second);
    given.erase(found);
  }
  if (!given.empty()) throw ArgumentError("the model has no weight " + given.begin()->first);
}

void assign_weights(const nn::Network& network, const std::vector<Weights>& weights, plan::ParameterStore& parameters) {
  check_weights(network, weights);
  const WeightsByName given = by_name(weights);
  for (std::size_t i = 0; i < network.parameters().size(); ++i)
    parameters.set(static_cast<int>(i), given.at(network.parameters()[i].name)->values.data());
}

}  // namespace tilewise::train
