#pragma once

/// \mainpage
/// `tilewise/tilewise.hpp` has the whole public API. Everything is in namespace tilewise, which programs usually call
/// tw.
/// - A network: tilewise::Sequential or tilewise::Model, of layers (tilewise/layers.hpp).
/// - Its training: Model::compile() with optimizer, loss and metrics, Model::fit() with callbacks.
/// - Data: tilewise::datasets, tilewise::Dataset and tilewise::Pipeline.
/// - Single operations on memory of one's own: tilewise/ops.hpp.
/// - Threads and instruction sets: tilewise/runtime.hpp. What is thrown: tilewise/error.hpp.

#include "tilewise/arithmetic.hpp"
#include "tilewise/callbacks.hpp"
#include "tilewise/compile.hpp"
#include "tilewise/confusion.hpp"
#include "tilewise/dataset.hpp"
#include "tilewise/error.hpp"
#include "tilewise/initializers.hpp"
#include "tilewise/isa.hpp"
#include "tilewise/layers.hpp"
#include "tilewise/learning_rate.hpp"
#include "tilewise/model.hpp"
#include "tilewise/ops.hpp"
#include "tilewise/optimizers.hpp"
#include "tilewise/options.hpp"
#include "tilewise/profile.hpp"
#include "tilewise/runtime.hpp"
#include "tilewise/shape.hpp"
#include "tilewise/training.hpp"
#include "tilewise/version.hpp"
#include "tilewise/view.hpp"
#include "tilewise/weights.hpp"

namespace tw = tilewise;
