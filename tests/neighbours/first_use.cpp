// A program that forks before it has used the library: what a child then does is its first use. The program is one test
// case; its children are killed if they hang.
#include <sys/wait.h>
#include <tbb/parallel_for.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "neighbours/work.hpp"
#include "plan/shares.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

/// Calls `work` in a child, that ends as programs do. Whether it ended well.
template <class F>
bool child_ends_well(const char* what, const F& work) {
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(30);
    std::exit(work() ? 0 : 1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  const bool well = pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!well) std::printf("%s: wait status %d\n", what, status);
  return well;
}

/// The same bits on several threads as on one.
bool computes() {
  set_threads(1);
  const Predictions predictions;
  const std::vector<float> expected = everything(predictions);
  set_threads(2);
  return everything(predictions) == expected;
}

}  // namespace

int main() {
  plan::least_lane_seconds = 0;
  bool well = child_ends_well("before all", computes);
  // The program's own use of TBB, before the library's first one.
  std::atomic<int> sum{0};
  tbb::parallel_for(0, 1000, [&](int i) { sum += i; });
  well = child_ends_well("after TBB was used by others", computes) && well;
  well = computes() && well;
  well = child_ends_well("after the parent computed", computes) && well;
  well = child_ends_well("grandchild", [] { return computes() && child_ends_well("its child", computes); }) && well;
  well = computes() && well;
  std::printf("%d passed, %d failed\n", well, !well);
  return well ? 0 : 1;
}
