#include "kernels/select.hpp"

#include <array>
#include <cstddef>

#include "base/fork.hpp"
#include "kernels/cpu.hpp"

namespace tilewise::kernels {

// Data only: reading a table runs no instruction of its ISA.
extern const KernelTable<float> sse2_table;
extern const KernelTable<float> avx2_table;
extern const KernelTable<float> avx512_table;
extern const KernelTable<float> neon64_table;

namespace {

struct Entry {
  Isa isa;
  const KernelTable<float>* own;  ///< what the ISA's file has
  bool CpuFeatures::*runs;
};

/// THE list of the ISAs in this build beside the reference, narrowest first.
constexpr auto entries = std::to_array<Entry>({
#ifdef TILEWISE_HAS_SSE2
    {Isa::sse2, &sse2_table, &CpuFeatures::sse2},
#endif
#ifdef TILEWISE_HAS_AVX2
    {Isa::avx2, &avx2_table, &CpuFeatures::avx2},
#endif
#ifdef TILEWISE_HAS_AVX512
    {Isa::avx512, &avx512_table, &CpuFeatures::avx512},
#endif
#ifdef TILEWISE_HAS_NEON64
    {Isa::neon64, &neon64_table, &CpuFeatures::neon64},
#endif
    {Isa::reference, nullptr, nullptr},  // so that the list is never empty; found by no search
});
constexpr std::size_t isa_count = entries.size() - 1;

/// The reference, overwritten by what the ISA has itself.
KernelTable<float> over_reference(const KernelTable<float>& own) noexcept {
  KernelTable<float> table = own;
#define KERNEL(name, Args) \
  if (!table.name) table.name = reference_table<float>().name;
#include "kernels/kernels.inc"
#undef KERNEL
  return table;
}

struct Selection {
  std::array<bool, isa_count + 1> runs{};
  std::array<KernelTable<float>, isa_count + 1> tables{};

  Selection() noexcept {
    const CpuFeatures features = decode(read_cpu_registers());
    for (std::size_t i = 0; i < isa_count; ++i) {
      runs[i] = features.*entries[i].runs;
      tables[i] = over_reference(*entries[i].own);
      tables[i].narrow_tiles = entries[i].isa == Isa::avx512 && features.single_fma512;
    }
  }
};

const Selection& selection() noexcept {
  const base::NoFork while_it_is_made;
  static const Selection the_selection;
  return the_selection;
}

/// Where `isa` stands in the list; isa_count if it is not there.
std::size_t find(Isa isa) noexcept {
  std::size_t i = 0;
  while (i < isa_count && entries[i].isa != isa) ++i;
  return i;
}

}  // namespace

bool can_run(Isa isa) noexcept {
  return isa == Isa::reference || selection().runs[find(isa)];
}

Isa best_isa() noexcept {
  for (std::size_t i = isa_count; i > 0; --i)
    if (selection().runs[i - 1]) return entries[i - 1].isa;
  return Isa::reference;
}

const KernelTable<float>& table(Isa isa) noexcept {
  const std::size_t i = find(isa);
  return i < isa_count ? selection().tables[i] : reference_table<float>();
}

}  // namespace tilewise::kernels
