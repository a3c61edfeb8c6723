#include "kernels/vector_table.hpp"

namespace tilewise::kernels {

extern const KernelTable<float> sse2_table;

// 16 registers: 8 sums, 2 weights, one broadcast, and a product on its way to a sum (no FMA here).
constinit const KernelTable<float> sse2_table = vector_table<xsimd::sse2, 4, 2>("sse2");

}  // namespace tilewise::kernels
