#include "nn/architecture.hpp"

#include <nlohmann/json.hpp>

#include "base/strict_json.hpp"
#include "nn/config_reader.hpp"
#include "nn/registry.hpp"
#include "tilewise/error.hpp"

namespace tilewise::nn {

namespace {

using nlohmann::json;

constexpr std::int64_t format = 1;

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
  return json{
      {"format", format}, {"input_shape", std::vector<std::int64_t>(input.begin(), input.end())}, {"layers", layers}}
      .dump();
}

Network network_from_json(const std::string& text) {
  const json architecture = parse(text);
  ConfigReader reader(architecture);
  if (const auto found = reader.integer("format"); found != format)
    throw ArgumentError("the architecture has format " + std::to_string(found) + "; this version reads format " +
                        std::to_string(format));
  const auto input_shape = reader.integers("input_shape");
  const json& entries = reader.field("layers");
  reader.finish();
  if (!entries.is_array()) throw ArgumentError("field 'layers': expected a list");
  std::vector<Layer> layers;
  for (const json& entry : entries) layers.push_back(to_layer(entry, layers.size() + 1));
  return Network(layers, Shape(input_shape.data(), static_cast<int>(input_shape.size())));
}

}  // namespace tilewise::nn
