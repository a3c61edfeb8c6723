#include "nn/architecture.hpp"
#include "nn/network.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

/// What a layer without parameters makes of a batch of one.
Values result_of(const Layer& layer, const Shape& shape, const Values& x, const ops::Kernels& kernels) {
  const nn::Network network({layer}, shape);
  return run_graph(network.graph(), {{network.input(), x}}, {network.output()}, {kernels, 1})[0];
}

/// The architecture of one layer, written, read and written again.
void check_json(const Layer& layer, const Shape& shape) {
  const std::string text = nn::architecture_to_json(nn::Network({layer}, shape));
  CHECK(nn::architecture_to_json(nn::network_from_json(text)) == text);
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

TEST_CASE("pools with ceil_mode have a last window for what is left, as in PyTorch", "[nn]") {
  const auto outputs = [](Size2D window, const MaxPool2DOptions& options, const Shape& shape) {
    return nn::Network({MaxPool2D(window, options)}, shape).output_shape();
  };
  CHECK(outputs(2, {.ceil_mode = true}, {7, 6, 2}) == Shape{4, 3, 2});
  CHECK(outputs(3, {.stride = 2, .ceil_mode = true}, {4, 5, 1}) == Shape{2, 2, 1});
  // A third window would begin in the padding behind the image.
  CHECK(outputs(2, {.padding = {1, 1, 1, 1}, .ceil_mode = true}, {3, 3, 1}) == Shape{2, 2, 1});
  CHECK(outputs(3, {.stride = 2, .padding = same, .ceil_mode = true}, {8, 7, 1}) == Shape{4, 4, 1});
  CHECK_THROWS_AS(outputs(5, {.stride = 2, .ceil_mode = true}, {3, 3, 1}), ShapeError);

  const Values x{3, 6, 9, 12};
  const Padding padding{0, 0, 1, 1};
  for (const ops::Kernels& kernels : all_float_kernels()) {
    // Windows over -1 to 1, 1 to 3 and 3 to 5, of which 5 lies beyond the padding.
    CHECK(result_of(MaxPool2D({1, 3}, {.stride = 2, .padding = padding, .ceil_mode = true}), {1, 4, 1}, x, kernels) ==
          Values{6, 12, 12});
    AveragePool2DOptions options{.stride = 2, .padding = padding, .ceil_mode = true};
    CHECK(result_of(AveragePool2D({1, 3}, options), {1, 4, 1}, x, kernels) == Values{4.5, 9, 12});
    options.count_include_pad = true;
    CHECK(result_of(AveragePool2D({1, 3}, options), {1, 4, 1}, x, kernels) == Values{3, 9, 6});
  }
}

TEST_CASE("global pools give one value for each channel", "[nn]") {
  const Values x{1, -8, 2, -7, 6, -3, /**/ 4, -9, 3, -5, 2, -4};  // {2, 3, 2}
  for (const ops::Kernels& kernels : all_float_kernels()) {
    CHECK(result_of(GlobalAveragePool2D(), {2, 3, 2}, x, kernels) == Values{3, -6});
    CHECK(result_of(GlobalMaxPool2D(), {2, 3, 2}, x, kernels) == Values{6, -3});
  }
  CHECK(nn::Network({GlobalMaxPool2D()}, {40, 30, 7}).output_shape() == Shape{7});
  CHECK_THROWS_WITH(nn::Network({GlobalAveragePool2D()}, {64}),
                    "layer 1 (global_average_pooling2d): expected an image, height x width x channels; found 64");
  check_json(GlobalAveragePool2D(), {4, 3, 2});
  check_json(GlobalMaxPool2D("largest"), {4, 3, 2});
}
