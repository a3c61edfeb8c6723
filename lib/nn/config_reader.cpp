#include "nn/config_reader.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/strict_json.hpp"
#include "nn/initializers.hpp"
#include "tilewise/error.hpp"

namespace tilewise::nn {

namespace {

using nlohmann::json;

constexpr std::array<Activation, 5> activations{linear, relu, softmax, tanh, sigmoid};

[[noreturn]] void wrong(const char* field, const char* expected, const json& found) {
  throw ArgumentError(std::string("field '") + field + "': expected " + expected + ", found " + base::printable(found));
}

std::int64_t to_integer(const char* field, const json& value) {
  const bool too_large = value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX};
  if (!value.is_number_integer() || too_large) wrong(field, "an integer", value);
  return value.get<std::int64_t>();
}

}  // namespace

ConfigReader::ConfigReader(const json& config) : config_(config) {
  if (!config.is_object()) throw ArgumentError(std::string("expected an object, found ") + config.type_name());
}

const json& ConfigReader::field(const char* name) {
  const auto found = config_.find(name);
  if (found == config_.end()) throw ArgumentError(std::string("field '") + name + "' is missing");
  read_.emplace_back(name);
  return *found;
}

std::int64_t ConfigReader::integer(const char* name) {
  return to_integer(name, field(name));
}

double ConfigReader::number(const char* name) {
  const auto& value = field(name);
  if (!value.is_number()) wrong(name, "a number", value);
  return value.get<double>();
}

bool ConfigReader::boolean(const char* name) {
  const auto& value = field(name);
  if (!value.is_boolean()) wrong(name, "true or false", value);
  return value.get<bool>();
}

std::string ConfigReader::text(const char* name) {
  const auto& value = field(name);
  if (!value.is_string()) wrong(name, "a string", value);
  return value.get<std::string>();
}

std::vector<std::int64_t> ConfigReader::integers(const char* name) {
  const auto& value = field(name);
  if (!value.is_array()) wrong(name, "a list of integers", value);
  std::vector<std::int64_t> integers;
  for (const auto& element : value) integers.push_back(to_integer(name, element));
  return integers;
}

Size2D ConfigReader::size(const char* name) {
  const auto extents = integers(name);
  if (extents.size() != 2) wrong(name, "[height, width]", config_.at(name));
  return {extents[0], extents[1]};
}

Padding ConfigReader::padding(const char* name) {
  const auto& value = field(name);
  if (value == "valid") return valid;
  if (value == "same") return same;
  if (!value.is_array() || value.size() != 4) wrong(name, "\"valid\", \"same\" or [top, bottom, left, right]", value);
  const auto sides = integers(name);
  return {sides[0], sides[1], sides[2], sides[3]};
}

Activation ConfigReader::activation(const char* name) {
  const auto& value = field(name);
  for (Activation activation : activations)
    if (value == activation_name(activation)) return activation;
  wrong(name, "\"linear\", \"relu\", \"softmax\", \"tanh\" or \"sigmoid\"", value);
}

Initializer ConfigReader::initializer(const char* name) {
  const auto& value = field(name);
  std::string known;
  for (Initializer initializer : initializers) {
    if (value == initializer_name(initializer)) return initializer;
    known += (known.empty() ? "\"" : ", \"") + std::string(initializer_name(initializer)) + "\"";
  }
  wrong(name, ("one of " + known).c_str(), value);
}

void ConfigReader::finish() const {
  for (const auto& item : config_.items())
    if (std::find(read_.begin(), read_.end(), item.key()) == read_.end())
      throw ArgumentError("unknown field '" + item.key() + "'");
}

json to_json(Size2D size) {
  return {size.height, size.width};
}

json to_json(const Padding& padding) {
  switch (padding.mode) {
    case Padding::Mode::valid:
      return "valid";
    case Padding::Mode::same:
      return "same";
    case Padding::Mode::sides:
      break;
  }
  return {padding.top, padding.bottom, padding.left, padding.right};
}

const char* activation_name(Activation activation) {
  switch (activation) {
    case Activation::relu:
      return "relu";
    case Activation::softmax:
      return "softmax";
    case Activation::tanh:
      return "tanh";
    case Activation::sigmoid:
      return "sigmoid";
    case Activation::linear:
      break;
  }
  return "linear";
}

}  // namespace tilewise::nn
