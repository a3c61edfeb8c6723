#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/random.hpp"
#include "support/catch.hpp"
#include "support/settings.hpp"
#include "tilewise/isa.hpp"
#include "tilewise/ops.hpp"

// Single convolutions by transforms.
namespace tilewise::test {
namespace {

using Floats = std::vector<float>;

/// The square root of the sum of squares.
double norm(const Floats& values) {
  double square = 0;
  for (float x : values) square += double{x} * double{x};
  return std::sqrt(square);
}

Floats drawn(std::int64_t count, std::uint64_t stream) {
  const base::Random random(2, base::Stream::test, stream);
  Floats values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = random.uniform(i) - 0.5f;
  return values;
}

/// A layer of `images` images, with all that a forward and a backward pass read and write.
struct Layer {
  Shape image, kernel, result;
  Floats x, w, dy, y, dx, dw;

  Layer(std::int64_t images, std::int64_t extent, std::int64_t in_channels, std::int64_t out_channels)
      : image{images, extent, extent, in_channels},
        kernel{3, 3, in_channels, out_channels},
        result{images, extent, extent, out_channels},
        x(drawn(image.elements(), 0)),
        w(drawn(kernel.elements(), 1)),
        dy(drawn(result.elements(), 2)),
        y(dy.size()),
        dx(x.size()),
        dw(w.size()) {}

  ConstTensorView weights() const { return {w.data(), kernel}; }
  /// Of the first `images`.
  ConstTensorView x_of(std::int64_t images) const { return {x.data(), with_images(image, images)}; }
  ConstTensorView dy_of(std::int64_t images) const { return {dy.data(), with_images(result, images)}; }
  TensorView y_of(std::int64_t images) { return {y.data(), with_images(result, images)}; }
  Gradients gradients_of(std::int64_t images) {
    return {.dx = {dx.data(), with_images(image, images)}, .dw = {dw.data(), kernel}};
  }

  void run(const Conv2DParams& params) {
    conv2d(x_of(image[0]), weights(), {}, params, y_of(image[0]));
    conv2d_backward(dy_of(image[0]), x_of(image[0]), weights(), params, gradients_of(image[0]));
  }

 private:
  static Shape with_images(const Shape& shape, std::int64_t images) { return {images, shape[1], shape[2], shape[3]}; }
};

double relative_error(const Floats& exact, const Floats& found) {
  Floats difference = found;
  for (std::size_t i = 0; i < exact.size(); ++i) difference[i] -= exact[i];
  return norm(difference) / norm(exact);
}

bool starts_with(const Floats& values, const Floats& beginning, std::int64_t count) {
  return std::equal(beginning.begin(), beginning.begin() + count, values.begin());
}

TEST_CASE("the arithmetic of one conv2d and its backward: transforms where they are allowed", "[eager]") {
  const auto run = [](const Conv2DParams& params) {
    Layer layer(16, 7, 64, 64);
    layer.run(params);
    return layer;
  };
  for (Isa used : available_isas()) {
    if (used == Isa::reference) continue;  // slow, and without transforms
    INFO("isa " << isa_name(used));
    const ForcedIsa forced(used);
    const Layer direct = run({.padding = same, .arithmetic = Arithmetic::strict});
    CHECK(run({.padding = same, .arithmetic = Arithmetic::fast, .algorithm = "direct"}).y == direct.y);
    for (Arithmetic arithmetic : {Arithmetic::standard, Arithmetic::fast}) {
      const Layer found = run({.padding = same, .arithmetic = arithmetic});
      CHECK((found.y == direct.y) == (used == Isa::sse2));
      const double bound = arithmetic == Arithmetic::fast ? 3e-5 : 1e-6;
      CHECK(relative_error(direct.y, found.y) <= bound);
      CHECK(relative_error(direct.dx, found.dx) <= bound);
      CHECK(relative_error(direct.dw, found.dw) <= bound);
    }
  }
  CHECK_THROWS_WITH(run({.padding = same, .algorithm = "fft9"}),
                    "conv2d: no algorithm is called 'fft9'; expected one of direct, fft8, fft16, winograd2, winograd7");
}

TEST_CASE("a prepared conv2d by a transform takes smaller batches, and none", "[eager]") {
  constexpr std::int64_t most = 12;
  for (Isa used : available_isas())
    for (const char* algorithm : {"fft8", "fft16", "winograd2", "winograd7"}) {
      INFO("isa " << isa_name(used) << ", " << algorithm);
      const ForcedIsa forced(used);
      const Conv2DParams params{.padding = same, .algorithm = algorithm};
      Layer whole(most, 9, 5, 7);
      PreparedConv2D forward = prepare_conv2d(whole.image, params, whole.weights());
      PreparedConv2DBackward backward =
          prepare_conv2d_backward(whole.image, params, whole.weights(), {.dx = true, .dw = true, .db = false});
      forward.run(whole.x_of(most), whole.y_of(most));
      backward.run(whole.dy_of(most), whole.x_of(most), whole.gradients_of(most));
      for (std::int64_t images : {most - 1, std::int64_t{1}, std::int64_t{0}}) {
        INFO(images << " images");
        Layer part(most, 9, 5, 7), direct(std::max<std::int64_t>(images, 1), 9, 5, 7);
        forward.run(part.x_of(images), part.y_of(images));
        backward.run(part.dy_of(images), part.x_of(images), part.gradients_of(images));
        CHECK(starts_with(whole.y, part.y, images * 81 * 7));
        CHECK(starts_with(whole.dx, part.dx, images * 81 * 5));
        if (images == 0) CHECK(part.dw == Floats(part.dw.size(), 0.f));
        if (images == 0) continue;
        direct.x.assign(part.x.begin(), part.x.begin() + images * 81 * 5);
        direct.dy.assign(part.dy.begin(), part.dy.begin() + images * 81 * 7);
        direct.run({.padding = same, .arithmetic = Arithmetic::strict});
        CHECK(relative_error(direct.dw, part.dw) <= 5e-5);
      }
    }
}

}  // namespace
}  // namespace tilewise::test
