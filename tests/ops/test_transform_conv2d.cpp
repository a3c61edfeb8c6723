#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "ops/conv2d.hpp"
#include "ops/conv_algorithm.hpp"
#include "ops/elementwise.hpp"
#include "ops/image.hpp"
#include "ops/pool2d.hpp"
#include "ops/transform_conv.hpp"
#include "ops/transform_conv2d.hpp"
#include "ops/transform_rows.hpp"
#include "ops/transpose_weights.hpp"
#include "plan/graph.hpp"
#include "support/catch.hpp"
#include "support/counts.hpp"
#include "support/graph_runner.hpp"
#include "support/pick.hpp"

// Convolutions by transforms on whole tensors, against direct convolution in float64: forward with all that is fused,
// and both backward passes.
namespace tilewise::test {
namespace {

using ops::Extent2D;
using ops::Window2D;

constexpr std::uint64_t drawn_layers = 50;

/// One layer, its inputs, and the graph of all its passes.
struct LayerCase {
  Window2D window{{3, 3}};
  Extent2D in, out;
  std::int64_t batch, in_channels, out_channels;
  bool relu, pooled;
  plan::Graph graph;
  std::map<plan::ValueId, Values> values;
  std::vector<plan::ValueId> outputs;
  enum Result { y, dx, dw, db, index };
  std::vector<Result> results;  ///< what each output is: some of them

  plan::ValueId image, gradient, kernel;

  explicit LayerCase(Pick& draw) {
    const std::int64_t common[] = {7, 14, 28};
    const auto extent = [&] { return draw.flag() ? draw(3, 31) : common[draw(0, 2)]; };
    in = {extent(), extent()};
    window.padding = {1, 1, 1, 1};
    if (draw.flag()) window.padding = {draw(0, 2), draw(0, 2), draw(0, 2), draw(0, 2)};
    out = window.out(in);
    batch = draw(1, is_short_scale() ? 2 : 20);
    in_channels = draw(1, 40);
    out_channels = is_short_scale() || draw(0, 3) > 0 ? draw(1, 40) : draw(60, 135);
    if (!is_short_scale() && draw(0, 7) == 0) widen(draw);
    relu = draw.flag();
    pooled = draw.flag() && out.height > 1 && out.width > 1;
    build(draw);
  }

  std::string to_string() const {
    return std::to_string(batch) + " images " + ops::image_spec(in, in_channels).shape.to_string() + " to " +
           ops::image_spec(out, out_channels).shape.to_string() + ", padding top " +
           std::to_string(window.padding.top) + ", left " + std::to_string(window.padding.left) +
           (relu ? ", relu" : "") + (pooled ? ", pooled" : "");
  }

  /// What y, dx, dw and db would be, as root mean squares, if all numbers were independent.
  std::array<double, 4> scales() const;

 private:
  /// So many channels that the slices of a few tiles are more than a cache holds.
  void widen(Pick& draw) {
    in = {7, 7};
    out = window.out(in);
    batch = draw(16, 40);
    in_channels = draw(250, 300);
    out_channels = draw(1, 20);
  }
  void build(Pick& draw) {
    const auto given = [&](plan::ValueId id) {
      const ops::TensorSpec& spec = graph.spec(id);
      values[id] = draw.values(spec, batch);
      return id;
    };
    image = given(graph.add_input("x", ops::image_spec(in, in_channels)));
    gradient = given(graph.add_input("dy", ops::image_spec(out, out_channels)));
    kernel = given(graph.add_parameter("w", {3, 3, in_channels, out_channels}, 0));
    const plan::ValueId bias = given(graph.add_parameter("bias", {out_channels}, 1));
    const auto add_output = [&](plan::ValueId value, Result result) {
      outputs.push_back(value);
      results.push_back(result);
    };
    plan::ValueId value =
        graph.emit(std::make_shared<ops::Conv2D>(ops::Conv2DAttributes{.window = window}), {image, kernel, bias})[0];
    if (relu) value = graph.emit(std::make_shared<ops::Relu>(), {value})[0];
    if (pooled) {
      const auto pool = graph.emit(std::make_shared<ops::MaxPool2D>(Window2D{{2, 2}, {2, 2}}), {value});
      value = pool[0];
      // Under a ReLU the fused index is for its backward only.
      if (!relu) add_output(pool[1], index);
    }
    add_output(value, y);
    const bool all = draw.flag();
    const std::int64_t wanted = all ? 7 : draw(1, 7);
    const plan::ValueId transposed = (wanted & 1) != 0 || draw.flag()
                                         ? graph.emit(std::make_shared<ops::TransposeWeights>(), {kernel})[0]
                                         : plan::no_value;
    const auto gradients =
        graph.emit(std::make_shared<ops::Conv2DBackward>(window, Shape{3, 3, in_channels, out_channels}),
                   {gradient, image, transposed});
    for (std::size_t i = 0; i < 3; ++i)
      if (wanted >> i & 1) add_output(gradients[i], static_cast<Result>(dx + i));
  }
};

std::vector<Values> run(const LayerCase& layer, const ops::Kernels& kernels, const char* algorithm, int threads) {
  return run_graph(layer.graph, layer.values, layer.outputs,
                   {.kernels = kernels, .batch = layer.batch, .threads = threads, .algorithm = algorithm});
}

double root_mean_square(const Values& values) {
  double square = 0;
  for (double x : values) square += x * x;
  return std::sqrt(square / double(values.size()));
}

std::array<double, 4> LayerCase::scales() const {
  const double of_x = root_mean_square(values.at(image)), of_dy = root_mean_square(values.at(gradient));
  const double of_w = root_mean_square(values.at(kernel)), places = double(batch * out.height * out.width);
  return {of_x * of_w * std::sqrt(9.0 * double(in_channels)), of_dy * of_w * std::sqrt(9.0 * double(out_channels)),
          of_x * of_dy * std::sqrt(places), of_dy * std::sqrt(places)};
}

/// `scale`: the root mean square of what independent numbers would give, which sums that cancel fall short of.
void require_near(const Values& exact, const Values& found, bool whole, double bound, double scale, const char* what) {
  INFO(what);
  REQUIRE(exact.size() == found.size());
  Values error = found;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    if (whole) REQUIRE(std::nearbyint(found[i]) == exact[i]);
    error[i] -= exact[i];
  }
  CHECK(root_mean_square(error) <= bound * std::max(scale, root_mean_square(exact)));
}

/// The bound of a transform's relative error, as a root mean square over a tensor. The kernel's gradient is a long sum,
/// longest over small tiles, of which there are many.
double bound_of(const kernels::TransformShape& shape, bool of_kernel) {
  if (!shape.near_direct) return of_kernel ? 1e-4 : 5e-5;
  if (shape.cyclic) return of_kernel ? 2e-6 : 1e-6;
  return of_kernel ? 1e-5 : 2e-6;
}

/// The part of positions that may be others than in float64, for the largest values are nearly equal there.
constexpr double near_ties = 1e-3;

double differing(const Values& a, const Values& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != b[i];
  return double(count) / double(a.size());
}

/// f(transform, kernels) for all that there are.
template <class F>
void for_each_transform(const F& f) {
  for (const ops::Kernels& kernels : all_float_kernels())
    for (int number = 0; number < kernels::transform_count; ++number)
      if (kernels.visit([&](const auto& table) { return table.transforms[number].to_slices != nullptr; }))
        f(kernels::transform_shapes[number], kernels);
}

void check_layer(Numbers numbers, std::uint64_t number) {
  Pick draw(numbers, number);
  const LayerCase layer(draw);
  const auto exact = run(layer, ops::Kernels(ops::Scalar::f64), "direct", 1);
  for_each_transform([&](const kernels::TransformShape& shape, const ops::Kernels& kernels) {
    INFO(shape.name << ", isa " << kernels.isa() << ", " << draw.to_string() << ": " << layer.to_string());
    const auto found = run(layer, kernels, shape.name, 1);
    const char* const names[] = {"output", "gradient of the image", "gradient of the kernel", "gradient of the bias"};
    const std::array<double, 4> scales = layer.scales();
    for (std::size_t i = 0; i < layer.results.size(); ++i) {
      const LayerCase::Result result = layer.results[i];
      if (result != LayerCase::index)
        require_near(exact[i], found[i], draw.whole(), bound_of(shape, result == LayerCase::dw), scales[result],
                     names[result]);
      else if (!draw.whole())
        CHECK(differing(found[i], exact[i]) <= (shape.near_direct ? 0 : near_ties));
    }
    for (int threads : {2, 5}) CHECK(run(layer, kernels, shape.name, threads) == found);
    count_cases("convolutions by transforms", std::string(shape.name) + "/" + std::string(kernels.isa()), 1);
  });
}

TEST_CASE("convolutions by transforms: forward and backward, fused or not, the same bits for any threads", "[ops]") {
  for (std::uint64_t i = 0; i < scaled(drawn_layers); ++i) {
    check_layer(Numbers::whole, i);
    check_layer(Numbers::real, 1'000'000 + i);
  }
}

TEST_CASE("slices of weights give the same bits, derived or made on the way", "[ops]") {
  for (std::uint64_t i = 0; i < scaled(drawn_layers); ++i) {
    Pick draw(Numbers::real, 2'000'000 + i);
    const LayerCase layer(draw);
    ops::Conv2DAttributes attributes{layer.window};
    if (layer.relu) attributes.activation = kernels::Activation::relu;
    if (layer.pooled) attributes.pool = Window2D{{2, 2}, {2, 2}};
    for_each_transform([&](const kernels::TransformShape& shape, const ops::Kernels& kernels) {
      INFO(shape.name << ", isa " << kernels.isa() << ", " << draw.to_string() << ": " << layer.to_string());
      const kernels::Transform transform = *ops::transform_called(shape.name);
      const auto run_with = [&](bool derived, int threads) {
        plan::Graph graph;
        const plan::ValueId image = graph.add_input("x", ops::image_spec(layer.in, layer.in_channels));
        const plan::ValueId kernel = graph.add_parameter("w", {3, 3, layer.in_channels, layer.out_channels}, 0);
        const ops::TensorSpec image_spec = graph.spec(image);
        const auto conv =
            std::make_shared<ops::TransformConv2D>(transform, attributes, image_spec.shape, layer.out_channels);
        const auto made = [&](const std::shared_ptr<const ops::Op>& op, plan::ValueId of) {
          return graph.emit(op, {of})[0];
        };
        const std::vector<plan::ValueId> inputs =
            derived ? std::vector{image, made(std::make_shared<ops::WeightSlices>(transform), kernel), plan::no_value}
                    : std::vector{made(std::make_shared<ops::TransformRows>(transform, layer.window), image), kernel,
                                  plan::no_value};
        const auto outputs = graph.emit(conv, inputs);
        return run_graph(graph, {{image, layer.values.at(layer.image)}, {kernel, layer.values.at(layer.kernel)}},
                         outputs, {.kernels = kernels, .batch = layer.batch, .threads = threads});
      };
      const auto found = run_with(true, 1);
      for (int threads : {1, 2, 5}) CHECK(run_with(false, threads) == found);
    });
  }
}

/// The gradients of a convolution whose output is the ReLU's that gave `y`, or, with `pool`, is pooled.
struct SourceCase {
  plan::Graph graph;
  std::map<plan::ValueId, Values> values;
  std::vector<plan::ValueId> gradients;

  SourceCase(const LayerCase& layer, const std::optional<Window2D>& pool, Pick& draw) {
    const auto given = [&](const char* name, const ops::TensorSpec& spec, Values of) {
      const plan::ValueId id = graph.add_input(name, spec);
      values[id] = std::move(of);
      return id;
    };
    const ops::TensorSpec output = ops::image_spec(layer.out, layer.out_channels);
    const plan::ValueId image = given("x", ops::image_spec(layer.in, layer.in_channels), layer.values.at(layer.image));
    plan::ValueId gradient;
    if (pool) {
      const ops::TensorSpec small = ops::pooled(output, *pool),
                            positions = ops::pooled(output, *pool, ops::index_element(*pool));
      Values index = draw.values(positions, layer.batch);
      for (double& position : index) {  // any of the window, or that of what a ReLU made zero
        const std::int64_t number = draw(0, pool->size.height * pool->size.width);
        const double dead = positions.element == ops::Element::u8 ? kernels::dead_index_u8 : kernels::dead_index_u32;
        position = number == 0 ? dead : double(number - 1);
      }
      const plan::ValueId of_small = given("dy", small, draw.values(small, layer.batch));
      gradient = graph.emit(std::make_shared<ops::MaxPool2DBackward>(*pool, output.shape),
                            {of_small, given("index", positions, std::move(index))})[0];
    } else {
      const plan::ValueId dy = given("dy", output, layer.values.at(layer.gradient));
      gradient = graph.emit(std::make_shared<ops::ReluBackward>(),
                            {dy, given("y", output, draw.values(output, layer.batch))})[0];
    }
    const plan::ValueId kernel = graph.add_parameter("w", {3, 3, layer.in_channels, layer.out_channels}, 0);
    values[kernel] = layer.values.at(layer.kernel);
    const plan::ValueId transposed = graph.emit(std::make_shared<ops::TransposeWeights>(), {kernel})[0];
    gradients = graph.emit(
        std::make_shared<ops::Conv2DBackward>(layer.window, Shape{3, 3, layer.in_channels, layer.out_channels}),
        {gradient, image, transposed});
  }
};

TEST_CASE("gradients from that of a ReLU or a max-pool have the same bits, whether that is written or not", "[ops]") {
  const Window2D pools[] = {{{2, 2}, {2, 2}}, {{3, 2}, {2, 2}}, {{2, 3}, {1, 3}}, {{16, 16}, {15, 16}}};
  for (std::uint64_t i = 0; i < scaled(drawn_layers); ++i) {
    Pick draw(Numbers::real, 3'000'000 + i);
    const LayerCase layer(draw);
    std::vector<std::optional<Window2D>> sources{std::nullopt};
    for (const Window2D& pool : pools)
      if (pool.size.height <= layer.out.height && pool.size.width <= layer.out.width) sources.emplace_back(pool);
    for (const std::optional<Window2D>& pool : sources) {
      const SourceCase c(layer, pool, draw);
      for_each_transform([&](const kernels::TransformShape& shape, const ops::Kernels& kernels) {
        INFO(shape.name << ", isa " << kernels.isa() << ", " << draw.to_string() << ": " << layer.to_string());
        const auto gradients = [&](int threads, bool fuse) {
          return run_graph(
              c.graph, c.values, c.gradients,
              {.kernels = kernels, .batch = layer.batch, .threads = threads, .fuse = fuse, .algorithm = shape.name});
        };
        const auto written = gradients(1, false);
        for (int threads : {1, 3}) CHECK(gradients(threads, true) == written);
      });
    }
  }
}

TEST_CASE("tiles of a transform cover each output once, and each input that an output reads", "[ops]") {
  for (const kernels::TransformShape& shape : kernels::transform_shapes)
    for (std::int64_t in = 1; in <= 40; ++in)
      for (std::int64_t before = 0; before <= 2; ++before)
        for (std::int64_t after = 0; after <= 2; ++after) {
          const std::int64_t out = in + before + after - 2;
          if (out < 1) continue;
          INFO(shape.name << ", " << in << " places, padding " << before << " and " << after);
          std::int64_t next = 0, covered = 0;
          for (const ops::TransformTile& tile : ops::cut_into_tiles(shape, in, out, before)) {
            CHECK(tile.out_begin == next);
            while (tile.out.on_map >> (next - tile.out_begin) & 1) ++next;
            for (int slot = 0; slot < shape.slots; ++slot) {
              const std::int64_t place = tile.in_begin + (slot == shape.slots - 1 ? tile.in.last : slot);
              if (!(tile.in.on_map >> slot & 1)) continue;
              CHECK((place >= 0 && place < in));
              CHECK((place < covered) == (tile.shared >> slot & 1));
            }
            for (int slot = 0; slot < shape.slots; ++slot)
              if (tile.in.on_map >> slot & 1)
                covered = std::max(covered, tile.in_begin + (slot == shape.slots - 1 ? tile.in.last : slot) + 1);
          }
          CHECK(next == out);
          CHECK(covered == in);
        }
}

TEST_CASE("slices that do not fit are refused before anything is allocated", "[ops]") {
  const ops::Conv2DAttributes attributes{{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}};
  constexpr std::int64_t many = std::int64_t{1} << 57, wide = std::int64_t{1} << 29;
  const ops::TensorSpec image{{7, 7, 1}, ops::Storage::batched}, kernel{{3, 3, 1, 1}, ops::Storage::packed};
  for (const ops::Kernels& kernels : all_float_kernels()) {
    if (!ops::has_any_transform(kernels)) continue;
    for (int i = 0; i < kernels::transform_count; ++i) {
      const auto transform = static_cast<kernels::Transform>(i);
      INFO(kernels::shape_of(transform).name << ", isa " << kernels.isa());
      const auto throws = [&](const ops::Op& op, const std::vector<ops::TensorSpec>& inputs) {
        const std::vector<ops::TensorSpec> outputs = op.infer(inputs);
        const std::vector<bool> wanted(outputs.size(), true);
        const ops::Step step = op.lower({kernels, inputs, outputs, wanted, 32});
        const ops::LowerRequest of_many{kernels, inputs, outputs, wanted, many};
        if (step.workspace_bytes.empty())  // nothing is kept of all samples, so nothing grows
          CHECK(op.lower(of_many).phases[0].scratch_bytes == step.phases[0].scratch_bytes);
        else
          CHECK_THROWS_AS(op.lower(of_many), ShapeError);
      };
      const ops::WeightSlices weights(transform);
      CHECK_THROWS_AS(weights.infer({{{3, 3, wide, 2 * wide}, ops::Storage::packed}}), ShapeError);
      const ops::TensorSpec bias{{1}, ops::Storage::packed};
      const ops::TensorSpec rows = ops::TransformRows(transform, attributes.window).infer({image})[0];
      const ops::TransformConv2D forward(transform, attributes, image.shape, 1);
      throws(forward, {image, weights.infer({kernel})[0], bias});
      throws(forward, {rows, kernel, bias});
      throws(ops::TransformConv2DBackward(transform, attributes.window, image.shape, kernel.shape),
             {image, rows, kernel, {}});
    }
  }
}

TEST_CASE("the choice of a transform: by arithmetic, for 3x3 convolutions of stride 1 that are large enough", "[ops]") {
  using kernels::Transform;
  const Window2D same{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}};
  const ops::ConvProblem conv3{same, {7, 7}, 64, 128, 1, 32};
  for (const ops::Kernels& kernels : all_float_kernels()) {
    INFO("isa " << kernels.isa());
    const bool has = ops::can_transform(conv3, kernels, Transform::fft8);
    const auto chosen = [&](const ops::ConvProblem& problem, Arithmetic arithmetic) {
      return ops::choose_transform(problem, kernels, arithmetic).transform;
    };
    CHECK_FALSE(chosen(conv3, Arithmetic::strict));
    CHECK(chosen(conv3, Arithmetic::standard) == (has ? std::optional(Transform::fft8) : std::nullopt));
    CHECK(chosen(conv3, Arithmetic::fast) == (has ? std::optional(Transform::winograd7) : std::nullopt));
    const std::string why = ops::choose_transform(conv3, kernels, Arithmetic::standard).why;
    CHECK(why.empty() == !has);
    CHECK(why.starts_with(has ? "fft8 is expected to cost " : ""));
    ops::ConvProblem other = conv3;
    other.in_channels = 1;
    CHECK_FALSE(chosen(other, Arithmetic::fast));
    other = conv3;
    other.groups = 2;
    CHECK_FALSE(chosen(other, Arithmetic::fast));
    other = conv3;
    other.batch = 1;
    CHECK_FALSE(chosen(other, Arithmetic::fast));
    ops::ConvProblem one{same, {14, 14}, 32, 64, 1, 1};
    CHECK(chosen(one, Arithmetic::standard) == (has ? std::optional(Transform::winograd2) : std::nullopt));
    one.transforms_weights = true;
    CHECK_FALSE(chosen(one, Arithmetic::standard));
    for (const Window2D& window : {Window2D{{3, 3}, {2, 2}}, Window2D{{3, 3}, {1, 1}, {2, 2}}, Window2D{{5, 5}}}) {
      other = conv3;
      other.window = window;
      CHECK_FALSE(chosen(other, Arithmetic::fast));
    }
  }
}

}  // namespace
}  // namespace tilewise::test
