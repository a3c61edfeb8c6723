#include <string>

#include "data/files.hpp"
#include "plan/cpu_quota.hpp"
#include "support/catch.hpp"

using namespace tilewise;

namespace {

/// A made-up system: what a process reads there about its control groups.
class System {
 public:
  System(const std::string& groups, const std::string& mounts) {
    write("proc/self/cgroup", groups);
    write("proc/self/mountinfo", "24 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n" + mounts);
  }
  System& write(const std::string& path, const std::string& text) {
    folder_.write(path, {text.begin(), text.end()});
    return *this;
  }
  std::optional<double> quota() const { return plan::cpu_quota(folder_.path()); }

 private:
  test::TemporaryFolder folder_;
};

const std::string unified = "31 24 0:27 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
const std::string divided = "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n";

}  // namespace

TEST_CASE("the quota of a control group of version 2 is the least of its own and those round it", "[plan]") {
  System system("0::/user.slice/job\n", unified);
  CHECK_FALSE(system.quota());
  system.write("sys/fs/cgroup/user.slice/job/cpu.max", "150000 100000\n");
  CHECK(system.quota() == 1.5);
  system.write("sys/fs/cgroup/user.slice/cpu.max", "max 100000\n");
  CHECK(system.quota() == 1.5);
  system.write("sys/fs/cgroup/user.slice/cpu.max", "50000 100000\n");
  CHECK(system.quota() == 0.5);
  system.write("sys/fs/cgroup/cpu.max", "40000 200000\n");
  CHECK(system.quota() == 0.2);
}

TEST_CASE("the quota of a control group of version 1 stands in two files", "[plan]") {
  System system("4:memory:/\n3:cpu,cpuacct:/docker/abc\n", divided);
  const std::string group = "sys/fs/cgroup/cpu,cpuacct/docker/abc/";
  system.write(group + "cpu.cfs_quota_us", "-1\n").write(group + "cpu.cfs_period_us", "100000\n");
  CHECK_FALSE(system.quota());
  system.write(group + "cpu.cfs_quota_us", "250000\n");
  CHECK(system.quota() == 2.5);
}

TEST_CASE("a container sees its own group as the mounted one", "[plan]") {
  System inside("3:cpu,cpuacct:/docker/abc\n",
                "33 31 0:30 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n");
  inside.write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n").write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");
  CHECK(inside.quota() == 3.0);
  System elsewhere("0::/../other\n", unified);
  elsewhere.write("sys/fs/cgroup/cpu.max", "100000 100000\n").write("cpu.max", "1 100000");
  CHECK(elsewhere.quota() == 1.0);
}

TEST_CASE("of both versions the smaller quota counts, and what cannot be read is no limit", "[plan]") {
  System both("3:cpu,cpuacct:/a\n0::/b\n", unified + divided);
  both.write("sys/fs/cgroup/b/cpu.max", "400000 100000\n");
  CHECK(both.quota() == 4.0);
  both.write("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "200000")
      .write("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000");
  CHECK(both.quota() == 2.0);
  both.write("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "nonsense");
  CHECK(both.quota() == 4.0);
  CHECK_FALSE(System("no such line\n", "nor one here\n").quota());
  CHECK_FALSE(plan::cpu_quota("/no/such/folder"));
}

TEST_CASE("the default is the smaller of affinity and quota, rounded up, and says why", "[plan]") {
  CHECK(plan::default_threads(8, std::nullopt) == 8);
  CHECK(plan::default_threads(8, 1.5) == 2);
  CHECK(plan::default_threads(8, 0.1) == 1);
  CHECK(plan::default_threads(2, 7.0) == 2);
  CHECK(plan::default_threads(8, 2.0) == 2);
  CHECK(plan::default_threads_reason(8, 1.5) ==
        "the smaller of 8 CPUs of this process's affinity and 1.5 of its cgroups' quota");
  CHECK(plan::default_threads_reason(1, std::nullopt) ==
        "the 1 CPU of this process's affinity; its cgroups set no quota");
}
