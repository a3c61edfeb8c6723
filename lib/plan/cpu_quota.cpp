#include "plan/cpu_quota.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace tilewise::plan {

namespace {

namespace fs = std::filesystem;

/// A mounted hierarchy of control groups that may limit CPU time.
struct Hierarchy {
  bool is_version_2;
  std::string root;         ///< the group that is mounted
  std::string mount_point;  ///< where
};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

/// A line of mountinfo, proc(5): "32 31 0:29 ROOT MOUNT_POINT OPTIONS ... - TYPE SOURCE SUPER_OPTIONS".
std::optional<Hierarchy> hierarchy_of(const std::string& line) {
  const std::size_t dash = line.find(" - ");
  if (dash == std::string::npos) return std::nullopt;
  const auto mount = split(line.substr(0, dash), ' '), type = split(line.substr(dash + 3), ' ');
  if (mount.size() < 5 || type.size() < 3) return std::nullopt;
  const bool is_version_2 = type[0] == "cgroup2", is_cpu = type[0] == "cgroup" && contains(split(type[2], ','), "cpu");
  if (!is_version_2 && !is_cpu) return std::nullopt;
  return Hierarchy{is_version_2, mount[3], mount[4]};
}

/// The process's group in a hierarchy. A line of proc/self/cgroup: "ID:CONTROLLERS:PATH", the controllers empty for
/// version 2.
std::optional<std::string> group_in(const Hierarchy& hierarchy, const fs::path& root) {
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (hierarchy.is_version_2 ? controllers.empty() : contains(split(controllers, ','), "cpu"))
      return line.substr(second + 1);
  }
  return std::nullopt;
}

std::optional<double> ratio(double quota, double period) {
  if (quota > 0 && period > 0) return quota / period;
  return std::nullopt;
}

/// Of one group alone. Version 2 says "max 100000" or "150000 100000", version 1 has two files and -1 for no limit.
std::optional<double> quota_of(const Hierarchy& hierarchy, const fs::path& folder) {
  double quota = 0, period = 0;
  if (hierarchy.is_version_2) {
    std::ifstream(folder / "cpu.max") >> quota >> period;
  } else {
    std::ifstream(folder / "cpu.cfs_quota_us") >> quota;
    std::ifstream(folder / "cpu.cfs_period_us") >> period;
  }
  return ratio(quota, period);
}

/// Of the process's group and all round it, as far as they can be seen from here.
std::optional<double> quota_in(const Hierarchy& hierarchy, const fs::path& root) {
  const auto group = group_in(hierarchy, root);
  if (!group) return std::nullopt;
  const fs::path mounted = (root / fs::path(hierarchy.mount_point).relative_path()).lexically_normal();
  // Within a container the path may begin with the container's own group, which is what is mounted.
  fs::path inner = fs::path(*group).lexically_relative(hierarchy.root);
  if (inner.empty() || *inner.begin() == "..") inner = ".";
  std::optional<double> least;
  for (fs::path folder = (mounted / inner).lexically_normal();; folder = folder.parent_path()) {
    if (const auto quota = quota_of(hierarchy, folder)) least = std::min(least.value_or(*quota), *quota);
    if (folder == mounted || folder == folder.parent_path()) return least;
  }
}

}  // namespace

std::optional<double> cpu_quota(const fs::path& root) {
  std::optional<double> least;
  std::ifstream mounts(root / "proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);)
    if (const auto hierarchy = hierarchy_of(line))
      if (const auto quota = quota_in(*hierarchy, root)) least = std::min(least.value_or(*quota), *quota);
  return least;
}

int default_threads(int affinity, const std::optional<double>& quota) {
  if (!quota || *quota >= affinity) return affinity;
  return std::max(1, static_cast<int>(std::ceil(*quota)));
}

std::string default_threads_reason(int affinity, const std::optional<double>& quota) {
  const std::string cpus =
      std::to_string(affinity) + (affinity == 1 ? " CPU" : " CPUs") + " of this process's affinity";
  if (!quota) return "the " + cpus + "; its cgroups set no quota";
  std::ostringstream limit;
  limit << *quota;
  return "the smaller of " + cpus + " and " + limit.str() + " of its cgroups' quota";
}

}  // namespace tilewise::plan
