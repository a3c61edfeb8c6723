#include "base/strict_json.hpp"

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

namespace tilewise::base {

namespace {

using nlohmann::json;

constexpr int max_depth = 16;

/// Sees the events of the parser, which would keep the last of two equal names.
class Checker {
 public:
  explicit Checker(const std::string& text) : text_(text) {}

  bool operator()(int depth, json::parse_event_t event, json& parsed) {
    if (depth > max_depth)
      throw JsonError(0, "the JSON is nested deeper than " + std::to_string(max_depth) + " levels");
    if (event == json::parse_event_t::object_start) names_.emplace_back();
    if (event == json::parse_event_t::object_end) names_.pop_back();
    if (event == json::parse_event_t::key && !names_.back().insert(parsed.get<std::string>()).second)
      throw JsonError(last_position(parsed), "a name is there twice: " + printable(parsed));
    return true;
  }

 private:
  std::int64_t last_position(const json& name) const {
    const std::size_t position = text_.rfind(name.dump());
    return position == std::string::npos ? 0 : static_cast<std::int64_t>(position);
  }

  const std::string& text_;
  std::vector<std::set<std::string>> names_;
};

}  // namespace

json parse_json(const std::string& text) {
  try {
    return json::parse(text, Checker(text));
  } catch (const json::parse_error& error) {
    throw JsonError(error.byte > 0 ? static_cast<std::int64_t>(error.byte) - 1 : 0, "not JSON in UTF-8");
  } catch (const json::exception&) {
    throw JsonError(0, "JSON with a number out of range");
  }
}

std::string printable(const json& value) {
  const std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

}  // namespace tilewise::base
