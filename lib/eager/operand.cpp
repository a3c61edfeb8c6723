#include "eager/operand.hpp"

#include "tilewise/error.hpp"

namespace tilewise::eager {

namespace {

/// The beginning of a message. Names are strings only here: checks that pass allocate nothing.
std::string said(std::string_view op, std::string_view what) {
  return std::string(op) + ": " + std::string(what);
}

}  // namespace

bool ranges_overlap(const Operand& a, const Operand& b) noexcept {
  const auto begin = [](const Operand& operand) { return reinterpret_cast<std::uintptr_t>(operand.data); };
  const auto end = [&](const Operand& operand) {
    return begin(operand) + static_cast<std::uintptr_t>(operand.bytes());
  };
  return a.bytes() > 0 && b.bytes() > 0 && begin(a) < end(b) && begin(b) < end(a);
}

void require_given(std::string_view op, std::string_view name, const Operand& operand) {
  if (!operand.is_given) throw ArgumentError(said(op, name) + " is left out; expected a view of it");
}

void require_apart(std::string_view op, std::string_view output_name, const Operand& output,
                   std::string_view other_name, const Operand& other) {
  if (ranges_overlap(output, other))
    throw ArgumentError(said(op, "the memory of ") + std::string(output_name) + " (" + std::to_string(output.bytes()) +
                        " bytes) overlaps that of " + std::string(other_name) + " (" + std::to_string(other.bytes()) +
                        " bytes); expected memory apart");
}

void require_nested(std::string_view op, std::string_view name, const Operand& output) {
  if (!output.layout.is_nested())
    throw ShapeError(said(op, name) + " is " + output.layout.to_string() +
                     ": elements overlap; expected each stride to exceed what the smaller ones reach");
}

void require_rank(std::string_view op, std::string_view name, const Shape& shape, int rank, const char* meaning) {
  if (shape.rank() != rank) throw ShapeError(said(op, name) + " is " + shape.to_string() + "; expected " + meaning);
}

void require_weights_fit(std::string_view op, const Operand& w, std::int64_t in, const Operand& bias) {
  const int rank = w.shape().rank();
  if (w.shape()[rank - 2] != in)
    throw ShapeError(said(op, "w") + " is " + w.shape().to_string() + "; expected " + std::to_string(in) + " on axis " +
                     std::to_string(rank - 2) + " for the channels of x");
  const Shape offsets{w.shape()[rank - 1]};
  if (bias.is_given && !(bias.shape() == offsets))
    throw ShapeError(said(op, "bias") + " is " + bias.shape().to_string() + "; expected " + offsets.to_string());
}

Shape sample_of(const Shape& shape) {
  return Shape(shape.begin() + 1, shape.rank() - 1);
}

}  // namespace tilewise::eager
