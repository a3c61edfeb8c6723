#include "data/gzip_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <new>
#include <system_error>

#include "tilewise/error.hpp"

namespace tilewise::data {

GzipFile::GzipFile(const std::string& path) : path_(path) {
  // A folder opens like a file, and a pipe could keep us waiting.
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    throw FileError(path, FileError::no_offset, error ? "cannot be read: " + error.message() : "is not a regular file");
  file_.reset(std::fopen(path.c_str(), "rbe"));
  if (!file_) throw FileError(path, FileError::no_offset, std::string("cannot be opened: ") + std::strerror(errno));
  most_bytes_ = static_cast<std::int64_t>(std::filesystem::file_size(path, error));
  if (error) throw FileError(path, FileError::no_offset, "cannot be read: " + error.message());
  if (refill() && stream_.avail_in >= 2 && input_[0] == 0x1f && input_[1] == 0x8b) {
    constexpr int gzip_only = 16;
    if (inflateInit2(&stream_, gzip_only + MAX_WBITS) != Z_OK) throw std::bad_alloc();
    compressed_ = true;
    most_bytes_ *= 1032;  // deflate's best: 258 bytes from 2 bits
  }
}

GzipFile::~GzipFile() {
  if (compressed_) inflateEnd(&stream_);
}

bool GzipFile::refill() {
  const std::size_t bytes = std::fread(input_.data(), 1, input_.size(), file_.get());
  if (std::ferror(file_.get()))
    throw FileError(path_, FileError::no_offset, std::string("cannot be read: ") + std::strerror(errno));
  stream_.next_in = input_.data();
  stream_.avail_in = static_cast<uInt>(bytes);
  return bytes > 0;
}

std::int64_t GzipFile::read(std::uint8_t* to, std::int64_t bytes) {
  std::int64_t done = 0;
  while (done < bytes) {
    if (stream_.avail_in == 0 && !refill()) {
      if (compressed_ && !member_ended_) damaged("its gzip stream ends early: the file is truncated");
      break;
    }
    std::int64_t step = 0;
    if (compressed_) {
      step = inflate_to(to + done, bytes - done);
    } else {
      step = std::min<std::int64_t>(bytes - done, stream_.avail_in);
      std::memcpy(to + done, stream_.next_in, static_cast<std::size_t>(step));
      stream_.next_in += step;
      stream_.avail_in -= static_cast<uInt>(step);
    }
    done += step;
    position_ += step;
  }
  return done;
}

std::int64_t GzipFile::inflate_to(std::uint8_t* to, std::int64_t bytes) {
  if (member_ended_) {  // gzip allows one member after the other
    if (*stream_.next_in != 0x1f) damaged("the gzip stream ends here, but something other than gzip follows");
    inflateReset(&stream_);
    member_ended_ = false;
  }
  const uInt room = static_cast<uInt>(std::min<std::int64_t>(bytes, 1 << 30));
  stream_.next_out = to;
  stream_.avail_out = room;
  const int result = inflate(&stream_, Z_NO_FLUSH);
  if (result == Z_MEM_ERROR) throw std::bad_alloc();
  if (result == Z_STREAM_END)
    member_ended_ = true;
  else if (result != Z_OK && result != Z_BUF_ERROR)
    damaged(std::string("its gzip stream is damaged: ") +
            (stream_.msg ? stream_.msg : "error " + std::to_string(result)));
  return room - stream_.avail_out;
}

void GzipFile::damaged(const std::string& what) const {
  throw FileError(path_, position_, what);
}

}  // namespace tilewise::data
