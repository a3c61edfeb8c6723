#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace tilewise::plan {

/// How many CPUs' time the control groups of this process (cgroups(7), version 1, 2 or both) let it use: 1.5 is 150 ms
/// of each 100. The smallest quota of its group and of the groups round it; none if there is no limit, or no way to
/// tell. `root` holds proc/self/cgroup, proc/self/mountinfo and what is mounted.
std::optional<double> cpu_quota(const std::filesystem::path& root = "/");

/// The smaller of the CPUs of the affinity and the quota rounded up, and that in words: "the smaller of 8 CPUs of this
/// process's affinity and 1.5 of its cgroups' quota".
int default_threads(int affinity, const std::optional<double>& quota);
std::string default_threads_reason(int affinity, const std::optional<double>& quota);

}  // namespace tilewise::plan
