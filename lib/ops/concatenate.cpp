#include "ops/concatenate.hpp"

#include <algorithm>

#include "base/checked.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

void expect_batched(const Op& op, const TensorSpec& spec) {
  if (spec.storage != Storage::batched || spec.element != Element::scalar || spec.shape.rank() == 0)
    throw ShapeError(std::string(op.kind()) + ": an input is " + to_string(spec) +
                     "; expected a batch of rank 1 or more");
}

Shape with_last(const Shape& shape, std::int64_t extent) {
  std::int64_t extents[Shape::max_rank];
  std::copy(shape.begin(), shape.end(), extents);
  extents[shape.rank() - 1] = extent;
  return Shape(extents, shape.rank());
}

std::int64_t last_extent(const TensorSpec& spec) {
  return spec.shape[spec.shape.rank() - 1];
}

/// Rows of `width` elements: from[row * from_step] to to[row * to_step].
template <class T>
void copy_rows(const T* from, std::int64_t from_step, T* to, std::int64_t to_step, std::int64_t width,
               std::int64_t rows) {
  for (std::int64_t row = 0; row < rows; ++row) std::copy_n(from + row * from_step, width, to + row * to_step);
}

/// Rows, each a run along the last extent, of one sample.
std::int64_t rows_of(const TensorSpec& spec) {
  return last_extent(spec) == 0 ? 0 : spec.shape.elements() / last_extent(spec);
}

}  // namespace

std::vector<TensorSpec> Concatenate::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.empty()) throw ShapeError("concatenate: no inputs; expected one or more");
  std::int64_t extent = 0;
  for (const TensorSpec& input : inputs) {
    expect_batched(*this, input);
    if (input.shape.rank() != inputs[0].shape.rank() || with_last(input.shape, 0) != with_last(inputs[0].shape, 0))
      throw ShapeError("concatenate: " + to_string(inputs[0]) + " beside " + to_string(input) +
                       "; expected the same extents but for the last");
    extent = base::checked_add(extent, last_extent(input));
  }
  return {{with_last(inputs[0].shape, extent)}};
}

std::vector<ValueId> Concatenate::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  std::vector<ValueId> gradients;
  std::int64_t begin = 0;
  for (std::size_t input = 0; input < request.inputs.size(); ++input) {
    const std::int64_t count = last_extent(graph.spec(request.inputs[input]));
    gradients.push_back(request.wanted[input]
                            ? graph.emit(std::make_shared<Slice>(begin, count), {request.output_gradients[0]})[0]
                            : no_value);
    begin += count;
  }
  return gradients;
}

Step Concatenate::lower(const LowerRequest& request) const {
  std::vector<std::int64_t> widths;
  for (const TensorSpec& input : request.inputs) widths.push_back(last_extent(input));
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>&) {
    Phase phase{"forward", 1, true, 0, {}};
    phase.run = [widths, rows = rows_of(request.outputs[0]), width = last_extent(request.outputs[0])](
                    Tensors tensors, const Work& work) {
      T* out = tensor<T>(tensors, widths.size()) + work.image_begin * rows * width;
      std::int64_t begin = 0;
      for (std::size_t input = 0; input < widths.size(); ++input) {
        copy_rows(tensor<const T>(tensors, input) + work.image_begin * rows * widths[input], widths[input], out + begin,
                  width, widths[input], (work.image_end - work.image_begin) * rows);
        begin += widths[input];
      }
    };
    return Step{"", {std::move(phase)}, {}};
  });
}

std::vector<TensorSpec> Slice::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 1) throw ShapeError("slice: expected one input");
  expect_batched(*this, inputs[0]);
  if (begin_ < 0 || count_ < 0 || base::checked_add(begin_, count_) > last_extent(inputs[0]))
    throw ShapeError("slice: elements " + std::to_string(begin_) + " to " + std::to_string(begin_ + count_) + " of " +
                     to_string(inputs[0]) + "; expected ones along its last extent");
  return {{with_last(inputs[0].shape, count_)}};
}

Step Slice::lower(const LowerRequest& request) const {
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>&) {
    Phase phase{"forward", 1, true, 0, {}};
    phase.run = [begin = begin_, count = count_, rows = rows_of(request.inputs[0]),
                 width = last_extent(request.inputs[0])](Tensors tensors, const Work& work) {
      copy_rows(tensor<const T>(tensors, 0) + work.image_begin * rows * width + begin, width,
                tensor<T>(tensors, 1) + work.image_begin * rows * count, count, count,
                (work.image_end - work.image_begin) * rows);
    };
    return Step{"", {std::move(phase)}, {}};
  });
}

}  // namespace tilewise::ops
