#pragma once

#include <variant>

#include "tilewise/learning_rate.hpp"

#pragma GCC visibility push(default)
/// How gradients change weights: the formulas and defaults of Keras 3. In all of them, before the step itself, each
/// weight loses weight_decay * learning_rate of its value, biases too (decoupled decay: Loshchilov and Hutter 2019).
namespace tilewise {

/// m += (1 - beta1) * (g - m), v += (1 - beta2) * (g^2 - v), weight -= learning_rate * sqrt(1 - beta2^t) /
/// (1 - beta1^t) * m / (sqrt(v) + epsilon) in step t: Kingma and Ba 2015, in the form before their section 2.1.
struct Adam {
  LearningRate learning_rate = 1e-3;
  double beta1 = 0.9;    ///< in [0, 1)
  double beta2 = 0.999;  ///< in [0, 1)
  double epsilon = 1e-7;
  double weight_decay = 0;
};

/// Adam with Keras's weight decay.
struct AdamW {
  LearningRate learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-7;
  double weight_decay = 4e-3;
};

/// weight -= learning_rate * g. With momentum: m = momentum * m - learning_rate * g, weight += m; with nesterov too:
/// weight += momentum * m - learning_rate * g, m the new one.
struct SGD {
  LearningRate learning_rate = 1e-2;
  double momentum = 0;  ///< in [0, 1)
  bool nesterov = false;
  double weight_decay = 0;
};

/// v = rho * v + (1 - rho) * g^2, increment = learning_rate * g / sqrt(v + epsilon), weight -= increment. With
/// momentum: m = momentum * m + increment, weight -= m. Centered: mean = rho * mean + (1 - rho) * g, and v - mean^2
/// (not below 0) in place of v under the root.
struct RMSprop {
  LearningRate learning_rate = 1e-3;
  double rho = 0.9;     ///< in [0, 1)
  double momentum = 0;  ///< in [0, 1)
  double epsilon = 1e-7;
  bool centered = false;
  double weight_decay = 0;
};

using Optimizer = std::variant<Adam, SGD, AdamW, RMSprop>;

}  // namespace tilewise
#pragma GCC visibility pop
