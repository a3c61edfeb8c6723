#pragma once

#include <cstdint>
#include <string>

#include "tilewise/error.hpp"

/// Size arithmetic that throws ShapeError instead of wrapping. Used before anything is allocated.
namespace tilewise::base {

inline std::int64_t checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum))
    throw ShapeError("size " + std::to_string(a) + " + " + std::to_string(b) + " does not fit into 63 bits");
  return sum;
}

inline std::int64_t checked_mul(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product))
    throw ShapeError("size " + std::to_string(a) + " x " + std::to_string(b) + " does not fit into 63 bits");
  return product;
}

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}
constexpr std::int64_t round_up(std::int64_t a, std::int64_t b) {
  return ceil_div(a, b) * b;
}

/// Where part `index` of `parts` nearly equal contiguous parts of [0, count) begins. part_begin(parts, ...) == count.
constexpr std::int64_t part_begin(std::int64_t index, std::int64_t parts, std::int64_t count) {
  return count / parts * index + (index < count % parts ? index : count % parts);
}

}  // namespace tilewise::base
