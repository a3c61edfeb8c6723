// A small residual network with batch normalisation, on Fashion-MNIST.
#include <cstdio>
#include <cstdlib>
#include <tilewise/tilewise.hpp>

namespace {

tw::Tensor normalized(const tw::Tensor& x, std::int64_t filters, tw::Size2D kernel, tw::Size2D stride = 1) {
  return tw::BatchNormalization({.momentum = 0.9})(
      tw::Conv2D(filters, kernel, {.stride = stride, .padding = tw::same, .use_bias = false})(x));
}

/// Two convolutions, and a short cut round them (He et al. 2015).
tw::Tensor block(const tw::Tensor& x, std::int64_t filters, tw::Size2D stride) {
  auto y = tw::ReLU()(normalized(x, filters, 3, stride));
  y = normalized(y, filters, 3);
  const bool same_shape = y.shape() == x.shape();
  return tw::ReLU()(tw::Add()(y, same_shape ? x : normalized(x, filters, 1, stride)));
}

}  // namespace

int main(int argc, char** argv) try {
  const int epochs = argc > 1 ? std::atoi(argv[1]) : 3;
  auto [train, test] = tw::datasets::load("fashion-mnist");

  auto x = tw::Input({28, 28, 1});
  auto y = tw::MaxPool2D()(tw::ReLU()(normalized(x, 32, 3)));
  y = block(y, 32, 1);
  y = block(y, 64, 2);
  y = tw::Flatten()(tw::AveragePool2D(7)(y));
  tw::Model model(x, tw::Dense(10, {.activation = tw::softmax})(y));
  const std::int64_t batch = 32, steps = epochs * (train.size() / batch);
  const tw::OneCycle rate{.max = 6e-3, .steps = steps};
  model.compile({.optimizer = tw::Adam{.learning_rate = rate}, .metrics = {tw::Accuracy{}}});
  std::printf("%s", model.summary().c_str());

  auto history =
      model.fit(train.shuffle(60'000).batch(batch).prefetch(), {.validation = test.batch(100), .epochs = epochs});
  for (const auto& epoch : history.epochs)
    std::printf("epoch %d: %.1f s, loss %.4f, val_accuracy %.4f\n", epoch.epoch, epoch.seconds, epoch.training.loss,
                *epoch.validation->accuracy);
} catch (const tw::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
