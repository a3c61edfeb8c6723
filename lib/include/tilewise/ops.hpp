#pragma once

/// Single operations on the caller's own buffers, without a model.
///
/// Tensors are float32, batch first: images NHWC, kernels HWIO, vectors batch x features. A dense view is read and
/// written in place; any other is gathered and scattered through a buffer of the operation. Results overwrite what was
/// there. Every function throws ShapeError where shapes do not fit, an output's view has elements that share memory, or
/// a window exceeds the padded image; ArgumentError where a view is missing or an output may share memory with another
/// view of the call (their ranges from first to last element are compared). Nothing has been written then.
///
/// A prepared operation packs its weights once, with the isa() and the threads() of that moment, and allocates all that
/// it needs; its run() allocates nothing, and takes any batch up to the one it was prepared for. It may be moved, and
/// run by one thread at a time; operations apart may run at the same time. The plain functions prepare, run and forget.

#include "tilewise/ops/batch_normalization.hpp"
#include "tilewise/ops/convolution.hpp"
#include "tilewise/ops/dense.hpp"
#include "tilewise/ops/elementwise.hpp"
#include "tilewise/ops/losses.hpp"
#include "tilewise/ops/pooling.hpp"
#include "tilewise/ops/prepared.hpp"
