#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tilewise/error.hpp"

namespace tilewise::base {

/// A text that parse_json() refuses.
class JsonError : public Error {
 public:
  JsonError(std::int64_t byte, const std::string& what) : Error(what), byte_(byte) {}
  /// Where in the text, from 0.
  std::int64_t byte() const noexcept { return byte_; }

 private:
  std::int64_t byte_;
};

/// JSON from a source that is not trusted: UTF-8, no name twice in one object, no number beyond double, and no deeper
/// than 16 levels, because nlohmann's serializer is recursive. Throws JsonError.
nlohmann::json parse_json(const std::string& text);

/// For messages: at most 60 characters, ASCII.
std::string printable(const nlohmann::json& value);

}  // namespace tilewise::base
