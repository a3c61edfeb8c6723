// Two lanes add to one plain number. ThreadSanitizer must see it through the library's own threads: see
// tools/checks/tsan.sh.
#include <cstdio>

#include "support/backend.hpp"

int main() {
  if (tilewise::test::usual_backend() != tilewise::plan::Backend::threads) {
    std::puts("TILEWISE_TEST_BACKEND is not 'threads'");
    return 1;
  }
  int sum = 0;
  for (int repeat = 0; repeat < 100; ++repeat) tilewise::plan::run(4, [&](int lane) { sum += lane; });
  std::printf("the sum is %d\n", sum);
  return 0;
}
