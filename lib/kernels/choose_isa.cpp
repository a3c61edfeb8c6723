#include <array>
#include <cstdlib>
#include <string>

#include "kernels/select.hpp"
#include "tilewise/error.hpp"
#include "tilewise/isa.hpp"

namespace tilewise {
namespace {

constexpr std::array all_isas{Isa::reference, Isa::sse2, Isa::avx2, Isa::avx512, Isa::neon64};

std::string available_names() {
  std::string names;
  for (Isa isa : available_isas()) {
    if (!names.empty()) names += ", ";
    names += isa_name(isa);
  }
  return names;
}

}  // namespace

std::string_view isa_name(Isa isa) noexcept {
  switch (isa) {
    case Isa::reference:
      return "reference";
    case Isa::sse2:
      return "sse2";
    case Isa::avx2:
      return "avx2";
    case Isa::avx512:
      return "avx512";
    case Isa::neon64:
      return "neon64";
  }
  return "unknown";
}

std::vector<Isa> available_isas() {
  std::vector<Isa> isas;
  for (Isa isa : all_isas)
    if (kernels::can_run(isa)) isas.push_back(isa);
  return isas;
}

Isa require_isa(std::string_view name) {
  for (Isa isa : all_isas) {
    if (isa_name(isa) != name) continue;
    if (kernels::can_run(isa)) return isa;
    throw ArgumentError("ISA '" + std::string(name) +
                        "' is not in this build or cannot run on this machine; available: " + available_names());
  }
  throw ArgumentError("no ISA is called '" + std::string(name) + "'; available: " + available_names());
}

Isa default_isa() {
  const char* name = std::getenv("TILEWISE_ISA");
  return name && *name ? require_isa(name) : kernels::best_isa();
}

}  // namespace tilewise
