#pragma once

/// The whole public API. Everything is in namespace tilewise, which programs usually call tw.

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
#include "tilewise/runtime.hpp"
#include "tilewise/shape.hpp"
#include "tilewise/training.hpp"
#include "tilewise/version.hpp"
#include "tilewise/view.hpp"
#include "tilewise/weights.hpp"

namespace tw = tilewise;
