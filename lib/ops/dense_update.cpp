#include "ops/dense_update.hpp"

#include "ops/dense.hpp"
#include "ops/dense_weights_gradient.hpp"
#include "ops/flops.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

enum : std::size_t { out_gradient_tensor, x_tensor, rates_tensor, kernel_tensor, state_tensor };

}  // namespace

std::vector<TensorSpec> DenseUpdate::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != state_tensor + update_->state_count())
    throw ShapeError("dense_update: expected out_gradient, input, rates, kernel and its state");
  expect_vector(*this, inputs[out_gradient_tensor]);
  expect_vector(*this, inputs[x_tensor]);
  const TensorSpec kernel{{inputs[x_tensor].shape[0], inputs[out_gradient_tensor].shape[0]}, Storage::packed};
  expect_filled(*this, kernel.shape);
  std::vector<TensorSpec> group{inputs[rates_tensor], kernel, kernel};
  group.insert(group.end(), inputs.begin() + state_tensor, inputs.end());
  if (!(inputs[kernel_tensor] == kernel))
    throw ShapeError("dense_update: the kernel is " + to_string(inputs[kernel_tensor]) + "; expected " +
                     to_string(kernel));
  return update_->infer(group);
}

std::vector<int> DenseUpdate::updated_inputs(std::size_t input_count) const {
  std::vector<int> updated;
  for (std::size_t input = kernel_tensor; input < input_count; ++input) updated.push_back(static_cast<int>(input));
  return updated;
}

Step DenseUpdate::lower(const LowerRequest& request) const {
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    const DenseWeightsGradient weights(request.inputs[x_tensor].shape[0], request.inputs[out_gradient_tensor].shape[0],
                                       table.channel_block, table.tile_places);
    Phase phase{"weights", weights.items(), false, base::checked_mul(weights.step(), sizeof(T)), {}};
    phase.run = [&table, weights, update = update_->slice_update(request.kernels), states = update_->state_count()](
                    Tensors tensors, const Work& work) {
      T* const gradient = reinterpret_cast<T*>(work.scratch);
      for (std::int64_t item = work.item_begin; item < work.item_end; ++item) {
        weights.run(table, tensor<const T>(tensors, x_tensor), tensor<const T>(tensors, out_gradient_tensor),
                    work.batch, item, gradient);
        const auto at = [&](std::size_t number) { return tensor<T>(tensors, number) + weights.begin(item); };
        UpdateSlice slice{tensors[rates_tensor], at(kernel_tensor), gradient, {}, weights.count(item), weights.step()};
        for (std::size_t number = 0; number < states; ++number) slice.state[number] = at(state_tensor + number);
        update(slice);
      }
    };
    return Step{"product", {std::move(phase)}, {}};
  });
}

double DenseUpdate::flops(const LowerRequest& request) const {
  return conv_flops(request, {1, 1}, request.inputs[kernel_tensor].shape);
}

}  // namespace tilewise::ops
