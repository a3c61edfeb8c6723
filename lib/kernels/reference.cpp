#include "kernels/kernels.hpp"
#include "kernels/reference/activation.hpp"
#include "kernels/reference/classification.hpp"
#include "kernels/reference/conv_dot.hpp"
#include "kernels/reference/convolution.hpp"
#include "kernels/reference/depthwise.hpp"
#include "kernels/reference/elementwise.hpp"
#include "kernels/reference/exp_log.hpp"
#include "kernels/reference/normalization.hpp"
#include "kernels/reference/optimizer.hpp"
#include "kernels/reference/peak.hpp"
#include "kernels/reference/pooled_convolution.hpp"
#include "kernels/reference/pooling.hpp"
#include "kernels/reference/targets.hpp"
#include "kernels/reference/transform.hpp"

// Plain loops, as close to the contracts as they can be written. They are the oracle of the tests, so clarity comes
// before speed.
namespace tilewise::kernels {
namespace {

template <class T>
constexpr KernelTable<T> make_table() {
  KernelTable<T> table;
  table.isa = "reference";
  table.channel_block = block;
  table.tile_places = 1;
  // Kernels that need a floating-point T stay absent for integers.
#define KERNEL(name, Args) \
  if constexpr (requires { &name<T>; }) table.name = &name<T>;
#include "kernels/kernels.inc"
#undef KERNEL
  return table;
}

template <class T>
constexpr KernelTable<T> the_table = make_table<T>();

}  // namespace

template <class T>
const KernelTable<T>& reference_table() {
  return the_table<T>;
}

template const KernelTable<float>& reference_table();
template const KernelTable<double>& reference_table();
template const KernelTable<std::int64_t>& reference_table();

}  // namespace tilewise::kernels
