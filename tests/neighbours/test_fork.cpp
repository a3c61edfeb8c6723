#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "neighbours/child.hpp"
#include "neighbours/deadline.hpp"
#include "neighbours/work.hpp"
#include "plan/parallel.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/counts.hpp"

using namespace tilewise;
using namespace tilewise::test;

TEST_CASE("a child of a parent that computed makes the same bits, and so does its own child", "[neighbours][fork]") {
  const Deadline deadline;
  for (const int count : {1, 2, 16}) {
    CAPTURE(count);
    const Threads set(count);
    const Predictions predictions;
    const std::vector<float> expected = everything(predictions);
    CHECK(in_child([&] { return everything(predictions); }) == expected);
    CHECK(in_child([&] { return in_child([&] { return everything(predictions); }); }) == expected);
    CHECK(everything(predictions) == expected);
  }
}

TEST_CASE("a child computes on as many threads as it is asked to, though it has lost those of TBB",
          "[neighbours][fork]") {
  const Deadline deadline;
  const auto threads_of_a_run = [](int threads) {
    std::mutex mutex;
    std::condition_variable came;
    std::set<std::thread::id> seen;
    plan::run(16, threads, [&](int) {
      std::unique_lock lock(mutex);
      seen.insert(std::this_thread::get_id());
      came.notify_all();
      came.wait_for(lock, std::chrono::seconds(10), [&] { return seen.size() >= static_cast<std::size_t>(threads); });
    });
    return std::vector<float>{static_cast<float>(seen.size())};
  };
  plan::run(2, [](int) {});
  for (const int threads : {1, 2, 4}) CHECK(in_child([&] { return threads_of_a_run(threads); })[0] == float(threads));
}

TEST_CASE("children of a busy parent, that share its model with threads that they do not have", "[neighbours][fork]") {
  if (!Allocations::counted()) return;  // the sanitizers' allocator may be left locked, unlike glibc's
  const Deadline deadline;
  const Threads set(2);
  const Predictions predictions;
  const std::vector<float> expected = everything(predictions), trained = trained_weights();
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::jthread> busy;
  for (int i = 0; i < 3; ++i)
    busy.emplace_back([&] {
      while (!stop) wrong += predictions.are_wrong();
    });
  busy.emplace_back([&] {
    while (!stop) wrong += trained_weights() != trained;
  });
  // Models made and dropped: locks that are new, and those of TBB when a thread comes and goes.
  busy.emplace_back([&] {
    while (!stop) std::jthread([&] { wrong += predictions.are_wrong() + Predictions().are_wrong(); });
  });
  for (std::uint64_t child = 0; child < scaled(50); ++child)
    if (in_child([&] { return everything(predictions); }) != expected) ++wrong;
  stop = true;
  busy.clear();
  CHECK(wrong == 0);
}

TEST_CASE("a training goes on in the child of a callback, its prefetch thread too", "[neighbours][fork]") {
  const Deadline deadline;
  const Threads set(2);
  struct ForkAt : Callback {
    explicit ForkAt(int number) : left(number) {}
    bool on_batch_end(const BatchRecord&) override {
      if (--left == 0) child.emplace();
      return true;
    }
    int left;
    std::optional<Child> child;
  };
  const std::vector<float> expected = trained_weights();
  for (const int batch : {1, 2, 6, 7, 9, 14}) {
    CAPTURE(batch);
    ForkAt fork(batch);
    const std::vector<float> weights = trained_weights({&fork});
    if (fork.child->in_child()) fork.child->send(weights);
    CHECK(weights == expected);
    CHECK(fork.child->result() == expected);
  }
}

TEST_CASE("a reader with a prefetch thread may end, or begin anew, in a child", "[neighbours][fork]") {
  const Deadline deadline;
  const Dataset data = striped_images(small_shape(), 3, 100);
  const auto rest_of = [](BatchReader& reader) {
    std::vector<float> all;
    while (const Batch* batch = reader.next())
      all.insert(all.end(), batch->inputs, batch->inputs + batch->size * small_shape().elements());
    return all;
  };
  BatchReader reader(data.shuffle(50).batch(16).prefetch());
  reader.start_epoch(3);
  const std::vector<float> epoch = rest_of(reader);
  for (const bool begun : {false, true}) {
    if (begun) {
      reader.start_epoch(2);
      reader.next();
    }
    CHECK(in_child([&] {
            reader.start_epoch(3);
            return rest_of(reader);
          }) == epoch);
    CHECK(in_child([&] {
            BatchReader{std::move(reader)};
            return std::vector<float>{1};
          }) == std::vector<float>{1});
  }
}
