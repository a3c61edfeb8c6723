#pragma once

#include "kernels/kernels.hpp"
#include "kernels/simd.hpp"

// Which inputs a vector of a depthwise convolution's outputs sees: those of its groups (their own, in groups of 1), or
// a few that several outputs share.
namespace tilewise::kernels {
namespace {

/// Vector v of `Vectors`, of which with IsPartial the last is filled up to `channels` only.
template <class Arch, int Vectors, bool IsPartial, int V>
[[gnu::always_inline]] inline Vec<Arch> load_channels(const float* from, Constant<V>, std::int64_t channels) {
  if constexpr (IsPartial && V == Vectors - 1)
    return load_first<Arch>(from + V * lanes<Arch>, channels - V * lanes<Arch>);
  else
    return load<Arch>(from + V * lanes<Arch>);
}
template <class Arch, int Vectors, bool IsPartial, int V>
[[gnu::always_inline]] inline void store_channels(float* to, Vec<Arch> x, Constant<V>, std::int64_t channels) {
  if constexpr (IsPartial && V == Vectors - 1)
    store_first<Arch>(to + V * lanes<Arch>, x, channels - V * lanes<Arch>);
  else
    store<Arch>(to + V * lanes<Arch>, x);
}

template <class Arch, int Group, int J, int... I>
[[gnu::always_inline]] inline Vec<Arch> members_of_groups(Vec<Arch> x, std::integer_sequence<int, I...>) {
  const typename Vec<Arch>::register_type raw = x;
  return Vec<Arch>(__builtin_shufflevector(raw, raw, (I / Group * Group + J)...));
}

/// Output n sees the inputs of its group, n - n % Group + j.
template <int Group>
struct Grouped {
  static constexpr int members = Group;

  template <class Arch, int Vectors, bool IsPartial>
  struct Inputs {
    static constexpr int members = Group;
    std::int64_t begin;  ///< the input that channel `begin` of the outputs sees
    std::int64_t channels;

    template <class Args>
    [[gnu::always_inline]] Inputs(const Args&, std::int64_t first, std::int64_t count)
        : begin(first), channels(count) {}

    /// The inputs of vector v, `from` pointing to those of the first one.
    template <int V>
    [[gnu::always_inline]] Vec<Arch> load(const float* from, Constant<V> v) const {
      return load_channels<Arch, Vectors, IsPartial>(from, v, channels);
    }
    /// In each lane n the J-th input of its group.
    template <int J>
    [[gnu::always_inline]] Vec<Arch> member(Vec<Arch> x, Constant<J>) const {
      if constexpr (Group == 1)
        return x;
      else
        return members_of_groups<Arch, Group, J>(x, std::make_integer_sequence<int, lanes<Arch>>{});
    }
  };
};

/// Output n sees input (skip + n) / times alone.
struct Repeated {
  static constexpr int members = 1;

  template <class Arch, int Vectors, bool IsPartial>
  struct Inputs {
    static constexpr int members = 1;
    std::int64_t begin;
    std::int64_t offset[Vectors];  ///< from input `begin` to the first one of vector v
    std::int64_t width[Vectors];   ///< inputs of vector v
    IntVec<Arch> index[Vectors];   ///< which of them each lane sees

    template <class Args>
    [[gnu::always_inline]] Inputs(const Args& args, std::int64_t first, std::int64_t count) {
      const auto position = static_cast<std::int32_t>(args.skip + first);
      const std::int32_t first_input = position / args.times;
      begin = first_input;
      const Vec<Arch> times(static_cast<float>(args.times));
      unroll<Vectors>([&](auto v) TILEWISE_INLINE {
        const std::int32_t input = (position + v * lanes<Arch>) / args.times;
        const std::int32_t before = position + v * lanes<Arch> - input * args.times;
        const auto outputs = static_cast<std::int32_t>(IsPartial && v == Vectors - 1 ? count - v * lanes<Arch>
                                                                                     : std::int64_t{lanes<Arch>});
        offset[v] = input - first_input;
        width[v] = (before + outputs - 1) / args.times + 1;
        // Whole numbers below 2^24: the quotient is never rounded up to the next one.
        const Vec<Arch> outputs_of_input = ascending<Arch>() + Vec<Arch>(static_cast<float>(before));
        index[v] = xsimd::min(xsimd::to_int(divide<Arch>(outputs_of_input, times)),
                              IntVec<Arch>(static_cast<std::int32_t>(width[v] - 1)));
      });
    }

    template <int V>
    [[gnu::always_inline]] Vec<Arch> load(const float* from, Constant<V> v) const {
      return load_indexed<Arch>(from + offset[v], index[v], width[v]);
    }
    [[gnu::always_inline]] Vec<Arch> member(Vec<Arch> x, Constant<0>) const { return x; }
  };
};

/// f(sharing) with the struct above that args ask for.
template <class Args, class F>
[[gnu::always_inline]] inline void with_sharing(const Args& args, const F& f) {
  if (args.times > 1)
    f(Repeated{});
  else if (args.group == 1)
    f(Grouped<1>{});
  else if (args.group == 2)
    f(Grouped<2>{});
  else
    f(Grouped<4>{});
}

}  // namespace
}  // namespace tilewise::kernels
