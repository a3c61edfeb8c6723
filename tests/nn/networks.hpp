#pragma once

#include <vector>

#include "base/random.hpp"
#include "support/settings.hpp"
#include "tilewise/tilewise.hpp"

/// Networks and data that several tests train.
namespace tilewise::test {

/// The network of the Fashion-MNIST notebook, on 28x28x1.
inline std::vector<Layer> notebook_layers() {
  return {Conv2D(32, {3, 3}, {.padding = same, .activation = relu}),
          MaxPool2D(),
          Conv2D(64, {3, 3}, {.padding = same, .activation = relu}),
          MaxPool2D(),
          Conv2D(128, {3, 3}, {.padding = same, .activation = relu}),
          Flatten(),
          Dense(128, {.activation = relu}),
          Dense(10, {.activation = softmax})};
}

/// Convolutions, both pools, ReLU, dense and softmax, on 9x8x2; 3 classes.
inline std::vector<Layer> small_layers() {
  return {Conv2D(5, {3, 3}, {.padding = same, .activation = relu}),
          MaxPool2D(),
          Conv2D(4, {2, 3}, {.padding = {1, 0, 1, 1}}),
          ReLU(),
          AveragePool2D(2, {.stride = 1, .padding = same}),
          Flatten(),
          Dense(3),
          Softmax()};
}
inline Shape small_shape() {
  return {9, 8, 2};
}

/// Noise, brighter in the part of the image that its label names: easy to learn, but not without a working gradient.
inline Dataset striped_images(const Shape& shape, int classes, std::int64_t count, std::uint64_t seed = 1) {
  const base::Random random(seed, base::Stream::test, 0);
  std::vector<float> samples(static_cast<std::size_t>(count * shape.elements()));
  std::vector<std::int32_t> labels(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    const auto label = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(classes), 1'000'000'000 + i));
    labels[static_cast<std::size_t>(i)] = label;
    for (std::int64_t element = 0; element < shape.elements(); ++element) {
      const auto position = static_cast<std::size_t>(i * shape.elements() + element);
      const bool bright = element * classes / shape.elements() == label;
      samples[position] = 0.8f * random.uniform(position) + (bright ? 0.4f : 0.0f);
    }
  }
  return Dataset(shape, std::move(samples), std::move(labels));
}

inline CompileOptions with_accuracy(const Optimizer& optimizer = Adam{}, std::uint64_t seed = 0) {
  return {.optimizer = optimizer, .loss = SparseCategoricalCrossentropy{}, .metrics = {Accuracy{}}, .seed = seed};
}

/// What all weights are, bit for bit.
inline std::vector<float> all_weights(const Model& model) {
  std::vector<float> all;
  for (const Weights& weights : model.weights()) all.insert(all.end(), weights.values.begin(), weights.values.end());
  return all;
}

}  // namespace tilewise::test
