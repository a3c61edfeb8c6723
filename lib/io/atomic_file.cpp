#include "io/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "tilewise/error.hpp"

namespace tilewise::io {

namespace {

std::string temporary_name(const std::string& path) {
  static std::atomic<unsigned> count{0};
  return path + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(count.fetch_add(1));
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path) : path_(path), temporary_path_(temporary_name(path)) {
  file_ = ::open(temporary_path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file_ < 0) fail("cannot create a file here");
}

AtomicFile::~AtomicFile() {
  if (file_ >= 0) ::close(file_);
  if (!renamed_) ::unlink(temporary_path_.c_str());
}

void AtomicFile::write(const void* data, std::size_t bytes) {
  const char* next = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = ::write(file_, next, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot write");
    next += written;
    bytes -= static_cast<std::size_t>(written);
  }
}

void AtomicFile::commit() {
  if (::fsync(file_) != 0) fail("cannot write through to the disk");
  close_file();
  if (::rename(temporary_path_.c_str(), path_.c_str()) != 0) fail("cannot replace the file");
  renamed_ = true;
  sync_folder();
}

void AtomicFile::close_file() {
  // Some file systems report a failed write only here. The descriptor is gone either way.
  const int file = file_;
  file_ = -1;
  if (::close(file) != 0) fail("cannot finish writing");
}

void AtomicFile::sync_folder() const {
  const auto folder = std::filesystem::path(path_).parent_path();
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;  // a folder that may be written but not read: nothing more can be done
  const int result = ::fsync(descriptor);
  const int error = errno;
  ::close(descriptor);
  // Some file systems cannot sync a folder and say EINVAL.
  errno = error;
  if (result != 0 && error != EINVAL) fail("written, but the folder's entry may not be on the disk yet");
}

void AtomicFile::fail(const std::string& what) const {
  const std::string reason = std::system_category().message(errno);
  throw FileError(path_, FileError::no_offset, what + ": " + reason);
}

}  // namespace tilewise::io
