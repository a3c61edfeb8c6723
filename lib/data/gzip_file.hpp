#pragma once

#include <zlib.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

namespace tilewise::data {

/// Reads a file from its beginning, through gunzip if its first bytes say so. Holds 64 KiB, whatever the file promises.
class GzipFile {
 public:
  /// Throws FileError if there is no regular file that can be read.
  explicit GzipFile(const std::string& path);
  ~GzipFile();
  GzipFile(const GzipFile&) = delete;
  GzipFile& operator=(const GzipFile&) = delete;

  /// Reads `bytes` bytes of the contents, or less where they end. Throws FileError if the file cannot be read or its
  /// gzip stream is damaged, ends early or has something after it.
  std::int64_t read(std::uint8_t* to, std::int64_t bytes);

  const std::string& path() const noexcept { return path_; }
  /// How much was read of the contents.
  std::int64_t position() const noexcept { return position_; }
  /// The contents have not more bytes than this: it is their size, or what gzip can reach at best.
  std::int64_t most_bytes() const noexcept { return most_bytes_; }

 private:
  /// False at the end of the file.
  bool refill();
  std::int64_t inflate_to(std::uint8_t* to, std::int64_t bytes);
  [[noreturn]] void damaged(const std::string& what) const;

  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };

  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::array<std::uint8_t, 65536> input_;
  z_stream stream_{};  // its next_in and avail_in are the place in input_, for a plain file too
  bool compressed_ = false;
  bool member_ended_ = false;
  std::int64_t position_ = 0;
  std::int64_t most_bytes_ = 0;
};

}  // namespace tilewise::data
