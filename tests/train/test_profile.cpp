#include <map>

#include "nn/networks.hpp"
#include "support/catch.hpp"
#include "support/counts.hpp"
#include "support/settings.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

Sequential compiled(const std::vector<Layer>& layers, const Shape& shape) {
  Sequential model(layers);
  model.compile(with_accuracy());
  model.build(shape);
  return model;
}

Pipeline small_data() {
  return striped_images(small_shape(), 3, 44).shuffle(20, 3).batch(8);  // five full batches and a short one
}

/// The FLOPs of each layer's steps, by its name.
std::map<std::string, double> flops_of_layers(const Profile& profile) {
  std::map<std::string, double> flops;
  for (const Profile::Step& step : profile.steps) flops[step.layer] += step.flops;
  std::erase_if(flops, [](const auto& layer) { return layer.second == 0; });
  return flops;
}

}  // namespace

TEST_CASE("a profile trains as fit() does, and its times add up", "[train]") {
  for (int thread_count : {1, 3}) {
    const Threads forced(thread_count);
    Sequential profiled = compiled(small_layers(), small_shape()), fitted = compiled(small_layers(), small_shape());
    const Pipeline full = striped_images(small_shape(), 3, 40).shuffle(20, 3).batch(8);
    const Profile profile = profiled.profile(full, {.runs = 7, .warmup = 3});
    fitted.fit(full, {.epochs = 2});
    CHECK(all_weights(profiled) == all_weights(fitted));

    CHECK((profile.batch == 8 && profile.runs == 7 && profile.threads == thread_count));
    CHECK(profile.isa == isa_name(isa()));
    double sum = profile.waiting + profile.outside;
    for (const Profile::Step& step : profile.steps) {
      CHECK((step.seconds >= 0 && step.bytes > 0));
      sum += step.seconds;
    }
    CHECK(sum == Approx(profile.seconds));
    CHECK(profile.waiting >= 0);
    CHECK(profile.outside >= 0);

    std::vector<double> of_steps(profile.steps.size(), 0), end_of_thread(static_cast<std::size_t>(thread_count), 0);
    for (const Profile::Span& span : profile.spans) {
      REQUIRE((span.step < profile.steps.size() && span.thread < thread_count && !span.phase.empty()));
      double& free = end_of_thread[static_cast<std::size_t>(span.thread)];
      REQUIRE((span.begin >= free && span.end >= span.begin));
      free = span.end;
      of_steps[span.step] += span.end - span.begin;
    }
    for (std::size_t step = 0; step < of_steps.size(); ++step)
      CHECK(of_steps[step] == Approx(profile.steps[step].seconds * 7 * thread_count));
  }
}

TEST_CASE("a profile of predictions leaves the weights alone, and full batches are what it measures", "[train]") {
  Sequential model = compiled(small_layers(), small_shape());
  const auto before = all_weights(model);
  const Profile profile = model.profile(small_data(), {.training = false, .runs = 12, .warmup = 0});
  CHECK(profile.runs == 12);
  CHECK(all_weights(model) == before);
  for (const Profile::Step& step : profile.steps) CHECK(step.op.find("backward") == std::string::npos);
  model.fit(small_data());  // as ever
}

TEST_CASE("what a profile cannot do is refused", "[train]") {
  Sequential model = compiled(small_layers(), small_shape());
  CHECK_THROWS_WITH(model.profile(small_data(), {.runs = 0}), "profile: 0 runs; expected 1 or more");
  CHECK_THROWS_WITH(model.profile(small_data(), {.warmup = -1}), "profile: -1 runs before it; expected 0 or more");
  CHECK_THROWS_WITH(model.profile(striped_images(small_shape(), 3, 7).batch(8)),
                    "profile: 7 samples; expected a batch of 8");
  CHECK_THROWS_AS(model.profile(striped_images({9, 8, 1}, 3, 8).batch(8)), ShapeError);
  CHECK_THROWS_AS(model.profile(striped_images({9, 8, 1}, 3, 8).batch(8), {.training = false}), ShapeError);
  Sequential not_compiled(small_layers());
  CHECK_THROWS_AS(not_compiled.profile(small_data()), ArgumentError);
  CHECK_THROWS_AS(not_compiled.input_shape(), ArgumentError);  // nor is it built now
}

TEST_CASE("the nominal FLOPs of a step are those of direct computing", "[train]") {
  Sequential model = compiled({Conv2D(6, {3, 2}, {.padding = same, .groups = 2}), DepthwiseConv2D(3),
                               Conv2DTranspose(5, 2, {.stride = 2}), Flatten(), Dense(3, {.activation = softmax})},
                              {7, 6, 4});
  const Pipeline data = striped_images({7, 6, 4}, 3, 2).batch(2);
  const std::map<std::string, double> forward{{"conv2d", 2. * 2 * 7 * 6 * 3 * 2 * 2 * 6},
                                              {"depthwise_conv2d", 2. * 2 * 5 * 4 * 9 * 6},
                                              {"conv2dtranspose", 2. * 2 * 5 * 4 * 4 * 6 * 5},
                                              {"dense", 2. * 2 * 10 * 8 * 5 * 3}};
  CHECK(flops_of_layers(model.profile(data, {.training = false, .runs = 1, .warmup = 0})) == forward);
  std::map<std::string, double> training = forward;
  for (auto& [layer, flops] : training) flops *= layer == "conv2d" ? 2 : 3;  // nobody wants the image's gradient
  CHECK(flops_of_layers(model.profile(data, {.runs = 1, .warmup = 0})) == training);

  if (is_short_scale()) return;
  Sequential notebook = compiled(notebook_layers(), {28, 28, 1});
  const double of_image = 2. * (2 * 784 * 9 * 32 + 3. * (196 * 9 * 32 * 64 + 49 * 9 * 64 * 128 + 6272 * 128 + 1280));
  CHECK(notebook.profile(striped_images({28, 28, 1}, 10, 32).batch(32), {.runs = 1, .warmup = 0}).flops() ==
        32 * of_image);
}
