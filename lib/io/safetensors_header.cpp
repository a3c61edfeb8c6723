#include "io/safetensors_header.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/checked.hpp"
#include "base/strict_json.hpp"

namespace tilewise::io {

namespace {

using nlohmann::json;

constexpr const char* metadata_key = "__metadata__";

/// Parses one header; its errors say where in the file the entry in question stands.
class HeaderParser {
 public:
  HeaderParser(const std::string& path, const std::string& text) : path_(path), text_(text) {}

  SafetensorsHeader parse() {
    const json root = parse_json();
    if (!root.is_object()) fail("the header", "expected a JSON object");
    SafetensorsHeader header;
    for (const auto& [name, entry] : root.items()) {
      entry_ = name;
      if (name == metadata_key)
        header.metadata = read_metadata(entry);
      else
        header.tensors.push_back(read_tensor(name, entry));
    }
    return header;
  }

  void check_offsets(SafetensorsHeader& header, std::int64_t data_bytes) {
    std::sort(header.tensors.begin(), header.tensors.end(),
              [](const auto& a, const auto& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
    std::int64_t end = 0;
    for (const auto& tensor : header.tensors) {
      entry_ = tensor.name;
      if (tensor.begin != end)
        fail("data_offsets", "expected data from " + std::to_string(end) + " on, without gap or overlap; found " +
                                 std::to_string(tensor.begin));
      if (tensor.end > data_bytes)
        fail("data_offsets", "the data end at " + std::to_string(tensor.end) + ", but the file has " +
                                 std::to_string(data_bytes) + " bytes of data");
      end = tensor.end;
    }
    if (end != data_bytes)
      throw FileError(path_, header_begin + static_cast<std::int64_t>(text_.size()) + end,
                      "expected the end of the file after the last tensor; found " + std::to_string(data_bytes - end) +
                          " more bytes");
  }

 private:
  json parse_json() const {
    try {
      return base::parse_json(text_);
    } catch (const base::JsonError& error) {
      throw FileError(path_, header_begin + error.byte(), std::string("the header: ") + error.what());
    }
  }

  std::map<std::string, std::string> read_metadata(const json& entry) const {
    if (!entry.is_object()) fail("__metadata__", "expected an object");
    std::map<std::string, std::string> metadata;
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) fail("__metadata__", "expected texts only");
      metadata[key] = value.get<std::string>();
    }
    return metadata;
  }

  SafetensorsHeader::Tensor read_tensor(const std::string& name, const json& entry) const {
    if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry.contains("shape") ||
        !entry.contains("data_offsets"))
      fail("tensor", "expected an object of dtype, shape and data_offsets");
    if (entry["dtype"] != "F32") fail("dtype", "expected \"F32\"; found " + base::printable(entry["dtype"]));
    const auto offsets = read_integers(entry["data_offsets"], "data_offsets");
    if (offsets.size() != 2 || offsets[0] > offsets[1]) fail("data_offsets", "expected [begin, end], begin <= end");
    const Shape shape = read_shape(entry["shape"]);
    if (byte_count(shape) != offsets[1] - offsets[0])
      fail("data_offsets", "expected 4 bytes for each element of shape " + shape.to_string() + "; found " +
                               std::to_string(offsets[1] - offsets[0]) + " bytes");
    return {name, shape, offsets[0], offsets[1]};
  }

  std::vector<std::int64_t> read_integers(const json& value, const char* field) const {
    std::vector<std::int64_t> integers;
    if (!value.is_array()) fail(field, "expected a list of integers; found " + base::printable(value));
    for (const json& element : value) {
      if (!element.is_number_unsigned() || element.get<std::uint64_t>() > std::uint64_t{INT64_MAX})
        fail(field, "expected integers from 0 to 2^63 - 1; found " + base::printable(element));
      integers.push_back(element.get<std::int64_t>());
    }
    return integers;
  }

  Shape read_shape(const json& value) const {
    const auto extents = read_integers(value, "shape");
    if (extents.size() > Shape::max_rank)
      fail("shape",
           "expected at most " + std::to_string(Shape::max_rank) + " axes; found " + std::to_string(extents.size()));
    try {
      return Shape(extents.data(), static_cast<int>(extents.size()));
    } catch (const ShapeError& error) {
      fail("shape", error.what());
    }
  }

  std::int64_t byte_count(const Shape& shape) const {
    try {
      return base::checked_mul(shape.elements(), static_cast<std::int64_t>(sizeof(float)));
    } catch (const ShapeError& error) {
      fail("shape", error.what());
    }
  }

  [[noreturn]] void fail(const char* field, const std::string& what) const {
    const std::string key = json(entry_).dump();
    const std::size_t position = text_.find(key);
    const std::int64_t offset =
        header_begin + (position == std::string::npos ? 0 : static_cast<std::int64_t>(position));
    throw FileError(path_, offset,
                    (entry_.empty() ? "" : base::printable(entry_) + ": ") + std::string(field) + ": " + what);
  }

  const std::string& path_;
  const std::string& text_;
  std::string entry_;  // the tensor that is being read
};

}  // namespace

SafetensorsHeader parse_header(const std::string& path, const std::string& text, std::int64_t data_bytes) {
  HeaderParser parser(path, text);
  SafetensorsHeader header = parser.parse();
  parser.check_offsets(header, data_bytes);
  return header;
}

std::string format_header(const std::string& path, const Safetensors& contents) {
  // An ordered object keeps the tensors in the order of their data.
  nlohmann::ordered_json root = nlohmann::ordered_json::object();
  if (!contents.metadata.empty()) root[metadata_key] = contents.metadata;
  std::int64_t begin = 0;
  for (const Weights& tensor : contents.tensors) {
    if (root.contains(tensor.name))
      throw FileError(path, FileError::no_offset, "two tensors of one name: " + tensor.name);
    const std::int64_t end = begin + static_cast<std::int64_t>(tensor.values.size() * sizeof(float));
    root[tensor.name] = {{"dtype", "F32"},
                         {"shape", std::vector<std::int64_t>(tensor.shape.begin(), tensor.shape.end())},
                         {"data_offsets", {begin, end}}};
    begin = end;
  }
  try {
    std::string text = root.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    return text;
  } catch (const json::type_error&) {
    throw FileError(path, FileError::no_offset, "a name or a text of the metadata is not UTF-8");
  }
}

}  // namespace tilewise::io
