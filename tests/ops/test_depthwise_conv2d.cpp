#include "ops/batch_norm.hpp"
#include "ops/depthwise_conv2d.hpp"
#include "ops/elementwise.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::Storage;
using ops::TensorSpec;

namespace {

struct DepthwiseCase {
  ops::Window2D window;
  std::int64_t height, width, channels, batch, times = 1;

  TensorSpec image() const { return {{height, width, channels / times}}; }
  TensorSpec kernel() const { return {{window.size.height, window.size.width, channels}, Storage::packed}; }
  TensorSpec bias() const { return {{channels}, Storage::packed}; }
  ops::Extent2D out() const { return window.out({height, width}); }
  TensorSpec result() const { return {{out().height, out().width, channels}}; }
};

}  // namespace

TEST_CASE("depthwise_conv2d's backward gives the same bits for any number of threads and on every ISA with FMA",
          "[ops]") {
  for (const DepthwiseCase& c :
       {DepthwiseCase{{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, 30, 17, 33, 3},
        DepthwiseCase{{{3, 3}, {2, 2}}, 15, 13, 99, 3, 3}, DepthwiseCase{{{5, 5}, {2, 2}}, 9, 9, 700, 9}}) {
    const Values dy = reals(c.result(), c.batch, 1), x = reals(c.image(), c.batch, 2), w = reals(c.kernel(), 1, 3);
    std::vector<Values> first;
    for (const ops::Kernels& kernels : all_float_kernels()) {
      if (kernels.scalar() != ops::Scalar::f32 || kernels.isa() == "sse2") continue;
      for (const int threads : {1, 2, 3, 7}) {
        INFO("isa " << kernels.isa() << ", threads " << threads);
        const auto found = run_op(std::make_shared<ops::DepthwiseConv2DBackward>(c.window),
                                  {c.result(), c.image(), c.kernel()}, {dy, x, w}, {kernels, c.batch, threads});
        if (first.empty()) first = found;
        REQUIRE(found == first);
      }
    }
  }
}

TEST_CASE("an empty batch gives a depthwise convolution zero gradients", "[ops]") {
  const DepthwiseCase c{{{3, 3}}, 5, 5, 20, 0};
  for (const ops::Kernels& kernels : all_float_kernels()) {
    const auto gradients = run_op(std::make_shared<ops::DepthwiseConv2DBackward>(c.window),
                                  {c.result(), c.image(), c.kernel()}, {{}, {}, Values(180, 1.0)}, {kernels, 0});
    CHECK(gradients[1] == Values(180, 0.0));
    CHECK(gradients[2] == Values(20, 0.0));
  }
}

TEST_CASE("a depthwise convolution takes in a normalisation and a ReLU", "[ops]") {
  plan::Graph graph;
  const auto x = graph.add_input("x", {{5, 4, 42}});
  const auto conv = std::make_shared<ops::DepthwiseConv2D>(ops::Window2D{{3, 3}});
  std::vector<plan::ValueId> normalized =
      graph.emit(conv, {x, graph.add_parameter("kernel", {3, 3, 42}, 0), graph.add_parameter("bias", {42}, 5)});
  for (int number = 1; number <= 4; ++number) normalized.push_back(graph.add_parameter("norm", {42}, number));
  const auto y =
      graph.emit(std::make_shared<ops::Relu>(), graph.emit(std::make_shared<ops::BatchNormInference>(1.0), normalized));
  std::map<plan::ValueId, Values> values;
  for (std::size_t id = 0; id < graph.values().size(); ++id)
    if (graph.values()[id].role != plan::Role::intermediate)
      values[static_cast<plan::ValueId>(id)] = integers(graph.values()[id].spec, 2, 3, id);
  for (double& variance : values[normalized[4]]) variance = variance > 0 ? 15 : 3;  // exact square roots
  for (const ops::Kernels& kernels : all_float_kernels()) {
    const auto fused = plan::make_plan(graph, {kernels, 2, y, true});
    CHECK(fused->dump().find("depthwise_conv2d+batch_norm+relu") != std::string::npos);
    CHECK(run_graph(graph, values, y, {kernels, 2, 3, true}) == run_graph(graph, values, y, {kernels, 2, 1, false}));
  }
}

TEST_CASE("depthwise_conv2d refuses what does not fit", "[ops]") {
  const ops::DepthwiseConv2D op(ops::Window2D{{3, 3}});
  const TensorSpec kernel{{3, 3, 4}, Storage::packed};
  CHECK(op.infer({{{5, 6, 4}}, kernel, {}})[0].shape == Shape{3, 4, 4});
  CHECK_THROWS_AS(op.infer({{{5, 2, 4}}, kernel, {}}), ShapeError);
  CHECK(op.infer({{{5, 6, 2}}, kernel, {}})[0].shape == Shape{3, 4, 4});
  CHECK_THROWS_AS(op.infer({{{5, 6, 3}}, kernel, {}}), ShapeError);
  CHECK_THROWS_AS(op.infer({{{5, 6, 8}}, kernel, {}}), ShapeError);
  CHECK_THROWS_AS(op.infer({{{5, 6, 4}}, kernel, kernel}), ShapeError);
  CHECK_THROWS_AS(op.infer({{{5, 6, 0}}, {{3, 3, 0}, Storage::packed}, {}}), ShapeError);
  CHECK_THROWS_AS(op.infer({{{5, 6}}, kernel, {}}), ShapeError);
}
