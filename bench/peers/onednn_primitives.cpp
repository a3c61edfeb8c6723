#include "onednn_primitives.hpp"

#include <cstring>

namespace tilewise::bench::onednn {

dnnl::memory Primitives::filled(const dnnl::memory::desc& kind, const std::vector<float>& values,
                                const Tensor& tensor) {
  dnnl::memory plain = empty(tensor.plain()), memory = empty(kind);
  std::memcpy(plain.get_data_handle(), values.data(), values.size() * sizeof(float));
  dnnl::reorder(plain, memory).execute(stream_, plain, memory);
  stream_.wait();
  return memory;
}

void Primitives::run() {
  for (const Step& step : steps_) step.primitive.execute(stream_, step.arguments);
  stream_.wait();
}

std::vector<float> Primitives::result(std::size_t number) {
  Result& result = results_[number];
  dnnl::memory plain = empty(result.tensor.plain());
  dnnl::reorder(result.memory, plain).execute(stream_, result.memory, plain);
  stream_.wait();
  const auto* const begin = static_cast<const float*>(plain.get_data_handle());
  return {begin, begin + plain.get_desc().get_size() / sizeof(float)};
}

}  // namespace tilewise::bench::onednn
