#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "tilewise/optimizers.hpp"

/// How a model is to be trained: optimizer, loss, metrics.
namespace tilewise {

/// The mean over samples of -log p[label]. The model gives p (the default), or with from_logits what a softmax turns
/// into it. After a softmax layer it is computed from the logits all the same, which is stable for any finite ones.
struct SparseCategoricalCrossentropy {
  bool from_logits = false;
};

using Loss = std::variant<SparseCategoricalCrossentropy>;

/// The share of samples whose largest output is that of their label.
struct Accuracy {};

using Metric = std::variant<Accuracy>;

struct CompileOptions {
  Optimizer optimizer = Adam{};
  Loss loss = SparseCategoricalCrossentropy{};
  std::vector<Metric> metrics = {};
  /// Of the initial weights, also if the model is built already; trained, loaded and set weights stay.
  std::uint64_t seed = 0;
};

}  // namespace tilewise
