#pragma once

#pragma GCC visibility push(default)
namespace tilewise {

/// How exactly convolutions are computed, for how much speed. Errors are relative, as root mean squares.
enum class Arithmetic {
  strict,    ///< directly, by multiply-adds in a fixed order: the same bits on every ISA with FMA
  standard,  ///< with an error like that of strict, about 3e-7: by Fourier transforms and by Winograd's smallest too
  fast,      ///< with errors up to 3e-5: by Winograd's transforms of large tiles too
};

}  // namespace tilewise
#pragma GCC visibility pop
