#include "nn/topology.hpp"

#include <algorithm>

#include "tilewise/error.hpp"

namespace tilewise::nn {

Topology Topology::chain(std::vector<Layer> layers) {
  Topology topology{std::move(layers), {}};
  for (std::size_t layer = 0; layer < topology.layers.size(); ++layer) topology.calls.push_back({layer, {layer}});
  return topology;
}

bool Topology::is_chain() const {
  for (std::size_t call = 0; call < calls.size(); ++call)
    if (!(calls[call] == LayerCall{call, {call}})) return false;
  return calls.size() == layers.size();
}

void check_topology(const Topology& topology) {
  if (topology.layers.empty()) throw ArgumentError("a model needs at least one layer");
  std::vector<bool> is_called(topology.layers.size(), false), is_read(topology.calls.size() + 1, false);
  for (std::size_t number = 1; number <= topology.calls.size(); ++number) {
    const LayerCall& call = topology.calls[number - 1];
    const std::string where = "call " + std::to_string(number) + ": ";
    if (call.layer >= topology.layers.size())
      throw ArgumentError(where + "layer " + std::to_string(call.layer + 1) + "; there are " +
                          std::to_string(topology.layers.size()));
    if (call.inputs.empty()) throw ArgumentError(where + "no inputs; expected one or more");
    is_called[call.layer] = true;
    for (std::size_t input : call.inputs) {
      if (input >= number)
        throw ArgumentError(where + "reads the result of call " + std::to_string(input) +
                            "; expected an earlier one, or 0 for the samples");
      is_read[input] = true;
    }
  }
  const auto uncalled = std::find(is_called.begin(), is_called.end(), false);
  if (uncalled != is_called.end())
    throw ArgumentError("layer " + std::to_string(uncalled - is_called.begin() + 1) + " is called nowhere");
  const auto unread = std::find(is_read.begin(), is_read.end() - 1, false);
  if (unread != is_read.end() - 1)
    throw ArgumentError("nothing reads the result of call " + std::to_string(unread - is_read.begin()));
}

}  // namespace tilewise::nn
