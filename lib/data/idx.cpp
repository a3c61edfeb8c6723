#include "data/idx.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>

#include "data/gzip_file.hpp"
#include "tilewise/error.hpp"

namespace tilewise::data {

namespace {

constexpr std::uint8_t unsigned_byte = 0x08;

std::string join(const std::vector<std::int64_t>& extents) {
  std::string text;
  for (std::int64_t extent : extents) text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text;
}

std::string hexadecimal(const std::uint8_t* bytes, std::size_t count) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

class Digest {
 public:
  Digest() : state_(XXH3_createState()) {
    if (!state_) throw std::bad_alloc();
    XXH3_128bits_reset(state_.get());
  }
  void update(const std::uint8_t* data, std::int64_t bytes) {
    XXH3_128bits_update(state_.get(), data, static_cast<std::size_t>(bytes));
  }
  std::string finish() const {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_.get()));
    return hexadecimal(canonical.digest, sizeof canonical.digest);
  }

 private:
  struct Free {
    void operator()(XXH3_state_t* state) const noexcept { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Free> state_;
};

}  // namespace

IdxHeader parse_idx_header(const std::string& path, const std::uint8_t* data, std::int64_t size, int rank,
                           std::int64_t most_bytes) {
  IdxHeader header{{}, idx_header_bytes(rank), 1};
  if (size < header.bytes)
    throw FileError(path, size,
                    "the file ends here; expected an IDX header of " + std::to_string(header.bytes) + " bytes");
  const std::array<std::uint8_t, 4> magic{0, 0, unsigned_byte, static_cast<std::uint8_t>(rank)};
  constexpr std::array<const char*, 4> meaning{"the first byte of an IDX file", "the second byte of an IDX file",
                                               "the type, unsigned bytes", "the number of dimensions"};
  for (std::size_t i = 0; i < magic.size(); ++i)
    if (data[i] != magic[i])
      throw FileError(
          path, static_cast<std::int64_t>(i),
          "found 0x" + hexadecimal(&data[i], 1) + ", expected 0x" + hexadecimal(&magic[i], 1) + ", " + meaning[i]);
  for (int axis = 0; axis < rank; ++axis) {
    const std::uint8_t* at = data + idx_header_bytes(axis);
    const std::int64_t extent =
        std::int64_t{at[0]} << 24 | std::int64_t{at[1]} << 16 | std::int64_t{at[2]} << 8 | std::int64_t{at[3]};
    header.extents.push_back(extent);
    if (extent == 0)
      throw FileError(path, idx_header_bytes(axis), "dimension " + std::to_string(axis) + " is 0, expected 1 or more");
    // So the product never exceeds most_bytes, and cannot wrap.
    if (extent > (most_bytes - header.bytes) / header.payload)
      throw FileError(path, idx_header_bytes(axis),
                      "dimensions " + join(header.extents) + " promise more values than the " +
                          std::to_string(most_bytes - header.bytes) + " that a file of this size can hold");
    header.payload *= extent;
  }
  return header;
}

IdxFile read_idx(const std::string& path, int rank) {
  GzipFile file(path);
  Digest digest;
  std::vector<std::uint8_t> head(static_cast<std::size_t>(idx_header_bytes(rank)));
  const std::int64_t head_size = file.read(head.data(), idx_header_bytes(rank));
  const IdxHeader header = parse_idx_header(path, head.data(), head_size, rank, file.most_bytes());
  digest.update(head.data(), head_size);

  const auto total = [&] {
    return std::to_string(header.bytes + header.payload) + " bytes for dimensions " + join(header.extents);
  };
  IdxFile idx{header.extents, {}, {}};
  constexpr std::int64_t step = 1 << 20;
  constexpr std::int64_t trusted = 64 * step;
  idx.values.reserve(static_cast<std::size_t>(std::min(header.payload, trusted)));
  for (std::int64_t done = 0; done < header.payload;) {
    const std::int64_t wanted = std::min(step, header.payload - done);
    idx.values.resize(static_cast<std::size_t>(done + wanted));
    const std::int64_t got = file.read(idx.values.data() + done, wanted);
    digest.update(idx.values.data() + done, got);
    if (got < wanted) throw FileError(path, file.position(), "the file ends here; expected " + total());
    done += wanted;
  }
  std::uint8_t extra = 0;
  if (file.read(&extra, 1) != 0)
    throw FileError(path, header.bytes + header.payload, "the file goes on; expected an end after " + total());
  idx.digest = digest.finish();
  return idx;
}

}  // namespace tilewise::data
