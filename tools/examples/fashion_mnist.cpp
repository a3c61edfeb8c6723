// The notebook: trains a small convolutional network on Fashion-MNIST.
#include <cstdio>
#include <tilewise/tilewise.hpp>

int main() try {
  auto [train, test] = tw::datasets::load("fashion-mnist");

  tw::Sequential model{
      tw::Conv2D(32, {3, 3}, {.padding = tw::same, .activation = tw::relu}),
      tw::MaxPool2D(),
      tw::Conv2D(64, {3, 3}, {.padding = tw::same, .activation = tw::relu}),
      tw::MaxPool2D(),
      tw::Conv2D(128, {3, 3}, {.padding = tw::same, .activation = tw::relu}),
      tw::Flatten(),
      tw::Dense(128, {.activation = tw::relu}),
      tw::Dense(10, {.activation = tw::softmax}),
  };
  model.compile({.optimizer = tw::Adam{}, .loss = tw::SparseCategoricalCrossentropy{}, .metrics = {tw::Accuracy{}}});

  auto history = model.fit(train.shuffle(10'000).batch(32).prefetch(), {.validation = test.batch(32), .epochs = 10});
  for (const auto& epoch : history.epochs)
    std::printf("epoch %d: loss %.4f, val_accuracy %.4f\n", epoch.epoch, epoch.training.loss,
                *epoch.validation->accuracy);
  model.save("fashion_mnist.safetensors");
} catch (const tw::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
