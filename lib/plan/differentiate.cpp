#include <algorithm>

#include "ops/elementwise.hpp"
#include "plan/graph.hpp"
#include "tilewise/error.hpp"

namespace tilewise::plan {

namespace {

class Differentiation {
 public:
  Differentiation(Graph& graph, const std::vector<ValueId>& with_respect_to)
      : graph_(graph), gradients_(graph.values().size(), no_value), depends_(graph.values().size(), false) {
    for (ValueId value : with_respect_to) depends_[index(value)] = true;
    for (const Node& node : graph.nodes())
      if (std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId input) { return depends(input); }))
        for (ValueId output : node.outputs) depends_[index(output)] = true;
  }

  void run(ValueId loss) {
    // Emitting appends nodes: those of the forward pass are the first ones.
    for (std::size_t position = graph_.nodes().size(); position-- > 0;) {
      const Node node = graph_.nodes()[position];
      std::vector<ValueId> output_gradients;
      for (ValueId output : node.outputs) output_gradients.push_back(gradients_[index(output)]);
      const bool is_root = !node.outputs.empty() && node.outputs[0] == loss;
      const bool reached =
          std::any_of(output_gradients.begin(), output_gradients.end(), [](ValueId g) { return g != no_value; });
      if (is_root && !node.op->is_loss())
        throw ArgumentError(std::string(node.op->kind()) + " is not a loss: nothing to differentiate from");
      if (is_root || reached) differentiate(node, output_gradients);
    }
  }

  ValueId gradient(ValueId value) const { return gradients_[index(value)]; }

 private:
  static std::size_t index(ValueId value) { return static_cast<std::size_t>(value); }
  bool depends(ValueId value) const { return value != no_value && depends_[index(value)]; }

  void differentiate(const Node& node, const std::vector<ValueId>& output_gradients) {
    std::vector<bool> wanted;
    for (ValueId input : node.inputs) wanted.push_back(depends(input));
    if (std::none_of(wanted.begin(), wanted.end(), [](bool is_wanted) { return is_wanted; })) return;
    graph_.set_scope(node.name);
    const std::vector<ValueId> gradients =
        node.op->backward(graph_, {node.inputs, node.outputs, output_gradients, wanted});
    for (std::size_t input = 0; input < node.inputs.size(); ++input)
      if (wanted[input] && gradients[input] != no_value) accumulate(node.inputs[input], gradients[input]);
  }

  void accumulate(ValueId value, ValueId gradient) {
    ValueId& sum = gradients_[index(value)];
    sum = sum == no_value ? gradient : graph_.emit(std::make_shared<ops::Add>(), {sum, gradient})[0];
  }

  Graph& graph_;
  std::vector<ValueId> gradients_;  ///< of each forward value
  std::vector<bool> depends_;       ///< whether a forward value depends on what is differentiated with respect to
};

}  // namespace

std::vector<ValueId> differentiate(Graph& graph, ValueId loss, const std::vector<ValueId>& with_respect_to) {
  Differentiation differentiation(graph, with_respect_to);
  differentiation.run(loss);
  std::vector<ValueId> gradients;
  for (ValueId value : with_respect_to) {
    gradients.push_back(differentiation.gradient(value));
    if (gradients.back() == no_value) throw ArgumentError("the loss does not depend on " + graph.value(value).name);
  }
  return gradients;
}

}  // namespace tilewise::plan
