#include "train/model_file.hpp"

#include "io/safetensors.hpp"
#include "nn/architecture.hpp"
#include "tilewise/error.hpp"
#include "tilewise/version.hpp"
#include "train/model_weights.hpp"

namespace tilewise::train {

namespace {

constexpr const char* architecture_key = "tilewise.architecture";
constexpr const char* version_key = "tilewise.version";
constexpr std::int64_t header_offset = 8;

/// What does not fit is the file's fault.
template <class F>
auto blame(const std::string& path, const F& f) {
  try {
    return f();
  } catch (const FileError&) {
    throw;
  } catch (const Error& error) {
    throw FileError(path, header_offset, error.what());
  }
}

}  // namespace

void save_model(const std::string& path, const nn::Network& network, const plan::ParameterStore& parameters) {
  io::write_safetensors(
      path, {read_weights(network, parameters),
             {{architecture_key, nn::architecture_to_json(network)}, {version_key, std::string(version())}}});
}

ModelFile load_model(const std::string& path) {
  io::Safetensors file = io::read_safetensors(path);
  const auto architecture = file.metadata.find(architecture_key);
  if (architecture == file.metadata.end())
    throw FileError(path, header_offset,
                    std::string("expected ") + architecture_key +
                        " in the metadata: the file was not saved by tilewise, so only its weights can be loaded");
  return blame(path, [&] {
    nn::Network network = nn::network_from_json(architecture->second);
    check_weights(network, file.tensors);
    return ModelFile{std::move(network), std::move(file.tensors)};
  });
}

std::vector<Weights> load_weights(const std::string& path, const nn::Network& network) {
  std::vector<Weights> weights = io::read_safetensors(path).tensors;
  blame(path, [&] { check_weights(network, weights); });
  return weights;
}

}  // namespace tilewise::train
