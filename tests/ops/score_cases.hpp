#pragma once

#include <algorithm>

#include "support/pick.hpp"

namespace tilewise::test {

/// Samples with a score for each class, and their labels or targets.
struct ScoreCase {
  ops::TensorSpec scores;
  std::int64_t batch;

  explicit ScoreCase(Pick& pick) : scores{{pick.channels(20)}}, batch(pick.places(5)) {}

  static ops::TensorSpec labels_spec() { return {{}, ops::Storage::batched, ops::Element::i32}; }
  std::size_t classes() const { return static_cast<std::size_t>(scores.shape[0]); }
  std::size_t samples() const { return static_cast<std::size_t>(batch); }

  Values logits(Pick& pick) const { return pick.between(scores, batch, -3, 3); }
  /// Each far enough from zero for central differences of its logarithm.
  Values probabilities(Pick& pick) const {
    Values values = pick.between(scores, batch, 0.2, 1);
    for (std::size_t i = 0; i < samples(); ++i) {
      double sum = 0;
      for (std::size_t k = 0; k < classes(); ++k) sum += values[i * classes() + k];
      // Just below 1 where there is one class: there the loss is cut off.
      for (std::size_t k = 0; k < classes(); ++k)
        values[i * classes() + k] = double{float(0.99 * values[i * classes() + k] / sum)};
    }
    return values;
  }
  Values labels(Pick& pick) const {
    Values values(samples());
    for (double& label : values) label = static_cast<double>(pick(0, scores.shape[0] - 1));
    return values;
  }
  /// At least 0, some of them 0; their sum may be any.
  Values targets(Pick& pick) const {
    Values values = pick.between(scores, batch, -0.2, 1);
    for (double& target : values) target = std::max(target, 0.0);
    return values;
  }

  std::size_t label(const Values& labels, std::size_t sample) const { return static_cast<std::size_t>(labels[sample]); }
  /// How many of the sample's values come before this class's: larger ones, and equal ones of a lower class.
  std::size_t rank(const Values& values, std::size_t sample, std::size_t chosen) const {
    const double* of = values.data() + sample * classes();
    std::size_t before = 0;
    for (std::size_t k = 0; k < classes(); ++k) before += of[k] > of[chosen] || (of[k] == of[chosen] && k < chosen);
    return before;
  }
  /// The first largest.
  std::size_t largest(const Values& values, std::size_t sample) const {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(sample * classes());
    return static_cast<std::size_t>(std::max_element(begin, begin + static_cast<std::ptrdiff_t>(classes())) - begin);
  }
};

}  // namespace tilewise::test
