#pragma once

#include <cmath>
#include <cstdint>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kernels/select.hpp"
#include "plan/execution.hpp"
#include "plan/graph.hpp"
#include "plan/parameters.hpp"
#include "plan/plan.hpp"
#include "support/catch.hpp"
#include "tilewise/isa.hpp"

/// Reads the golden files (README.md of this folder has their schema) and runs single ops on what they hold.
namespace tilewise::golden {

using nlohmann::json;
using plan::ValueId;

inline json cases(const std::string& file) {
  const std::string path = std::string(TILEWISE_GOLDEN_DIR) + "/" + file;
  std::ifstream stream(path);
  INFO(path);
  REQUIRE(stream);
  return json::parse(stream).at("cases");
}

struct Array {
  Shape shape;
  std::vector<float> values;
};

inline Array tensor(const json& value) {
  const auto extents = value.at("shape").get<std::vector<std::int64_t>>();
  return {Shape(extents.data(), static_cast<int>(extents.size())), value.at("values").get<std::vector<float>>()};
}

/// The first difference beyond |expected| * relative + absolute, for people; empty if there is none.
inline std::string difference(const std::vector<float>& found, const std::vector<float>& expected, double relative,
                              double absolute) {
  if (found.size() != expected.size())
    return "found " + std::to_string(found.size()) + " values, expected " + std::to_string(expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double f = double(found[i]), e = double(expected[i]);
    if (!(f == e || std::abs(f - e) <= std::abs(e) * relative + absolute))
      return "at " + std::to_string(i) + " found " + std::to_string(f) + ", expected " + std::to_string(e);
  }
  return "";
}
inline std::string difference(const std::vector<float>& found, const std::vector<float>& expected) {
  return difference(found, expected, 0, 0);
}

/// A graph of few ops on golden tensors, run once.
class SmallGraph {
 public:
  SmallGraph(Isa isa, std::int64_t batch) : kernels_(kernels::table(isa)), store_(kernels_), batch_(batch) {}

  plan::Graph& graph() { return graph_; }
  plan::ParameterStore& store() { return store_; }

  /// The first axis of `x` is the batch.
  ValueId input(const Array& x) {
    values_.push_back(x.values);
    return bind(Shape(x.shape.begin() + 1, x.shape.rank() - 1), ops::Element::scalar, values_.back().data());
  }
  ValueId labels(const std::vector<std::int32_t>& labels) {
    labels_ = labels;
    return bind(Shape{}, ops::Element::i32, labels_.data());
  }
  ValueId parameter(const Array& x, std::int64_t groups = 1) {
    const int number = store_.add(std::string(1, static_cast<char>('a' + store_.count())), x.shape, groups);
    store_.set(number, x.values.data());
    return graph_.add_parameter(store_.name(number), x.shape, number, groups);
  }

  void run(const std::vector<ValueId>& outputs) {
    const plan::PlanOptions options{.kernels = kernels_, .max_batch = batch_, .outputs = outputs};
    execution_ = std::make_unique<plan::Execution>(plan::make_plan(graph_, options), store_, 1);
    for (const auto& [value, data] : bound_) execution_->bind(value, data);
    execution_->run(batch_, 1);
  }

  /// An output, in plain order.
  std::vector<float> get(ValueId value) const {
    const plan::TensorSpec& spec = graph_.spec(value);
    const auto* data = static_cast<const float*>(execution_->data(value));
    const auto count = static_cast<std::size_t>(spec.shape.elements());
    if (spec.storage != ops::Storage::packed) return {data, data + count * static_cast<std::size_t>(batch_)};
    std::vector<float> plain(count);
    base::unpack_weights(ops::weights_layout(spec, kernels_.channel_block()), data, plain.data());
    return plain;
  }

 private:
  ValueId bind(const Shape& shape, ops::Element element, const void* data) {
    const ValueId value = graph_.add_input("x", {shape, ops::Storage::batched, element});
    bound_.emplace_back(value, data);
    return value;
  }

  ops::Kernels kernels_;
  plan::ParameterStore store_;
  std::int64_t batch_;
  plan::Graph graph_;
  std::vector<std::vector<float>> values_;
  std::vector<std::int32_t> labels_;
  std::vector<std::pair<ValueId, const void*>> bound_;
  std::unique_ptr<plan::Execution> execution_;
};

}  // namespace tilewise::golden
