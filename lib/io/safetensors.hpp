#pragma once

#include <map>
#include <string>
#include <vector>

#include "tilewise/weights.hpp"

/// The safetensors format (https://huggingface.co/docs/safetensors): 8 bytes, little-endian, that give the length of a
/// JSON header; the header,
/// {"name": {"dtype": "F32", "shape": [...], "data_offsets": [begin, end]}, ..., "__metadata__": {"key": "text", ...}};
/// the tensors, row-major, without gaps.
namespace tilewise::io {

struct Safetensors {
  std::vector<Weights> tensors;  ///< in the order of their data
  std::map<std::string, std::string> metadata;
};

/// Throws FileError, with the byte offset, for a file that cannot be read, is not of this format, or has tensors other
/// than float32. Nothing is allocated that the file's own size does not justify.
Safetensors read_safetensors(const std::string& path);

/// Replaces the file as a whole or not at all; throws FileError.
void write_safetensors(const std::string& path, const Safetensors& contents);

}  // namespace tilewise::io
