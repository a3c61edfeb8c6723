#include "data/files.hpp"
#include "io/safetensors.hpp"
#include "nn/networks.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/counts.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

Sequential trained_model() {
  Sequential model(small_layers());
  model.compile(with_accuracy());
  model.fit(striped_images(small_shape(), 3, 64).batch(16));
  return model;
}

Bytes read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

std::string message_of(const std::string& path) {
  try {
    Model::load(path);
  } catch (const FileError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST_CASE("a saved model loads by itself and predicts the same bits", "[train]") {
  const TemporaryFolder folder;
  Sequential model = trained_model();
  model.save(folder / "model.safetensors");
  Model loaded = Model::load(folder / "model.safetensors");
  CHECK(loaded.summary() == model.summary());
  CHECK(all_weights(loaded) == all_weights(model));
  const std::vector<float> samples(static_cast<std::size_t>(small_shape().elements()), 0.5f);
  CHECK(loaded.predict(samples.data(), 1) == model.predict(samples.data(), 1));

  const std::vector<float> saved = all_weights(model);
  const Pipeline pipeline = striped_images(small_shape(), 3, 64).batch(16);
  model.compile(with_accuracy());
  loaded.compile(with_accuracy(Adam{}, 77));
  CHECK(all_weights(loaded) == saved);
  model.fit(pipeline);
  loaded.fit(pipeline);
  CHECK(all_weights(loaded) == all_weights(model));

  model.load_weights(folder / "model.safetensors");
  CHECK(all_weights(model) == saved);
  loaded.save(folder / "again.safetensors");
  CHECK(read_all(folder / "again.safetensors") != read_all(folder / "model.safetensors"));
}

TEST_CASE("saving is deterministic", "[train]") {
  const TemporaryFolder folder;
  const Sequential model = trained_model();
  model.save(folder / "a.safetensors");
  Model::load(folder / "a.safetensors").save(folder / "b.safetensors");
  CHECK(read_all(folder / "a.safetensors") == read_all(folder / "b.safetensors"));
}

TEST_CASE("weights of another architecture are refused, and nothing changes", "[train]") {
  const TemporaryFolder folder;
  trained_model().save(folder / "model.safetensors");
  Sequential other{Flatten(), Dense(3)};
  other.build(small_shape());
  const std::vector<float> before = all_weights(other);
  CHECK_THROWS_AS(other.load_weights(folder / "model.safetensors"), FileError);
  CHECK(all_weights(other) == before);
}

TEST_CASE("a file that is no model says what is missing", "[train]") {
  const TemporaryFolder folder;
  const std::string path = folder / "model.safetensors";
  trained_model().save(path);
  io::Safetensors good = io::read_safetensors(path);
  const auto changed = [&](auto change) {
    io::Safetensors contents = good;
    change(contents);
    io::write_safetensors(path, contents);
    return message_of(path);
  };
  CHECK_THAT(changed([](auto& file) { file.metadata.clear(); }), contains("tilewise.architecture"));
  CHECK_THAT(changed([](auto& file) { file.tensors.pop_back(); }), contains("is missing"));
  CHECK_THAT(changed([](auto& file) { file.tensors[0].name = "conv2d/scale"; }), contains("conv2d/kernel is missing"));
  CHECK_THAT(changed([](auto& file) { file.metadata["tilewise.architecture"] = "{"; }), contains("not JSON"));
  CHECK_THAT(message_of(folder / "nowhere"), contains("nowhere") && contains("No such file"));
  CHECK_THAT(message_of(folder.path()), contains("not a folder"));
}

TEST_CASE("a small file cannot make the loader allocate much", "[train]") {
  const TemporaryFolder folder;
  const std::string path = folder / "model.safetensors";
  Sequential model{Flatten(), Dense(4)};
  model.build({2, 2, 1});
  model.save(path);
  io::Safetensors file = io::read_safetensors(path);
  std::string& architecture = file.metadata["tilewise.architecture"];
  const auto replace = [&](const std::string& from, const std::string& to) {
    architecture.replace(architecture.find(from), from.size(), to);
  };
  SECTION("by its layers") {
    replace("\"units\":4", "\"units\":1000000000");
  }
  SECTION("by its image") {
    replace("[2,2,1]", "[1000000,1000000,1]");
  }
  io::write_safetensors(path, file);
  Allocations::reset();
  CHECK_THROWS_AS(Model::load(path), FileError);
  CHECK(Allocations::largest_bytes() < 1'000'000);
}

TEST_CASE("damaged model files give typed errors or a model, never a crash", "[train]") {
  const TemporaryFolder folder;
  const std::string path = folder / "model.safetensors";
  trained_model().save(path);
  const Bytes good = read_all(path);
  Sequential model = trained_model();
  const std::vector<float> before = all_weights(model);
  const base::Random random(1, base::Stream::test, 0);
  const std::size_t header_end = 8 + good[0] + 256 * good[1];
  const std::uint64_t mutants = scaled(2000);
  std::uint64_t refused = 0;
  for (std::uint64_t mutant = 0; mutant < mutants; ++mutant) {
    Bytes bytes = good;
    const std::uint64_t changes = 1 + random.below(3, 100 * mutant);
    for (std::uint64_t change = 0; change < changes; ++change) {
      const auto at = random.below(header_end, 100 * mutant + 10 * change + 1);
      const auto source = random.below(header_end, 100 * mutant + 10 * change + 2);
      const auto length = 1 + random.below(20, 100 * mutant + 10 * change + 3);
      const auto position = bytes.begin() + static_cast<std::ptrdiff_t>(at);
      const auto until = [&](std::size_t from) { return std::min<std::size_t>(from + length, good.size()); };
      switch (random.below(4, 100 * mutant + 10 * change + 4)) {
        case 0:
          bytes[at] = static_cast<std::uint8_t>(random.below(256, 100 * mutant + 10 * change + 5));
          break;
        case 1:
          bytes[at] ^= static_cast<std::uint8_t>(1u << random.below(8, 100 * mutant + 10 * change + 5));
          break;
        case 2:
          bytes.erase(position, bytes.begin() + static_cast<std::ptrdiff_t>(std::min(at + length, bytes.size())));
          break;
        default:
          bytes.insert(position, good.begin() + static_cast<std::ptrdiff_t>(source),
                       good.begin() + static_cast<std::ptrdiff_t>(until(source)));
      }
    }
    folder.write("mutant", bytes);
    CAPTURE(mutant);
    try {
      Model::load(folder / "mutant");
    } catch (const FileError& error) {
      ++refused;
      CHECK(error.path() == folder / "mutant");
    }
    if (mutant % 10 == 0) try {
        model.load_weights(folder / "mutant");
        model.load_weights(path);
      } catch (const FileError&) {
      }
  }
  CHECK(refused * 10 > mutants * 9);
  model.load_weights(path);
  CHECK(all_weights(model) == before);
}
