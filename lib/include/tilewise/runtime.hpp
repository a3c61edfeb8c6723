#pragma once

#include <string>

#include "tilewise/isa.hpp"

#pragma GCC visibility push(default)
namespace tilewise {

/// How many threads the library computes with: what set_threads() gave, else TILEWISE_THREADS, else the smaller of
/// the CPUs that this process may run on and the CPU time that its control groups allow, rounded up. Throws
/// ArgumentError if TILEWISE_THREADS is not a number from 1 to 1024. Results do not depend on it.
int threads();

/// For all models of this process, from their next run on. 0: back to the default. Throws ArgumentError beyond 0 to
/// 1024.
void set_threads(int count);

/// Where the count comes from, for people: "TILEWISE_THREADS", "set by the program", "the smaller of 8 CPUs of this
/// process's affinity and 1.5 of its cgroups' quota".
std::string threads_reason();

/// The ISA of models built from now on: what set_isa() gave, else default_isa().
Isa isa();

/// Throws ArgumentError if this build or machine lacks `isa`.
void set_isa(Isa isa);

}  // namespace tilewise
#pragma GCC visibility pop
