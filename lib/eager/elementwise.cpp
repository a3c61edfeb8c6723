#include "ops/elementwise.hpp"

#include "eager/build.hpp"
#include "eager/strided_copy.hpp"
#include "ops/dropout.hpp"
#include "tilewise/runtime.hpp"

namespace tilewise {

using namespace eager;

namespace {

constexpr const char *add_name = "add", *dropout_name = "dropout", *copy_name = "copy";

}  // namespace

PreparedDropout prepare_dropout(const Shape& x_shape, double rate, std::uint64_t seed) {
  return named(dropout_name, [&] {
    plan::Graph graph;
    const plan::ValueId x = graph.add_input("x", {sample_of_any(dropout_name, x_shape)});
    const plan::ValueId step = graph.add_input("step", {{1}, ops::Storage::plain, ops::Element::i32});
    const plan::ValueId y = graph.emit(std::make_shared<ops::Dropout>(rate, seed, 0), {x, step})[0];
    return PreparedDropout(std::make_unique<OneOp>(dropout_name, graph, std::vector<Port>{{"x", x}, {"step", step}},
                                                   std::vector<Port>{{"y", y}}, x_shape[0]));
  });
}

void PreparedDropout::run(const ConstTensorView& x, std::int32_t step, const TensorView& y) {
  op().run({x, View<const std::int32_t>(&step, {1})}, {y});
}

void dropout(const ConstTensorView& x, double rate, std::uint64_t seed, std::int32_t step, const TensorView& y) {
  prepare_dropout(x.shape(), rate, seed).run(x, step, y);
}

PreparedAdd prepare_add(const Shape& shape) {
  return named(add_name, [&] {
    plan::Graph graph;
    const ops::TensorSpec spec{sample_of_any(add_name, shape)};
    const plan::ValueId a = graph.add_input("a", spec), b = graph.add_input("b", spec);
    const plan::ValueId y = graph.emit(std::make_shared<ops::Add>(), {a, b})[0];
    return PreparedAdd(std::make_unique<OneOp>(add_name, graph, std::vector<Port>{{"a", a}, {"b", b}},
                                               std::vector<Port>{{"y", y}}, shape[0]));
  });
}

void PreparedAdd::run(const ConstTensorView& a, const ConstTensorView& b, const TensorView& y) {
  op().run({a, b}, {y});
}

void add(const ConstTensorView& a, const ConstTensorView& b, const TensorView& y) {
  prepare_add(a.shape()).run(a, b, y);
}

void copy(const ConstTensorView& x, const TensorView& y) {
  const Operand from(x), to(y);
  require_given(copy_name, "x", from);
  require_given(copy_name, "y", to);
  if (!(to.shape() == from.shape()))
    throw ShapeError("copy: y is " + to.shape().to_string() + "; expected " + from.shape().to_string());
  require_nested(copy_name, "y", to);
  require_apart(copy_name, "y", to, "x", from);
  if (to.layout.is_dense()) return gather(from.layout, from.element_bytes, from.data, to.data, threads());
  if (from.layout.is_dense()) return scatter(to.layout, to.element_bytes, from.data, to.data, threads());
  const Staging dense(from.shape().elements() * from.element_bytes);
  gather(from.layout, from.element_bytes, from.data, dense.data(), threads());
  scatter(to.layout, to.element_bytes, dense.data(), to.data, threads());
}

}  // namespace tilewise
