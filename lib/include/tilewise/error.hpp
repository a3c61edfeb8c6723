#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#pragma GCC visibility push(default)
/// Everything that tilewise throws. Each message says what was found, what was expected and where.
namespace tilewise {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Shapes, strides or sizes that do not fit together, or whose product does not fit into 63 bits.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// An option, a name or a value that is not among the possible ones.
class ArgumentError : public Error {
 public:
  using Error::Error;
};

/// A file that cannot be read, or whose contents are not what its format asks for.
class FileError : public Error {
 public:
  static constexpr std::int64_t no_offset = -1;

  /// `offset` is the byte position in the (decompressed) contents that `what` speaks of, or no_offset.
  FileError(std::string path, std::int64_t offset, const std::string& what)
      : Error(path + (offset == no_offset ? "" : ", byte " + std::to_string(offset)) + ": " + what),
        path_(std::move(path)),
        offset_(offset) {}

  const std::string& path() const noexcept { return path_; }
  std::int64_t offset() const noexcept { return offset_; }

 private:
  std::string path_;
  std::int64_t offset_;
};

}  // namespace tilewise
#pragma GCC visibility pop
