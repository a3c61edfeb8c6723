#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tilewise/layers.hpp"

namespace tilewise::nn {

/// Reads the fields of a JSON object that may come from any file. Each field must be there and of its type, and there
/// must be no others: what a later version adds must not be passed over. Throws ArgumentError, naming the field.
class ConfigReader {
 public:
  explicit ConfigReader(const nlohmann::json& config);

  std::int64_t integer(const char* name);
  double number(const char* name);
  bool boolean(const char* name);
  std::string text(const char* name);
  std::vector<std::int64_t> integers(const char* name);
  /// [height, width]
  Size2D size(const char* name);
  /// "valid", "same" or [top, bottom, left, right]
  Padding padding(const char* name);
  /// "linear", "relu", "softmax", "tanh" or "sigmoid"
  Activation activation(const char* name);
  /// "glorot_uniform" or another one's name
  Initializer initializer(const char* name);
  const nlohmann::json& field(const char* name);
  /// To be called last: no field may be left.
  void finish() const;

 private:
  const nlohmann::json& config_;
  std::vector<std::string> read_;
};

nlohmann::json to_json(Size2D size);
nlohmann::json to_json(const Padding& padding);
const char* activation_name(Activation activation);

}  // namespace tilewise::nn
