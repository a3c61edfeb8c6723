#pragma once

#include <dnnl.hpp>
#include <string>

#include "tilewise/isa.hpp"

/// What differs between oneDNN 2 and 3, and what must be set before it is used.
namespace tilewise::bench::onednn {

#if DNNL_VERSION_MAJOR >= 3

template <class Primitive, class... Arguments>
typename Primitive::primitive_desc describe(const dnnl::engine& engine, const dnnl::primitive_attr& attributes,
                                            const Arguments&... arguments) {
  return {engine, arguments..., attributes};
}

/// Of a backward pass, `hint` its forward pass.
template <class Primitive, class Hint, class... Arguments>
typename Primitive::primitive_desc describe_backward(const dnnl::engine& engine, const Hint& hint,
                                                     const Arguments&... arguments) {
  return {engine, arguments..., hint};
}

/// A window as the primitives of pooling take it: strides, kernel, (dilation,) padding.
template <class F>
auto with_pool_window(const F& f, dnnl::memory::dim size) {
  const dnnl::memory::dims window{size, size}, none{0, 0};
  return f(window, window, none, none, none);
}

inline void append_relu(dnnl::post_ops& operations) {
  operations.append_eltwise(dnnl::algorithm::eltwise_relu, 0.f, 0.f);
}

#else

template <class Primitive, class... Arguments>
typename Primitive::primitive_desc describe(const dnnl::engine& engine, const dnnl::primitive_attr& attributes,
                                            const Arguments&... arguments) {
  return {typename Primitive::desc(arguments...), attributes, engine};
}

template <class Primitive, class Hint, class... Arguments>
typename Primitive::primitive_desc describe_backward(const dnnl::engine& engine, const Hint& hint,
                                                     const Arguments&... arguments) {
  return {typename Primitive::desc(arguments...), engine, hint};
}

template <class F>
auto with_pool_window(const F& f, dnnl::memory::dim size) {
  const dnnl::memory::dims window{size, size}, none{0, 0};
  return f(window, window, none, none);
}

inline void append_relu(dnnl::post_ops& operations) {
  operations.append_eltwise(1.f, dnnl::algorithm::eltwise_relu, 0.f, 0.f);
}

#endif

inline dnnl::primitive_attr with_relu() {
  dnnl::post_ops operations;
  append_relu(operations);
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(operations);
  return attributes;
}

/// Keeps oneDNN to `isa`, or to the narrowest that it knows above, and to one thread. To be called before all else.
/// Throws std::runtime_error where this build of oneDNN cannot be kept so.
void limit(Isa isa);

/// "3.7.1, OpenMP".
std::string version();

}  // namespace tilewise::bench::onednn
