#include "kernels/vector_table.hpp"

namespace tilewise::kernels {

extern const KernelTable<float> neon64_table;

// 32 registers: 16 sums...
constinit const KernelTable<float> neon64_table = vector_table<xsimd::neon64, 8, 2>("neon64");

}  // namespace tilewise::kernels
