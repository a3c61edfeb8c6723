#pragma once

#include <string>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "base/weights_layout.hpp"
#include "ops/op.hpp"

namespace tilewise::plan {

/// The master weights and the optimizer's state of a model, packed for one ISA, shared by all plans of the model.
class ParameterStore {
 public:
  explicit ParameterStore(const ops::Kernels& kernels) : kernels_(kernels) {}

  /// Adds a parameter of zeros, its output channels in `groups`; returns its number. Throws ShapeError if they do not
  /// divide, or if its packed size does not fit.
  int add(std::string name, const Shape& shape, std::int64_t groups = 1);

  int count() const noexcept { return static_cast<int>(parameters_.size()); }
  const std::string& name(int parameter) const { return at(parameter).name; }
  const Shape& shape(int parameter) const { return at(parameter).shape; }
  const ops::Kernels& kernels() const noexcept { return kernels_; }

  /// Copies between the packed storage and `plain`: shape(parameter).elements() values in row-major order (HWIO, in x
  /// out).
  void set(int parameter, const double* plain);
  void set(int parameter, const float* plain);
  void get(int parameter, double* plain) const;
  void get(int parameter, float* plain) const;

  /// The packed storage. Who writes to it calls touch().
  void* data(int parameter) noexcept { return at(parameter).buffer.data(); }
  const void* data(int parameter) const noexcept { return at(parameter).buffer.data(); }

  /// Changes whenever a parameter may have changed; derived tensors are refreshed by it.
  std::int64_t version() const noexcept { return version_; }
  void touch() noexcept { ++version_; }

 private:
  struct Parameter {
    std::string name;
    Shape shape;
    base::WeightsLayout layout;
    base::AlignedBuffer buffer;
  };
  Parameter& at(int parameter) { return parameters_[static_cast<std::size_t>(parameter)]; }
  const Parameter& at(int parameter) const { return parameters_[static_cast<std::size_t>(parameter)]; }
  template <class Plain>
  void set_from(int parameter, const Plain* plain);
  template <class Plain>
  void get_to(int parameter, Plain* plain) const;

  ops::Kernels kernels_;
  std::vector<Parameter> parameters_;
  std::int64_t version_ = 1;
};

}  // namespace tilewise::plan
