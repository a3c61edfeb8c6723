#include "eager/build.hpp"

namespace tilewise {

PreparedOp::PreparedOp(std::unique_ptr<eager::OneOp> op) : op_(std::move(op)) {}
PreparedOp::PreparedOp(PreparedOp&&) noexcept = default;
PreparedOp& PreparedOp::operator=(PreparedOp&&) noexcept = default;
PreparedOp::~PreparedOp() = default;

Shape PreparedOp::result_shape() const {
  return op().result_shape();
}

eager::OneOp& PreparedOp::op() const {
  if (!op_) throw ArgumentError("a prepared operation that was moved away; expected one that is there");
  return *op_;
}

namespace eager {

Shape sample_of_any(const std::string& op, const Shape& shape) {
  if (shape.rank() < 1) throw ShapeError(op + ": a scalar; expected a batch");
  return sample_of(shape);
}

void require_fused(Activation activation) {
  if (activation == softmax) throw ArgumentError("activation softmax; expected linear, relu, tanh or sigmoid");
}

void require_linear(Activation activation) {
  if (activation != linear)
    throw ArgumentError("expected activation linear; activate_backward gives the gradient before an activation");
}

void require_some(const std::string& op, const WantedGradients& wanted) {
  if (!wanted.dx && !wanted.dw && !wanted.db)
    throw ArgumentError(op + ": no gradient is wanted; expected one of dx, dw and db");
}

const Shape& x_shape_of(const std::string& op, const ConstTensorView& x, const Gradients& gradients) {
  if (x.is_given()) return x.shape();
  if (gradients.dx.is_given()) return gradients.dx.shape();
  throw ArgumentError(op + ": x is left out; expected a view of it, or of dx, for its shape");
}

std::vector<Port> backward_inputs(plan::ValueId dy, plan::ValueId x, const WantedGradients& wanted) {
  return {{"dy", dy}, {"x", x, !wanted.dw}};
}

std::vector<Port> gradient_ports(const std::vector<plan::ValueId>& outputs, const WantedGradients& wanted) {
  return {{"dx", wanted.dx ? outputs[0] : plan::no_value},
          {"dw", wanted.dw ? outputs[1] : plan::no_value},
          {"db", wanted.db ? outputs[2] : plan::no_value}};
}

void require_apart_from_weights(const std::string& op, const ConstTensorView& w, const Gradients& gradients) {
  require_apart(op, "dx", gradients.dx, "w", w);
  require_apart(op, "dw", gradients.dw, "w", w);
  require_apart(op, "db", gradients.db, "w", w);
}

}  // namespace eager

}  // namespace tilewise
