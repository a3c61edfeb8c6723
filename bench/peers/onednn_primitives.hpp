#pragma once

#include <dnnl.hpp>
#include <string>
#include <unordered_map>
#include <vector>

namespace tilewise::bench::onednn {

/// The logical extents of a tensor, in oneDNN's order (NCHW, OIHW), and how it lies where it is plain (NHWC, HWIO).
struct Tensor {
  dnnl::memory::dims dims;
  dnnl::memory::format_tag plain_order;

  dnnl::memory::desc in(dnnl::memory::format_tag order) const { return {dims, dnnl::memory::data_type::f32, order}; }
  dnnl::memory::desc plain() const { return in(plain_order); }
  /// As the primitive that uses it likes best.
  dnnl::memory::desc any() const { return in(dnnl::memory::format_tag::any); }
};

/// oneDNN's primitives that make up a pass, one after the other, with their memory.
class Primitives {
 public:
  using Arguments = std::unordered_map<int, dnnl::memory>;

  const dnnl::engine& engine() const noexcept { return engine_; }

  dnnl::memory empty(const dnnl::memory::desc& kind) const { return {kind, engine_}; }
  /// Memory of that kind with the values of `tensor`, which are in plain order.
  dnnl::memory filled(const dnnl::memory::desc& kind, const std::vector<float>& values, const Tensor& tensor);

  /// The next primitive, made from its description.
  template <class Description>
  void add(const Description& description, Arguments arguments) {
    implementations_ += (implementations_.empty() ? "" : ", ") + std::string(description.impl_info_str());
    steps_.push_back({dnnl::primitive(description), std::move(arguments)});
  }
  /// The same, run here and now, outside of the pass.
  template <class Description>
  void run_once(const Description& description, const Arguments& arguments) {
    dnnl::primitive(description).execute(stream_, arguments);
    stream_.wait();
  }
  void add_result(const dnnl::memory& memory, const Tensor& tensor) { results_.push_back({memory, tensor}); }

  void run();

  std::size_t results() const noexcept { return results_.size(); }
  /// The last run's, in plain order.
  std::vector<float> result(std::size_t number);
  /// What oneDNN chose for each primitive: "jit:avx2, jit:uni".
  const std::string& implementations() const noexcept { return implementations_; }

 private:
  struct Step {
    dnnl::primitive primitive;
    Arguments arguments;
  };
  struct Result {
    dnnl::memory memory;
    Tensor tensor;
  };

  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::vector<Step> steps_;
  std::vector<Result> results_;
  std::string implementations_;
};

}  // namespace tilewise::bench::onednn
