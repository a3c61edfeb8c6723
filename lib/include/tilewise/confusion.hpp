#pragma once

#include <cstdint>
#include <vector>

#pragma GCC visibility push(default)
namespace tilewise {

/// How often a model took samples of each class for each class.
struct ConfusionMatrix {
  std::int64_t classes = 0;
  std::vector<std::int64_t> counts;  ///< classes x classes: a row for each label, a column for each largest output

  /// Samples of class `label` whose largest output is that of class `predicted`; both below `classes`.
  std::int64_t count(std::int64_t label, std::int64_t predicted) const {
    return counts[static_cast<std::size_t>(label * classes + predicted)];
  }
};

}  // namespace tilewise
#pragma GCC visibility pop
