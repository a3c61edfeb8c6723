#pragma once

#include "kernels/kernels.hpp"
#include "tilewise/isa.hpp"

namespace tilewise::kernels {

/// Whether this build has kernels for `isa` and this CPU and operating system can run them.
bool can_run(Isa isa) noexcept;

/// The widest ISA that can_run.
Isa best_isa() noexcept;

/// The kernels of `isa`, which must be one that can_run.
const KernelTable<float>& table(Isa isa) noexcept;

}  // namespace tilewise::kernels
