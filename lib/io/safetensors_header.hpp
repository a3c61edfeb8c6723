#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "io/safetensors.hpp"

namespace tilewise::io {

/// The bytes before the header.
inline constexpr std::int64_t header_begin = 8;
/// As in the format's own library: no more is read into memory on a file's word.
inline constexpr std::int64_t max_header_bytes = 100'000'000;

struct SafetensorsHeader {
  struct Tensor {
    std::string name;
    Shape shape;
    std::int64_t begin, end;  ///< bytes, from the end of the header
  };
  std::vector<Tensor> tensors;  ///< by begin
  std::map<std::string, std::string> metadata;
};

/// Checks everything: the tensors fill [0, data_bytes) without gap or overlap, and each has as many bytes as its shape
/// asks for. Throws FileError.
SafetensorsHeader parse_header(const std::string& path, const std::string& text, std::int64_t data_bytes);

/// Padded with spaces so that the data begin at a multiple of 8 bytes. Throws FileError for names that are not UTF-8,
/// or that are there twice.
std::string format_header(const std::string& path, const Safetensors& contents);

}  // namespace tilewise::io
