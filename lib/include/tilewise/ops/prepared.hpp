#pragma once

#include <memory>

#include "tilewise/view.hpp"

#pragma GCC visibility push(default)
namespace tilewise {

namespace eager {
class OneOp;
}

/// What the prepared operations have in common.
class PreparedOp {
 public:
  /// For the prepare functions.
  explicit PreparedOp(std::unique_ptr<eager::OneOp> op);
  PreparedOp(PreparedOp&&) noexcept;
  PreparedOp& operator=(PreparedOp&&) noexcept;
  ~PreparedOp();
  /// The shape of the (first) result for the whole batch that it was prepared for.
  Shape result_shape() const;

 protected:
  /// Throws ArgumentError after a move away.
  eager::OneOp& op() const;

 private:
  std::unique_ptr<eager::OneOp> op_;
};

/// Which gradients a prepared backward operation computes.
struct WantedGradients {
  bool dx = true, dw = true, db = true;
};

/// Where gradients go; one left out is not computed.
struct Gradients {
  TensorView dx = {}, dw = {}, db = {};
};

}  // namespace tilewise
#pragma GCC visibility pop
