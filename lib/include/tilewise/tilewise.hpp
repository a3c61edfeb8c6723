#pragma once

/// The whole public API. Everything is in namespace tilewise, which programs usually call tw.

#include "tilewise/compile.hpp"
#include "tilewise/dataset.hpp"
#include "tilewise/error.hpp"
#include "tilewise/isa.hpp"
#include "tilewise/layers.hpp"
#include "tilewise/model.hpp"
#include "tilewise/optimizers.hpp"
#include "tilewise/runtime.hpp"
#include "tilewise/shape.hpp"
#include "tilewise/training.hpp"
#include "tilewise/version.hpp"
#include "tilewise/weights.hpp"

namespace tw = tilewise;
