#include "kernels/vector_table.hpp"

namespace tilewise::kernels {

extern const KernelTable<float> avx512_table;

// 32 registers: 24 sums, 2 weights, one broadcast.
constinit const KernelTable<float> avx512_table =
    with_transforms<xsimd::avx512bw, 24, 4>(vector_table<xsimd::avx512bw, 12, 2>("avx512"));

}  // namespace tilewise::kernels
