#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "tilewise/compile.hpp"

namespace tilewise::golden {

/// How a case clips gradients, in Keras's words.
inline CompileOptions clipping_of(const nlohmann::json& golden) {
  CompileOptions options;
  const auto read_limit = [&](const char* name, std::optional<double>& limit) {
    if (golden.contains(name)) limit = golden.at(name).get<double>();
  };
  read_limit("clipvalue", options.clip_value);
  read_limit("clipnorm", options.clip_norm);
  read_limit("global_clipnorm", options.global_clip_norm);
  return options;
}

}  // namespace tilewise::golden
