#include "nn/architecture.hpp"

#include <nlohmann/json.hpp>

#include "base/strict_json.hpp"
#include "nn/config_reader.hpp"
#include "nn/registry.hpp"
#include "tilewise/error.hpp"

namespace tilewise::nn {

namespace {

using nlohmann::json;

/// Format 1 lists layers that follow one another; format 2 also their calls.
constexpr std::int64_t chain_format = 1, calls_format = 2;

json to_json(const Network::NamedLayer& layer) {
  const LayerDefinition& definition = layer.layer.definition();
  return {{"kind", definition.kind()}, {"name", layer.name}, {"config", definition.config()}};
}

Layer to_layer(const json& entry, std::size_t number) {
  try {
    ConfigReader reader(entry);
    const std::string kind = reader.text("kind"), name = reader.text("name");
    Layer layer = layer_from_config(kind, name, reader.field("config"));
    reader.finish();
    return layer;
  } catch (const ArgumentError& error) {
    throw ArgumentError("layer " + std::to_string(number) + ": " + error.what());
  }
}

json to_json(const LayerCall& call) {
  return {{"layer", call.layer + 1}, {"inputs", call.inputs}};
}

std::size_t to_position(std::int64_t number, std::int64_t least, const char* what) {
  if (number < least)
    throw ArgumentError(std::string(what) + " " + std::to_string(number) + "; expected at least " +
                        std::to_string(least));
  return static_cast<std::size_t>(number);
}

LayerCall to_call(const json& entry, std::size_t number) {
  try {
    ConfigReader reader(entry);
    LayerCall call{to_position(reader.integer("layer"), 1, "layer") - 1, {}};
    for (std::int64_t input : reader.integers("inputs")) call.inputs.push_back(to_position(input, 0, "input"));
    reader.finish();
    return call;
  } catch (const ArgumentError& error) {
    throw ArgumentError("call " + std::to_string(number) + ": " + error.what());
  }
}

const json& list(ConfigReader& reader, const char* name) {
  const json& entries = reader.field(name);
  if (!entries.is_array()) throw ArgumentError(std::string("field '") + name + "': expected a list");
  return entries;
}

json parse(const std::string& text) {
  try {
    return base::parse_json(text);
  } catch (const base::JsonError& error) {
    throw ArgumentError("the architecture, character " + std::to_string(error.byte()) + ": " + error.what());
  }
}

}  // namespace

std::string architecture_to_json(const Network& network) {
  json layers = json::array();
  for (const Network::NamedLayer& layer : network.layers()) layers.push_back(to_json(layer));
  const Shape& input = network.input_shape();
  json architecture{{"format", chain_format},
                    {"input_shape", std::vector<std::int64_t>(input.begin(), input.end())},
                    {"layers", layers}};
  if (!network.topology().is_chain()) {
    architecture["format"] = calls_format;
    architecture["calls"] = json::array();
    for (const LayerCall& call : network.topology().calls) architecture["calls"].push_back(to_json(call));
  }
  return architecture.dump();
}

Network network_from_json(const std::string& text) {
  const json architecture = parse(text);
  ConfigReader reader(architecture);
  const std::int64_t format = reader.integer("format");
  if (format != chain_format && format != calls_format)
    throw ArgumentError("the architecture has format " + std::to_string(format) + "; this version reads formats " +
                        std::to_string(chain_format) + " and " + std::to_string(calls_format));
  const auto input_shape = reader.integers("input_shape");
  std::vector<Layer> layers;
  for (const json& entry : list(reader, "layers")) layers.push_back(to_layer(entry, layers.size() + 1));
  Topology topology = Topology::chain(std::move(layers));
  if (format == calls_format) {
    topology.calls.clear();
    for (const json& entry : list(reader, "calls")) topology.calls.push_back(to_call(entry, topology.calls.size() + 1));
  }
  reader.finish();
  return Network(std::move(topology), Shape(input_shape.data(), static_cast<int>(input_shape.size())));
}

}  // namespace tilewise::nn
