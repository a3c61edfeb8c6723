#pragma once

#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(default)
namespace tilewise {

/// The instruction sets that kernels are compiled for. `reference` is plain C++, for any machine.
enum class Isa { reference, sse2, avx2, avx512, neon64 };

/// "reference", "sse2", "avx2", "avx512" or "neon64".
std::string_view isa_name(Isa isa) noexcept;

/// The ISAs that this build and this machine have, narrowest first.
std::vector<Isa> available_isas();

/// The ISA called `name`. Throws ArgumentError if there is none of that name, or if this build or machine lacks it; the
/// message lists those that it has.
Isa require_isa(std::string_view name);

/// What new models use: the ISA that TILEWISE_ISA names, else the widest available one. Throws as require_isa does.
Isa default_isa();

}  // namespace tilewise
#pragma GCC visibility pop
