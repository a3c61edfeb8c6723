#include "network.hpp"

namespace tilewise::cli {

Sequential notebook_network(int classes) {
  return Sequential{
      Conv2D(32, {3, 3}, {.padding = same, .activation = relu}),
      MaxPool2D(),
      Conv2D(64, {3, 3}, {.padding = same, .activation = relu}),
      MaxPool2D(),
      Conv2D(128, {3, 3}, {.padding = same, .activation = relu}),
      Flatten(),
      Dense(128, {.activation = relu}),
      Dense(classes, {.activation = softmax}),
  };
}

}  // namespace tilewise::cli
