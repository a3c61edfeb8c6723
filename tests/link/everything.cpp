// Names every layer, loss, metric, optimizer, schedule and operation of the public headers (test_link.py compares), and
// runs a model of all layers on every ISA of the machine, so that what the linker leaves out of the archive is missed.
#include <cstdio>
#include <tilewise/tilewise.hpp>
#include <vector>

namespace {

tw::Model model_of_all_layers() {
  const tw::Tensor x = tw::Input({12, 12, 2});
  tw::Tensor y = tw::Conv2D(4, 3, {.padding = tw::same})(x);
  y = tw::Add()(tw::BatchNormalization()(y), tw::DepthwiseConv2D(3, {.padding = tw::same, .depth_multiplier = 2})(x));
  y = tw::MaxPool2D()(tw::LeakyReLU()(y));
  y = tw::AveragePool2D(2, {.stride = 1})(tw::ZeroPadding2D({1, 1, 1, 1})(y));
  y = tw::Tanh()(tw::Conv2DTranspose(3, 2, {.stride = 2})(y));
  y = tw::Concatenate()(tw::GlobalAveragePool2D()(y), tw::GlobalMaxPool2D()(y), tw::Flatten()(y));
  y = tw::Sigmoid()(tw::Dense(6)(tw::Dropout(0.25)(tw::ReLU()(y))));
  return {x, tw::Softmax()(tw::Dense(4)(y))};
}

void train(const tw::CompileOptions& options) {
  tw::Model model = model_of_all_layers();
  model.compile(options);
  tw::Dataset data({12, 12, 2}, std::vector<float>(288 * 3, 0.5f), {0, 1, 3});
  if (!std::holds_alternative<tw::SparseCategoricalCrossentropy>(options.loss)) data = data.one_hot(4);
  model.fit(data.batch(2));
}

void train_in_every_way() {
  const std::vector<tw::Metric> metrics{tw::Accuracy{}, tw::TopKAccuracy{.k = 2}};
  for (const tw::Optimizer& optimizer :
       {tw::Optimizer(tw::SGD{}), tw::Optimizer(tw::Adam{}), tw::Optimizer(tw::AdamW{}), tw::Optimizer(tw::RMSprop{})})
    train({.optimizer = optimizer, .metrics = metrics});
  for (const tw::Loss& loss : {tw::Loss(tw::SparseCategoricalCrossentropy{}), tw::Loss(tw::CategoricalCrossentropy{}),
                               tw::Loss(tw::MeanSquaredError{})})
    train({.loss = loss, .metrics = metrics});
  for (const tw::LearningRate& rate : {tw::LearningRate(tw::StepDecay{.initial = 0.1, .every_steps = 1, .factor = 0.5}),
                                       tw::LearningRate(tw::CosineDecay{.initial = 0.1, .steps = 4}),
                                       tw::LearningRate(tw::OneCycle{.max = 0.1, .steps = 4})})
    train({.optimizer = tw::SGD{.learning_rate = rate}});
}

using Function = void (*)();
template <class F>
Function address(F* function) {
  return reinterpret_cast<Function>(function);
}

using MaxPool2D = void(const tw::ConstTensorView&, const tw::MaxPool2DParams&, const tw::TensorView&);
using MaxPool2DBackward = void(const tw::ConstTensorView&, const tw::View<const std::uint8_t>&,
                               const tw::MaxPool2DParams&, const tw::TensorView&);

int operations() {
  int found = 0;
  for (const Function function : {address(tw::activate),
                                  address(tw::activate_backward),
                                  address(tw::add),
                                  address(tw::average_pool2d),
                                  address(tw::average_pool2d_backward),
                                  address(tw::batch_normalization),
                                  address(tw::batch_normalization_backward),
                                  address(tw::batch_normalization_training),
                                  address(tw::conv2d),
                                  address(tw::conv2d_backward),
                                  address(tw::conv2d_transpose),
                                  address(tw::conv2d_transpose_backward),
                                  address(tw::copy),
                                  address(tw::dense),
                                  address(tw::dense_backward),
                                  address(tw::depthwise_conv2d),
                                  address(tw::depthwise_conv2d_backward),
                                  address(tw::dropout),
                                  address(tw::leaky_relu),
                                  address(tw::leaky_relu_backward),
                                  address<MaxPool2D>(tw::max_pool2d),
                                  address<MaxPool2DBackward>(tw::max_pool2d_backward),
                                  address(tw::softmax_cross_entropy),
                                  address(tw::softmax_cross_entropy_backward),
                                  address(tw::softmax_target_cross_entropy),
                                  address(tw::softmax_target_cross_entropy_backward),
                                  address(tw::squared_error),
                                  address(tw::squared_error_backward)})
    found += function != nullptr;
  return found;
}

}  // namespace

int main() {
  for (const tw::Isa isa : tw::available_isas()) {
    tw::set_isa(isa);
    train_in_every_way();
    std::printf("%s ", tw::isa_name(isa).data());
  }
  std::printf("%d\n", operations());
  return 0;
}
