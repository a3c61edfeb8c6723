#include <algorithm>
#include <cstring>

#include "data/files.hpp"
#include "io/safetensors.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

io::Safetensors example() {
  return {{{"conv2d/kernel", {2, 1, 1, 3}, {1, -2, 3.5f, 4, 5e-30f, 6e30f}},
           {"empty", {0, 4}, {}},
           {"scalar", {}, {-0.0f}}},
          {{"key", "text with \"quotes\" and \u00e9"}, {"other", ""}}};
}

Bytes file_of(const std::string& header, const Bytes& data, std::uint64_t claimed_length) {
  Bytes bytes(8 + header.size() + data.size());
  std::memcpy(bytes.data(), &claimed_length, 8);
  std::copy(header.begin(), header.end(), bytes.begin() + 8);
  std::copy(data.begin(), data.end(), bytes.begin() + 8 + std::ssize(header));
  return bytes;
}
Bytes file_of(const std::string& header, const Bytes& data = {}) {
  return file_of(header, data, header.size());
}

/// The message and byte offset of the error that reading gives.
struct Refusal {
  std::string message;
  std::int64_t offset;
};

Refusal refusal(const TemporaryFolder& folder, const Bytes& bytes) {
  const std::string path = folder.write("file", bytes);
  Allocations::reset();
  try {
    io::read_safetensors(path);
  } catch (const FileError& error) {
    CHECK(error.path() == path);
    CHECK(Allocations::largest_bytes() < 1'000'000);
    return {error.what(), error.offset()};
  }
  FAIL("not refused");
  return {};
}

Bytes read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

TEST_CASE("safetensors: what is written is read", "[io]") {
  const TemporaryFolder folder;
  io::write_safetensors(folder / "file", example());
  const io::Safetensors expected = example(), again = io::read_safetensors(folder / "file");
  CHECK(again.metadata == expected.metadata);
  REQUIRE(again.tensors.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(again.tensors[i].name == expected.tensors[i].name);
    CHECK(again.tensors[i].shape == expected.tensors[i].shape);
    CHECK(again.tensors[i].values == expected.tensors[i].values);
  }
  CHECK(read_all(folder / "file").size() % 4 == 0);
  CHECK((read_all(folder / "file").size() - 7 * 4) % 8 == 0);
}

TEST_CASE("safetensors: the documented bytes are read", "[io]") {
  const TemporaryFolder folder;
  const std::string header = R"({"w":{"shape":[2],"data_offsets":[0,8],"dtype":"F32"},"__metadata__":{"a":"b"}}  )";
  const io::Safetensors file =
      io::read_safetensors(folder.write("file", file_of(header, {0, 0, 128, 63, 0, 0, 0, 192})));
  REQUIRE(file.tensors.size() == 1);
  CHECK(file.tensors[0].values == std::vector<float>{1, -2});
  CHECK(file.metadata.at("a") == "b");
  CHECK(io::read_safetensors(folder.write("file", file_of("{}"))).tensors.empty());
}

TEST_CASE("safetensors: every truncation is refused", "[io]") {
  const TemporaryFolder folder;
  io::write_safetensors(folder / "whole", example());
  const Bytes whole = read_all(folder / "whole");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    const Refusal error = refusal(folder, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
    CHECK(error.offset >= 0);
    CHECK(error.offset <= static_cast<std::int64_t>(whole.size()));
  }
  Bytes longer = whole;
  longer.push_back(0);
  CHECK(refusal(folder, longer).offset == static_cast<std::int64_t>(whole.size()));
}

TEST_CASE("safetensors: a header length that lies is refused before anything is allocated", "[io]") {
  const TemporaryFolder folder;
  for (const std::uint64_t length :
       {std::uint64_t{3}, std::uint64_t{100}, std::uint64_t{100'000'000}, std::uint64_t{100'000'001},
        std::uint64_t{INT64_MAX}, std::uint64_t{INT64_MAX} + 1, UINT64_MAX - 7, UINT64_MAX}) {
    CAPTURE(length);
    CHECK(refusal(folder, file_of("{}", {}, length)).offset == 0);
  }
  CHECK(refusal(folder, file_of("{}", {}, 1)).offset >= 8);
}

TEST_CASE("safetensors: each broken rule is named", "[io]") {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& header, std::size_t bytes = 8) {
    return refusal(folder, file_of(header, Bytes(bytes))).message;
  };
  const auto tensor = [](const std::string& shape, const std::string& offsets, const std::string& name = "w") {
    return "\"" + name + R"(":{"dtype":"F32","shape":)" + shape + ",\"data_offsets\":" + offsets + "}";
  };
  CHECK_THAT(message("[1]"), contains("object"));
  CHECK_THAT(message("{\"w\" 1}"), contains("JSON"));
  CHECK_THAT(message("{\"w\xff\":1}"), contains("JSON"));
  CHECK_THAT(message("{\"w\":1e999}"), contains("JSON"));
  CHECK_THAT(message("{\"w\":5}"), contains("dtype"));
  CHECK_THAT(message(R"({"w":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}})"), contains("F32") && contains("F64"));
  CHECK_THAT(message(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1}})"), contains("expected"));
  CHECK_THAT(message("{" + tensor("[3]", "[0,8]") + "}"), contains("4 bytes"));
  CHECK_THAT(message("{" + tensor("[2]", "[0,16]") + "}", 16), contains("4 bytes"));
  CHECK_THAT(message("{" + tensor("[2]", "[8,0]") + "}"), contains("begin"));
  CHECK_THAT(message("{" + tensor("[2]", "[0]") + "}"), contains("begin"));
  CHECK_THAT(message("{" + tensor("[2]", "[0,8.0]") + "}"), contains("integers"));
  CHECK_THAT(message("{" + tensor("[2]", "[-8,0]") + "}"), contains("integers"));
  CHECK_THAT(message("{" + tensor("[-2]", "[0,8]") + "}"), contains("integers"));
  CHECK_THAT(message("{" + tensor("2", "[0,8]") + "}"), contains("list"));
  CHECK_THAT(message("{" + tensor("[true]", "[0,8]") + "}"), contains("integers"));
  CHECK_THAT(message("{" + tensor("[1,1,1,1,1,1,2]", "[0,8]") + "}"), contains("axes"));
  CHECK_THAT(message("{" + tensor("[4294967296,4294967296,4]", "[0,8]") + "}"), contains("63 bits"));
  CHECK_THAT(message("{" + tensor("[4611686018427387906]", "[0,8]") + "}"), contains("63 bits"));
  CHECK_THAT(message("{" + tensor("[4611686018427387904]", "[0,18446744073709551615]") + "}"), contains("integers"));
  CHECK_THAT(message("{" + tensor("[2]", "[4,12]") + "}", 12), contains("without gap or overlap"));
  CHECK_THAT(message("{" + tensor("[2]", "[0,8]") + "," + tensor("[2]", "[4,12]", "v") + "}", 12), contains("overlap"));
  CHECK_THAT(message("{" + tensor("[2]", "[0,8]") + "," + tensor("[2]", "[12,20]", "v") + "}", 20), contains("gap"));
  CHECK_THAT(message("{" + tensor("[4]", "[0,16]") + "}"), contains("8 bytes of data"));
  CHECK_THAT(message("{" + tensor("[1]", "[0,4]") + "}"), contains("end of the file"));
  CHECK_THAT(message("{" + tensor("[1]", "[0,4]") + "," + tensor("[1]", "[4,8]") + "}"), contains("twice"));
  CHECK_THAT(message(R"({"__metadata__":{"a":1}})", 0), contains("texts"));
  CHECK_THAT(message(R"({"__metadata__":[]})", 0), contains("object"));
  CHECK_THAT(message(R"({"__metadata__":{"a":"1","a":"2"}})", 0), contains("twice"));
  CHECK_THAT(message("{\"w\":" + std::string(50'000, '[') + std::string(50'000, ']') + "}"), contains("nested"));
  CHECK_THAT(message(std::string(50'000, '[')), contains("nested"));
}

TEST_CASE("safetensors: an error says where in the file", "[io]") {
  const TemporaryFolder folder;
  const std::string header =
      R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"I8","shape":[4],"data_offsets":[4,8]}})";
  CHECK(refusal(folder, file_of(header, Bytes(8))).offset == 8 + static_cast<std::int64_t>(header.find("\"b\"")));
  CHECK(refusal(folder, file_of("{\"a\": nul}")).offset == 8 + 9);
}

TEST_CASE("safetensors: names that a file cannot hold are refused", "[io]") {
  const TemporaryFolder folder;
  io::write_safetensors(folder / "file", example());
  const Bytes before = read_all(folder / "file");
  CHECK_THROWS_AS(io::write_safetensors(folder / "file", {{{"a", {1}, {1}}, {"a", {1}, {2}}}, {}}), FileError);
  CHECK_THROWS_AS(io::write_safetensors(folder / "file", {{{"\xff", {1}, {1}}}, {}}), FileError);
  CHECK(read_all(folder / "file") == before);
}
