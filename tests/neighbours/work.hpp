#pragma once

#include <vector>

#include "nn/networks.hpp"

/// What the neighbours ask of the library, and is the same bits whatever goes on around it.
namespace tilewise::test {

inline std::vector<float> striped_samples(std::int64_t count) {
  const Dataset data = striped_images(small_shape(), 3, count);
  std::vector<float> samples(static_cast<std::size_t>(count * small_shape().elements()));
  for (std::int64_t i = 0; i < count; ++i) data.copy_sample(i, samples.data() + i * small_shape().elements());
  return samples;
}

/// One model with its samples, and what it makes of them.
class Predictions {
 public:
  explicit Predictions(std::int64_t count = 40)
      : count_(count), samples_(striped_samples(count)), model_(small_layers()) {
    model_.build(small_shape());
    expected_ = predict();
  }
  std::vector<float> predict() const { return model_.predict(samples_.data(), count_); }
  const std::vector<float>& expected() const { return expected_; }
  bool are_wrong() const { return predict() != expected_; }

 private:
  std::int64_t count_;
  std::vector<float> samples_;
  Sequential model_;
  std::vector<float> expected_;
};

/// The weights after two epochs through a shuffled pipeline with a thread of its own.
inline std::vector<float> trained_weights(const std::vector<Callback*>& callbacks = {}) {
  Sequential model(small_layers());
  model.compile(with_accuracy());
  model.fit(striped_images(small_shape(), 3, 100).shuffle(50).batch(16).prefetch(),
            {.epochs = 2, .callbacks = callbacks});
  return all_weights(model);
}

/// Gradients of a single convolution, one operation after the other.
inline std::vector<float> convolution_gradients() {
  const Shape image{6, 9, 8, 2}, kernel{3, 3, 2, 5}, map{6, 7, 6, 5};
  const std::vector<float> x = striped_samples(6), w(90, 0.25f), dy(6 * 7 * 6 * 5, 0.5f);
  std::vector<float> gradients(x.size() + w.size());
  conv2d_backward({dy.data(), map}, {x.data(), image}, {w.data(), kernel}, {},
                  {.dx = {gradients.data(), image}, .dw = {gradients.data() + x.size(), kernel}});
  return gradients;
}

/// All of these, one after the other.
inline std::vector<float> everything(const Predictions& predictions) {
  std::vector<float> all = predictions.predict();
  for (const std::vector<float>& more : {trained_weights(), convolution_gradients()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace tilewise::test
