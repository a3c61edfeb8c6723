#include "ops/conv_algorithm.hpp"

namespace tilewise::ops {

std::string algorithm_name(ConvAlgorithm algorithm, const Kernels& kernels) {
  switch (algorithm) {
    case ConvAlgorithm::dots:
      return "direct dots";
    case ConvAlgorithm::small_groups:
      return "direct small groups";
    case ConvAlgorithm::tile:
      break;
  }
  return kernels.visit([](const auto& table) {
    return "direct " + std::to_string(table.tile_places) + "x" + std::to_string(table.channel_block);
  });
}

}  // namespace tilewise::ops
