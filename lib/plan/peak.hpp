#pragma once

#include "tilewise/isa.hpp"

namespace tilewise::plan {

/// The most floating-point operations a second, in units of 1e9, that the running core reaches with the FMAs of `isa`,
/// measured now: the best of several runs of a few milliseconds.
double measure_fma_peak(Isa isa);

}  // namespace tilewise::plan
