#include "kernels/vector_table.hpp"

namespace tilewise::kernels {

extern const KernelTable<float> neon64_table;

// 32 registers: 20 sums, 4 weights, five broadcasts at once: GCC 12 spills the sums of a tile of 6 x 4. Not measured on
// a machine yet.
constinit const KernelTable<float> neon64_table =
    with_transforms<xsimd::neon64, 20, 4>(vector_table<xsimd::neon64, 5, 4>("neon64"), 4);

}  // namespace tilewise::kernels
