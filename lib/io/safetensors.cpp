#include "io/safetensors.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "io/atomic_file.hpp"
#include "io/safetensors_header.hpp"
#include "tilewise/error.hpp"

namespace tilewise::io {

namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian, and so are its readers here");

/// A regular file that is read from its beginning to its end.
class InputFile {
 public:
  explicit InputFile(const std::string& path)
      : path_(path), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (file_ < 0) fail("cannot open it: " + std::system_category().message(errno));
    struct stat status = {};
    if (::fstat(file_, &status) != 0 || !S_ISREG(status.st_mode)) {
      ::close(file_);
      fail("expected a file, not a folder or a device");
    }
    bytes_ = status.st_size;
    position_ = 0;
  }
  ~InputFile() { ::close(file_); }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  std::int64_t bytes() const noexcept { return bytes_; }

  void read(void* data, std::int64_t bytes) {
    auto* next = static_cast<char*>(data);
    while (bytes > 0) {
      const ssize_t count = ::read(file_, next, static_cast<std::size_t>(bytes));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail("cannot read: " + std::system_category().message(errno));
      if (count == 0) fail("the file became shorter while it was read");
      next += count;
      bytes -= count;
      position_ += count;
    }
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw FileError(path_, position_, what); }

  const std::string& path_;
  int file_;
  std::int64_t bytes_ = 0;
  std::int64_t position_ = FileError::no_offset;
};

std::string read_header(const std::string& path, InputFile& file) {
  if (file.bytes() < header_begin)
    throw FileError(path, 0, "expected the header's length, 8 bytes; the file has " + std::to_string(file.bytes()));
  std::uint64_t length = 0;
  file.read(&length, header_begin);
  if (length > static_cast<std::uint64_t>(max_header_bytes))
    throw FileError(path, 0,
                    "expected a header of at most " + std::to_string(max_header_bytes) + " bytes; it is given as " +
                        std::to_string(length));
  if (static_cast<std::int64_t>(length) > file.bytes() - header_begin)
    throw FileError(path, 0,
                    "a header of " + std::to_string(length) + " bytes does not fit into the file's " +
                        std::to_string(file.bytes()));
  std::string text(static_cast<std::size_t>(length), '\0');
  file.read(text.data(), static_cast<std::int64_t>(length));
  return text;
}

}  // namespace

Safetensors read_safetensors(const std::string& path) {
  InputFile file(path);
  const std::string text = read_header(path, file);
  SafetensorsHeader header =
      parse_header(path, text, file.bytes() - header_begin - static_cast<std::int64_t>(text.size()));
  Safetensors contents{{}, std::move(header.metadata)};
  for (const auto& tensor : header.tensors) {
    std::vector<float> values(static_cast<std::size_t>(tensor.shape.elements()));
    file.read(values.data(), tensor.end - tensor.begin);
    contents.tensors.push_back({tensor.name, tensor.shape, std::move(values)});
  }
  return contents;
}

void write_safetensors(const std::string& path, const Safetensors& contents) {
  const std::string header = format_header(path, contents);
  const std::uint64_t length = header.size();
  AtomicFile file(path);
  file.write(&length, sizeof length);
  file.write(header.data(), header.size());
  for (const Weights& tensor : contents.tensors) file.write(tensor.values.data(), tensor.values.size() * sizeof(float));
  file.commit();
}

}  // namespace tilewise::io
