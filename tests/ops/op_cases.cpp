#include "ops/op_cases.hpp"

namespace tilewise::test {

const std::vector<DrawnOp>& every_op() {
  static const std::vector<DrawnOp> all = [] {
    std::vector<DrawnOp> joined;
    for (const auto& ops :
         {activation_ops(), batch_norm_ops(), classification_ops(), convolution_ops(), depthwise_ops(),
          elementwise_ops(), moving_ops(), pooling_ops(), target_ops(), transpose_ops(), update_ops()})
      joined.insert(joined.end(), ops.begin(), ops.end());
    return joined;
  }();
  return all;
}

}  // namespace tilewise::test
