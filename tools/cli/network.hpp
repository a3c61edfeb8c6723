#pragma once

#include "tilewise/model.hpp"

namespace tilewise::cli {

/// The network of the notebook: three convolutions, two max-pools, two dense layers, a softmax over `classes`.
Sequential notebook_network(int classes);

}  // namespace tilewise::cli
