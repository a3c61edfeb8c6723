#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// IDX, the format of MNIST (http://yann.lecun.com/exdb/mnist): 0, 0, type, rank, then `rank` big-endian u32 extents,
/// then the values.
namespace tilewise::data {

struct IdxHeader {
  std::vector<std::int64_t> extents;
  std::int64_t bytes = 0;    ///< of the header
  std::int64_t payload = 0;  ///< bytes after it: the product of the extents
};

constexpr std::int64_t idx_header_bytes(int rank) {
  return 4 + 4 * std::int64_t{rank};
}

/// Checks the first bytes of a file of unsigned bytes of this rank. `size` of them are there, idx_header_bytes(rank)
/// are needed. The extents must be 1 or more and promise no more than `most_bytes` of header and values. Throws
/// FileError; path is for its message.
IdxHeader parse_idx_header(const std::string& path, const std::uint8_t* data, std::int64_t size, int rank,
                           std::int64_t most_bytes);

struct IdxFile {
  std::vector<std::int64_t> extents;
  std::vector<std::uint8_t> values;
  std::string digest;  ///< XXH3, 128 bits, of the decompressed file, in hexadecimal
};

/// Reads a file of unsigned bytes, plain or gzip. Memory grows with what the file holds, not with what it promises.
/// Throws FileError.
IdxFile read_idx(const std::string& path, int rank);

}  // namespace tilewise::data
