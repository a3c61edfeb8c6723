#include "files.hpp"

#include <fmt/core.h>

#include <filesystem>
#include <system_error>

#include "io/atomic_file.hpp"
#include "tilewise/error.hpp"

namespace tilewise::cli {

void require_writable(const std::string& path, const char* option) {
  if (path.empty()) return;
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  // A file is replaced by renaming another one onto it, which would do away with a device or a pipe.
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    throw FileError(path, FileError::no_offset,
                    fmt::format("expected the name of a file to write for {}, found a folder or a device", option));
  const io::AtomicFile trial(path);  // without commit() it leaves nothing behind
}

void write_file(const std::string& path, const std::string& text) {
  io::AtomicFile file(path);
  file.write(text.data(), text.size());
  file.commit();
}

}  // namespace tilewise::cli
