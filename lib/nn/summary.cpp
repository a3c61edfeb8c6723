#include "nn/summary.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace tilewise::nn {

namespace {

constexpr std::array<const char*, 3> titles{"Layer (type)", "Output Shape", "Param #"};
using Row = std::array<std::string, titles.size()>;

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

std::string line(const Row& row, const std::array<std::size_t, titles.size()>& widths) {
  std::string text;
  for (std::size_t column = 0; column < row.size(); ++column)
    text += " " + row[column] + std::string(widths[column] - row[column].size() + 2, ' ');
  return text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
}

}  // namespace

std::string summary(const Network& network) {
  std::vector<Row> rows;
  for (const Network::NamedLayer& layer : network.layers())
    rows.push_back({layer.name + " (" + std::string(layer.layer.definition().kind()) + ")",
                    keras_shape(layer.output_shape), with_commas(layer.parameter_count)});
  std::array<std::size_t, titles.size()> widths{};
  std::size_t width = 0;
  for (std::size_t column = 0; column < titles.size(); ++column) {
    widths[column] = std::string_view(titles[column]).size();
    for (const Row& row : rows) widths[column] = std::max(widths[column], row[column].size());
    width += widths[column] + 3;
  }
  std::string text = line({titles[0], titles[1], titles[2]}, widths) + std::string(width, '=') + "\n";
  for (const Row& row : rows) text += line(row, widths);
  const std::int64_t count = network.parameter_count();
  return text + std::string(width, '=') + "\nTotal params: " + with_commas(count) + " (" +
         bytes_for_people(count * static_cast<std::int64_t>(sizeof(float))) + ")\n";
}

}  // namespace tilewise::nn
