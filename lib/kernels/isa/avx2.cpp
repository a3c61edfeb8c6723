#include "kernels/vector_table.hpp"

namespace tilewise::kernels {

extern const KernelTable<float> avx2_table;

// 16 registers: 12 sums, 2 weights, one broadcast.
constinit const KernelTable<float> avx2_table =
    with_transforms<xsimd::fma3<xsimd::avx2>, 12, 2>(vector_table<xsimd::fma3<xsimd::avx2>, 6, 2>("avx2"), 6);

}  // namespace tilewise::kernels
