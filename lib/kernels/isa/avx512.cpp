#include "kernels/vector_table.hpp"

namespace tilewise::kernels {

extern const KernelTable<float> avx512_table;

// 32 registers: 24 sums, 2 weights, one broadcast. A line from the third-level cache of a Xeon, at 30 GB/s, takes 12.
constinit const KernelTable<float> avx512_table =
    with_transforms<xsimd::avx512bw, 24, 4>(vector_table<xsimd::avx512bw, 12, 2>("avx512"), 12);

}  // namespace tilewise::kernels
