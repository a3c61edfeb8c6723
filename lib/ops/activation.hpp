#pragma once

#include <memory>

#include "ops/op.hpp"
#include "tilewise/options.hpp"

namespace tilewise::ops {

/// The op that computes an activation; null for linear.
std::shared_ptr<const Op> activation_op(Activation activation);

}  // namespace tilewise::ops
