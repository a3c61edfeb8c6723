#include "plan/parameters.hpp"

#include "base/checked.hpp"

namespace tilewise::plan {

int ParameterStore::add(std::string name, const Shape& shape, std::int64_t groups) {
  const base::WeightsLayout layout = base::weights_layout(shape, kernels_.channel_block(), groups);
  const std::int64_t bytes = base::checked_mul(layout.elements(), kernels_.element_bytes());
  parameters_.push_back({std::move(name), shape, layout, base::AlignedBuffer(static_cast<std::size_t>(bytes))});
  touch();
  return count() - 1;
}

template <class Plain>
void ParameterStore::set_from(int parameter, const Plain* plain) {
  kernels_.visit([&]<class T>(const kernels::KernelTable<T>&) {
    base::pack_weights(at(parameter).layout, plain, at(parameter).buffer.as<T>());
  });
  touch();
}

template <class Plain>
void ParameterStore::get_to(int parameter, Plain* plain) const {
  kernels_.visit([&]<class T>(const kernels::KernelTable<T>&) {
    base::unpack_weights(at(parameter).layout, at(parameter).buffer.as<T>(), plain);
  });
}

void ParameterStore::set(int parameter, const double* plain) {
  set_from(parameter, plain);
}
void ParameterStore::set(int parameter, const float* plain) {
  set_from(parameter, plain);
}
void ParameterStore::get(int parameter, double* plain) const {
  get_to(parameter, plain);
}
void ParameterStore::get(int parameter, float* plain) const {
  get_to(parameter, plain);
}

}  // namespace tilewise::plan
