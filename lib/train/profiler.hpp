#pragma once

#include <functional>

#include "plan/execution.hpp"
#include "tilewise/dataset.hpp"
#include "tilewise/profile.hpp"

namespace tilewise::train {

/// Calls run(batch), which runs `execution` once with so many threads, for batches of `data` of the full size, epoch
/// after epoch from `epoch` on, and says where the time went. Throws ArgumentError for options out of their ranges, or
/// less data than a batch.
Profile profile_runs(plan::Execution& execution, int threads, const Pipeline& data, const ProfileOptions& options,
                     std::int64_t& epoch, const std::function<void(const Batch&)>& run);

}  // namespace tilewise::train
