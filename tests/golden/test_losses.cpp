#include "golden/golden.hpp"
#include "nn/losses.hpp"

using namespace tilewise;
using namespace tilewise::golden;

namespace {

Loss loss_of(const json& golden) {
  const std::string kind = golden.at("kind");
  if (kind == "MeanSquaredError") return MeanSquaredError{};
  const bool from_logits = golden.at("from_logits");
  if (kind == "SparseCategoricalCrossentropy") return SparseCategoricalCrossentropy{.from_logits = from_logits};
  REQUIRE(kind == "CategoricalCrossentropy");
  return CategoricalCrossentropy{.from_logits = from_logits, .label_smoothing = golden.at("label_smoothing")};
}

/// The labels whose one-hot targets these are, if they are.
std::optional<std::vector<std::int32_t>> labels_of(const Array& targets) {
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < targets.values.size(); ++i)
    if (targets.values[i] == 1)
      labels.push_back(static_cast<std::int32_t>(static_cast<std::int64_t>(i) % targets.shape[1]));
    else if (targets.values[i] != 0)
      return std::nullopt;
  return labels;
}

/// Each row less its mean.
std::vector<float> without_mean(std::vector<float> values, std::int64_t width) {
  const auto row = static_cast<std::size_t>(width);
  for (std::size_t begin = 0; begin < values.size(); begin += row) {
    float sum = 0;
    for (std::size_t i = begin; i < begin + row; ++i) sum += values[i];
    for (std::size_t i = begin; i < begin + row; ++i) values[i] -= sum / static_cast<float>(row);
  }
  return values;
}

/// Against the case's targets, or against `labels`.
void check_loss(const json& golden, const Loss& loss, const std::vector<std::int32_t>* labels, Isa isa) {
  constexpr double relative = 1e-6, absolute = 5e-7;
  const Array outputs = tensor(golden.at("outputs"));
  SmallGraph network(isa, outputs.shape[0]);
  const ValueId x = network.input(outputs);
  const ValueId truth = labels ? network.labels(*labels) : network.input(tensor(golden.at("targets")));
  const ValueId per_sample = nn::emit_loss(network.graph(), loss, x, truth).per_sample;
  const ValueId gradient = plan::differentiate(network.graph(), per_sample, {x})[0];
  network.run({per_sample, gradient});

  CHECK(difference(network.get(per_sample), tensor(golden.at("loss")).values, relative, absolute) == "");
  std::vector<float> found = network.get(gradient), expected = tensor(golden.at("mean_gradient")).values;
  // Keras divides probabilities by their sum: a gradient that has no part along (1, 1, ...).
  if (golden.contains("from_logits") && !golden.at("from_logits")) {
    found = without_mean(found, outputs.shape[1]);
    expected = without_mean(expected, outputs.shape[1]);
  }
  CHECK(difference(found, expected, relative, absolute) == "");
}

}  // namespace

TEST_CASE("losses and their gradients are Keras's", "[golden]") {
  for (Isa isa : available_isas())
    for (const json& golden : cases("losses.json")) {
      INFO(isa_name(isa) << ": " << golden.at("name"));
      if (golden.contains("labels")) {
        const auto labels = golden.at("labels").get<std::vector<std::int32_t>>();
        check_loss(golden, loss_of(golden), &labels, isa);
      } else {
        check_loss(golden, loss_of(golden), nullptr, isa);
      }
    }
}

TEST_CASE("smoothed labels are Keras's smoothed one-hot targets", "[golden]") {
  for (Isa isa : available_isas())
    for (const json& golden : cases("losses.json")) {
      if (golden.at("kind").get<std::string>() != "CategoricalCrossentropy") continue;
      const auto labels = labels_of(tensor(golden.at("targets")));
      if (!labels) continue;
      INFO(isa_name(isa) << ": " << golden.at("name"));
      const SparseCategoricalCrossentropy loss{.from_logits = golden.at("from_logits"),
                                               .label_smoothing = golden.at("label_smoothing")};
      check_loss(golden, loss, &*labels, isa);
    }
}
