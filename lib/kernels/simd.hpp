#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>
// GCC takes the undefined operand inside its own AVX-512 intrinsics for a mistake of ours (GCC bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <xsimd/xsimd.hpp>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

// What the kernels need beyond xsimd, and where its versions 8.1 and 13.2 differ. For ISA files only: they are compiled
// with flags of their own, so everything here is anonymous, lest the linker take another ISA's copy of an inline
// function.
namespace tilewise::kernels {
namespace {

template <class Arch>
using Vec = xsimd::batch<float, Arch>;
template <class Arch>
using IntVec = xsimd::batch<std::int32_t, Arch>;
template <class Arch>
constexpr int lanes = static_cast<int>(Vec<Arch>::size);

template <class Arch>
constexpr bool is_avx512 = std::is_base_of_v<xsimd::avx512f, Arch>;
template <class Arch>
constexpr bool is_avx2 = std::is_base_of_v<xsimd::avx2, Arch> && !is_avx512<Arch>;

template <int I>
struct Constant {
  static constexpr int value = I;
  constexpr operator int() const { return I; }
};

template <class F, int... I>
[[gnu::always_inline]] inline void unroll_over(const F& f, std::integer_sequence<int, I...>) {
  (f(Constant<I>{}), ...);
}

/// f(Constant<0>), ..., f(Constant<N - 1>): a loop that is sure to vanish. Left to itself, GCC keeps arrays of
/// accumulators in memory.
template <int N, class F>
[[gnu::always_inline]] inline void unroll(const F& f) {
  unroll_over(f, std::make_integer_sequence<int, N>{});
}
/// Lambdas given to unroll are marked so, or they may be called instead of inlined.
#define TILEWISE_INLINE __attribute__((always_inline))

template <class Arch>
[[gnu::always_inline]] inline Vec<Arch> load(const float* from) {
  return Vec<Arch>::load_unaligned(from);
}

template <class Arch>
[[gnu::always_inline]] inline void store(float* to, Vec<Arch> x) {
  x.store_unaligned(to);
}

/// The bits of integers as floats, so that one mask of floats selects among both, and back.
template <class Arch>
[[gnu::always_inline]] inline Vec<Arch> as_floats(IntVec<Arch> x) {
  return __builtin_bit_cast(Vec<Arch>, x);
}
template <class Arch>
[[gnu::always_inline]] inline IntVec<Arch> as_integers(Vec<Arch> x) {
  return __builtin_bit_cast(IntVec<Arch>, x);
}

/// The first n elements, 0 < n <= lanes, then zeros. Memory beyond them is not touched.
template <class Arch>
[[gnu::always_inline]] inline Vec<Arch> load_first(const float* from, std::int64_t n) {
#if defined(__AVX512F__)
  if constexpr (is_avx512<Arch>) return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), from);
#endif
  if (n == lanes<Arch>) return load<Arch>(from);
#if defined(__AVX2__)
  if constexpr (is_avx2<Arch>) {
    const __m256i ascending = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_maskload_ps(from, _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), ascending));
  }
#endif
  alignas(64) float buffer[lanes<Arch>] = {};
  for (std::int64_t i = 0; i < n; ++i) buffer[i] = from[i];
  return load<Arch>(buffer);
}

/// Stores the first n elements, 0 < n <= lanes.
template <class Arch>
[[gnu::always_inline]] inline void store_first(float* to, Vec<Arch> x, std::int64_t n) {
#if defined(__AVX512F__)
  if constexpr (is_avx512<Arch>) return _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << n) - 1), x);
#endif
  if (n == lanes<Arch>) return store<Arch>(to, x);
#if defined(__AVX2__)
  if constexpr (is_avx2<Arch>) {
    const __m256i ascending = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_maskstore_ps(to, _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), ascending), x);
  }
#endif
  alignas(64) float buffer[lanes<Arch>];
  store<Arch>(buffer, x);
  for (std::int64_t i = 0; i < n; ++i) to[i] = buffer[i];
}

/// Stores integers of 0 to 255 as one byte each. (GCC 12 makes dozens of instructions of a __builtin_convertvector
/// here.)
template <class Arch>
[[gnu::always_inline]] inline void store_all_bytes(std::uint8_t* to, IntVec<Arch> x) {
#if defined(__AVX512F__)
  if constexpr (is_avx512<Arch>) return _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(x));
#endif
#if defined(__AVX2__)
  if constexpr (is_avx2<Arch>) {
    const __m256i wide = x;
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
    return _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(words, words));
  }
#endif
  alignas(64) std::int32_t buffer[lanes<Arch>];
  x.store_aligned(buffer);
  for (int i = 0; i < lanes<Arch>; ++i) to[i] = static_cast<std::uint8_t>(buffer[i]);
}

/// The first n of them, 0 < n <= lanes.
template <class Arch>
[[gnu::always_inline]] inline void store_bytes(std::uint8_t* to, IntVec<Arch> x, std::int64_t n) {
  if (n == lanes<Arch>) return store_all_bytes<Arch>(to, x);
  std::uint8_t buffer[lanes<Arch>];
  store_all_bytes<Arch>(buffer, x);
  for (std::int64_t i = 0; i < n; ++i) to[i] = buffer[i];
}

template <class Arch>
[[gnu::always_inline]] inline IntVec<Arch> load_all_bytes(const std::uint8_t* from) {
#if defined(__AVX512F__)
  if constexpr (is_avx512<Arch>) return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
#endif
#if defined(__AVX2__)
  if constexpr (is_avx2<Arch>) return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
#endif
  alignas(64) std::int32_t buffer[lanes<Arch>];
  for (int i = 0; i < lanes<Arch>; ++i) buffer[i] = from[i];
  return IntVec<Arch>::load_aligned(buffer);
}

/// The first n bytes as integers, 0 < n <= lanes, then zeros.
template <class Arch>
[[gnu::always_inline]] inline IntVec<Arch> load_bytes(const std::uint8_t* from, std::int64_t n) {
  if (n == lanes<Arch>) return load_all_bytes<Arch>(from);
  std::uint8_t buffer[lanes<Arch>] = {};
  for (std::int64_t i = 0; i < n; ++i) buffer[i] = from[i];
  return load_all_bytes<Arch>(buffer);
}

/// 0, 1, 2, ...
template <class Arch>
[[gnu::always_inline]] inline Vec<Arch> ascending() {
  alignas(64) static constexpr float numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  static_assert(lanes<Arch> <= 16);
  return load<Arch>(numbers);
}

/// from[index[n]] in lane n, where each index is at least 0 and below `width`, which is at most lanes. Memory beyond
/// those `width` elements is not touched.
template <class Arch>
[[gnu::always_inline]] inline Vec<Arch> load_indexed(const float* from, IntVec<Arch> index,
                                                     [[maybe_unused]] std::int64_t width) {
#if defined(__AVX512F__)
  if constexpr (is_avx512<Arch>) return _mm512_permutexvar_ps(index, load_first<Arch>(from, width));
#endif
#if defined(__AVX2__)
  if constexpr (is_avx2<Arch>) return _mm256_permutevar8x32_ps(load_first<Arch>(from, width), index);
#endif
  alignas(64) std::int32_t at[lanes<Arch>];
  index.store_aligned(at);
  return Vec<Arch>(typename Vec<Arch>::register_type{from[at[0]], from[at[1]], from[at[2]], from[at[3]]});  // 4 lanes
}

/// x where index is `number`, else zero.
template <class Arch>
[[gnu::always_inline]] inline Vec<Arch> select_equal(IntVec<Arch> index, std::int32_t number, Vec<Arch> x) {
  return as_floats<Arch>(xsimd::select(index == IntVec<Arch>(number), as_integers<Arch>(x), IntVec<Arch>(0)));
}

/// a * b + c, rounded once where the ISA can (all but sse2). xsimd 8.1 has no such overload for AVX-512.
template <class Arch>
[[gnu::always_inline]] inline Vec<Arch> fma(Vec<Arch> a, Vec<Arch> b, Vec<Arch> c) {
#if defined(__AVX512F__)
  if constexpr (is_avx512<Arch>) return _mm512_fmadd_ps(a, b, c);
#endif
  return xsimd::fma(a, b, c);
}

/// c - a * b, rounded once where the ISA can.
template <class Arch>
[[gnu::always_inline]] inline Vec<Arch> fnma(Vec<Arch> a, Vec<Arch> b, Vec<Arch> c) {
#if defined(__AVX512F__)
  if constexpr (is_avx512<Arch>) return _mm512_fnmadd_ps(a, b, c);
#endif
#if defined(__AVX2__)
  if constexpr (is_avx2<Arch>) return _mm256_fnmadd_ps(a, b, c);
#endif
#if defined(__aarch64__)
  return vfmsq_f32(c, a, b);
#else
  return c - a * b;
#endif
}

/// -a - b.
template <class Arch>
[[gnu::always_inline]] inline Vec<Arch> negative_sum(Vec<Arch> a, Vec<Arch> b) {
#if defined(__AVX512F__)
  if constexpr (is_avx512<Arch>) return _mm512_fnmsub_ps(Vec<Arch>(1.f), a, b);
#endif
#if defined(__AVX2__)
  if constexpr (is_avx2<Arch>) return _mm256_fnmsub_ps(Vec<Arch>(1.f), a, b);
#endif
  return -(a + b);
}

/// a[First], b[First], a[First + 1], b[First + 1], ... over the whole vector. xsimd's own zip_lo works within 128 bits
/// in some versions.
template <class Arch, int First, int... I>
[[gnu::always_inline]] inline Vec<Arch> zip_from(Vec<Arch> a, Vec<Arch> b, std::integer_sequence<int, I...>) {
  using Register = typename Vec<Arch>::register_type;
  return Vec<Arch>(__builtin_shufflevector(static_cast<Register>(a), static_cast<Register>(b),
                                           (First + I / 2 + (I % 2 ? lanes<Arch> : 0))...));
}
template <class Arch>
[[gnu::always_inline]] inline Vec<Arch> zip_low(Vec<Arch> a, Vec<Arch> b) {
  return zip_from<Arch, 0>(a, b, std::make_integer_sequence<int, lanes<Arch>>{});
}
template <class Arch>
[[gnu::always_inline]] inline Vec<Arch> zip_high(Vec<Arch> a, Vec<Arch> b) {
  return zip_from<Arch, lanes<Arch> / 2>(a, b, std::make_integer_sequence<int, lanes<Arch>>{});
}

/// The nearest float to a / b, and to the square root. xsimd 8.1 estimates both on ARM.
template <class Arch>
[[gnu::always_inline]] inline Vec<Arch> divide(Vec<Arch> a, Vec<Arch> b) {
#if defined(__aarch64__)
  return vdivq_f32(a, b);
#else
  return a / b;
#endif
}
template <class Arch>
[[gnu::always_inline]] inline Vec<Arch> square_root(Vec<Arch> x) {
#if defined(__aarch64__)
  return vsqrtq_f32(x);
#else
  return xsimd::sqrt(x);
#endif
}

/// Where `candidate` takes the place of `best` as the largest so far: the first of equal ones stays, the first NaN
/// wins.
template <class Arch>
[[gnu::always_inline]] inline xsimd::batch_bool<float, Arch> is_larger(Vec<Arch> candidate, Vec<Arch> best) {
  // The comparison "not less or equal" holds for NaN too; xsimd has none, and its `!` takes five instructions on AVX2.
#if defined(__AVX512F__)
  if constexpr (is_avx512<Arch>) {
    const __mmask16 larger_or_nan = _mm512_cmp_ps_mask(candidate, best, _CMP_NLE_UQ);
    return _mm512_mask_cmp_ps_mask(larger_or_nan, best, best, _CMP_ORD_Q);
  }
#endif
#if defined(__AVX2__)
  if constexpr (is_avx2<Arch>)
    return _mm256_and_ps(_mm256_cmp_ps(candidate, best, _CMP_NLE_UQ), _mm256_cmp_ps(best, best, _CMP_ORD_Q));
#endif
  return (candidate > best) | ((candidate != candidate) & (best == best));
}

/// x where it is above zero or NaN, else zero. Not xsimd::max, whose answer for NaN depends on the ISA.
template <class Arch>
[[gnu::always_inline]] inline Vec<Arch> relu(Vec<Arch> x) {
  const Vec<Arch> zero(0.f);
  return xsimd::select(x <= zero, zero, x);
}

}  // namespace
}  // namespace tilewise::kernels
