#pragma once

#include <cstddef>
#include <string>

namespace tilewise::io {

/// A file that is replaced as a whole or not at all: written beside its final place, and renamed onto it by commit().
/// Without a commit(), the old file stays and the temporary one is removed. All of it throws FileError with the
/// system's reason.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, std::size_t bytes);
  /// After this the new contents are at the path, also if the machine loses power.
  void commit();

 private:
  [[noreturn]] void fail(const std::string& what) const;
  void close_file();
  void sync_folder() const;

  std::string path_;
  std::string temporary_path_;
  int file_ = -1;
  bool renamed_ = false;
};

}  // namespace tilewise::io
