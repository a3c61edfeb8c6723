#include "nn/layer_names.hpp"

#include <algorithm>
#include <map>

#include "nn/layer.hpp"
#include "tilewise/error.hpp"

namespace tilewise::nn {

namespace {

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

/// "MaxPooling2D" -> "max_pooling2d", "ReLU" -> "re_lu", as Keras does.
std::string snake_case(std::string_view kind) {
  std::string name;
  for (std::size_t i = 0; i < kind.size(); ++i) {
    if (i > 0 && is_upper(kind[i]) && is_lower(kind[i - 1])) name += '_';
    name += is_upper(kind[i]) ? static_cast<char>(kind[i] - 'A' + 'a') : kind[i];
  }
  return name;
}

/// Names end up in messages, tables and files.
void check_name(const std::string& name, std::size_t number) {
  const auto allowed = [](unsigned char c) {
    return is_lower(static_cast<char>(c)) || is_upper(static_cast<char>(c)) || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  if (!std::all_of(name.begin(), name.end(), allowed))
    throw ArgumentError("layer " + std::to_string(number) +
                        ": a name may have letters, digits, '_', '-' and '.' only; found '" + name + "'");
}

}  // namespace

std::string where(std::size_t number, const std::string& name) {
  return "layer " + std::to_string(number) + " (" + name + "): ";
}

std::vector<std::string> choose_names(const std::vector<Layer>& layers) {
  std::map<std::string, std::size_t> taken;  // name -> layer
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string& name = layers[i].definition().name();
    check_name(name, i + 1);
    if (const auto [first, is_new] = taken.try_emplace(name, i + 1); !is_new && !name.empty())
      throw ArgumentError(where(i + 1, name) + "layer " + std::to_string(first->second) + " has the same name");
  }
  std::map<std::string, int> unnamed;  // stem -> how many
  std::vector<std::string> names;
  for (const Layer& layer : layers) {
    std::string name = layer.definition().name();
    if (name.empty()) {
      const std::string stem = snake_case(layer.definition().kind());
      do {
        const int n = unnamed[stem]++;
        name = n == 0 ? stem : stem + "_" + std::to_string(n);
      } while (taken.count(name) > 0);
    }
    names.push_back(name);
  }
  return names;
}

}  // namespace tilewise::nn
