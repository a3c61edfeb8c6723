#include "nn/summary.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

namespace tilewise::nn {

namespace {

using Row = std::vector<std::string>;

std::string with_commas(std::int64_t count) {
  std::string text = std::to_string(count);
  for (std::ptrdiff_t place = std::ssize(text) - 3; place > 0; place -= 3)
    text.insert(static_cast<std::size_t>(place), 1, ',');
  return text;
}

std::string keras_shape(const Shape& shape) {
  std::string text = "(None";
  for (std::int64_t extent : shape) text += ", " + std::to_string(extent);
  return text + ")";
}

std::string bytes_for_people(std::int64_t bytes) {
  constexpr std::array<const char*, 4> units{"B", "KB", "MB", "GB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); ++unit) value /= 1024;
  char text[48];
  std::snprintf(text, sizeof text, "%.2f %s", value, units[unit]);
  return text;
}

std::string line(const Row& row, const std::vector<std::size_t>& widths) {
  std::string text;
  for (std::size_t column = 0; column < row.size(); ++column)
    text += " " + row[column] + std::string(widths[column] - row[column].size() + 2, ' ');
  return text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
}

std::string total(const char* which, std::int64_t count) {
  return std::string(which) + " params: " + with_commas(count) + " (" +
         bytes_for_people(count * static_cast<std::int64_t>(sizeof(float))) + ")\n";
}

/// The layers whose results the layer's calls read.
std::string connected_to(const Network& network, std::size_t layer) {
  const Topology& topology = network.topology();
  std::string text;
  for (const LayerCall& call : topology.calls) {
    if (call.layer != layer) continue;
    for (std::size_t input : call.inputs) {
      if (!text.empty()) text += ", ";
      text += input == 0 ? "inputs" : network.layers()[topology.calls[input - 1].layer].name;
    }
  }
  return text;
}

}  // namespace

std::string summary(const Network& network) {
  const bool is_chain = network.topology().is_chain();
  std::vector<Row> rows{{"Layer (type)", "Output Shape", "Param #"}};
  if (!is_chain) rows[0].push_back("Connected to");
  for (std::size_t number = 0; number < network.layers().size(); ++number) {
    const Network::NamedLayer& layer = network.layers()[number];
    rows.push_back({layer.name + " (" + std::string(layer.layer.definition().kind()) + ")",
                    keras_shape(layer.output_shape), with_commas(layer.parameter_count)});
    if (!is_chain) rows.back().push_back(connected_to(network, number));
  }
  std::vector<std::size_t> widths(rows[0].size(), 0);
  std::size_t width = 0;
  for (std::size_t column = 0; column < widths.size(); ++column) {
    for (const Row& row : rows) widths[column] = std::max(widths[column], row[column].size());
    width += widths[column] + 3;
  }
  std::string text = line(rows[0], widths) + std::string(width, '=') + "\n";
  for (std::size_t row = 1; row < rows.size(); ++row) text += line(rows[row], widths);
  std::int64_t trained = 0;
  for (const Parameter& parameter : network.parameters())
    if (parameter.is_trained) trained += parameter.shape.elements();
  return text + std::string(width, '=') + "\n" + total("Total", network.parameter_count()) +
         total("Trainable", trained) + total("Non-trainable", network.parameter_count() - trained);
}

}  // namespace tilewise::nn
