#include "nn/network.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

/// What a layer without parameters makes of a batch of one.
Values result_of(const Layer& layer, const Shape& shape, const Values& x, const ops::Kernels& kernels) {
  const nn::Network network({layer}, shape);
  return run_graph(network.graph(), {{network.input(), x}}, {network.output()}, {kernels, 1})[0];
}

}  // namespace

TEST_CASE("AveragePool2D counts padding if it is told to", "[nn]") {
  const Padding padding{1, 0, 1, 1};
  for (const ops::Kernels& kernels : all_float_kernels()) {
    const auto mean = [&](Size2D window, const AveragePool2DOptions& options, const Values& x) {
      return result_of(AveragePool2D(window, options), {1, static_cast<std::int64_t>(x.size()), 1}, x, kernels);
    };
    CHECK(mean(2, {.padding = padding}, {4, 8, 12, 16}) == Values{4, 10, 16});
    CHECK(mean(2, {.padding = padding, .count_include_pad = true}, {4, 8, 12, 16}) == Values{1, 5, 4});
    CHECK(mean({1, 2}, {.padding = same}, {4, 8, 12}) == Values{6, 12});
    CHECK(mean({1, 2}, {.padding = same, .count_include_pad = true}, {4, 8, 12}) == Values{6, 6});
  }
}
