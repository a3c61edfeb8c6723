#include <algorithm>
#include <atomic>
#include <numeric>
#include <optional>
#include <stdexcept>

#include "base/aligned_buffer.hpp"
#include "data/prefetch_thread.hpp"
#include "data/sample_order.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "tilewise/dataset.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;

namespace {

/// Sample i is {i, i + 1/2}, with label i.
Dataset numbered(std::int64_t samples) {
  std::vector<float> values;
  std::vector<std::int32_t> labels;
  for (std::int64_t i = 0; i < samples; ++i) {
    values.push_back(static_cast<float>(i));
    values.push_back(static_cast<float>(i) + 0.5f);
    labels.push_back(static_cast<std::int32_t>(i));
  }
  return Dataset({2}, std::move(values), std::move(labels));
}

std::vector<std::int64_t> order_of(std::int64_t samples, std::int64_t buffer, std::uint64_t seed, std::int64_t epoch) {
  data::SampleOrder order(samples, buffer, seed);
  order.start(epoch);
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < samples; ++i) all.push_back(order.next());
  return all;
}

/// The labels of an epoch, with the inputs checked to belong to them; each size counts the batches of that size.
std::vector<std::int32_t> read_epoch(BatchReader& reader, std::int64_t epoch,
                                     std::vector<std::int64_t>* sizes = nullptr) {
  reader.start_epoch(epoch);
  std::vector<std::int32_t> labels;
  while (const Batch* batch = reader.next()) {
    REQUIRE(reinterpret_cast<std::uintptr_t>(batch->inputs) % 64 == 0);
    for (std::int64_t i = 0; i < batch->size; ++i) {
      REQUIRE(batch->inputs[2 * i] == static_cast<float>(batch->labels[i]));
      REQUIRE(batch->inputs[2 * i + 1] == static_cast<float>(batch->labels[i]) + 0.5f);
      labels.push_back(batch->labels[i]);
    }
    if (sizes) sizes->push_back(batch->size);
  }
  REQUIRE(reader.next() == nullptr);
  return labels;
}

}  // namespace

TEST_CASE("shuffle: a permutation, given by seed and epoch", "[data]") {
  for (std::int64_t samples : {1, 2, 10, 257})
    for (std::int64_t buffer : {1, 2, 7, 256, 257, 1000000}) {
      auto order = order_of(samples, buffer, 3, 1);
      CHECK(order == order_of(samples, buffer, 3, 1));
      if (samples == 257 && buffer > 1) {
        CHECK(order != order_of(samples, buffer, 3, 2));
        CHECK(order != order_of(samples, buffer, 4, 1));
      }
      // A sample cannot come before the buffer reached it.
      for (std::int64_t i = 0; i < samples; ++i) CHECK(order[static_cast<std::size_t>(i)] < i + buffer);
      if (buffer == 1) CHECK(std::is_sorted(order.begin(), order.end()));
      std::sort(order.begin(), order.end());
      std::vector<std::int64_t> all(static_cast<std::size_t>(samples));
      std::iota(all.begin(), all.end(), 0);
      CHECK(order == all);
    }
  CHECK(order_of(5, 0, 1, 1) == std::vector<std::int64_t>{0, 1, 2, 3, 4});
}

TEST_CASE("shuffle: the same order everywhere, worked out by a generator of its own", "[data]") {
  CHECK(order_of(12, 5, 3, 1) == std::vector<std::int64_t>{4, 3, 1, 5, 8, 6, 10, 7, 2, 9, 0, 11});
  CHECK(order_of(10, 1'000'000, 3, 2) == std::vector<std::int64_t>{6, 4, 7, 9, 5, 3, 1, 0, 8, 2});
}

TEST_CASE("shuffle: every place of the buffer is equally likely", "[data]") {
  // The first sample drawn, over 6000 epochs: 10 places, 600 each, deviation 23.
  std::vector<int> counts(10);
  data::SampleOrder order(100, 10, 5);
  for (std::int64_t epoch = 0; epoch < 6000; ++epoch) {
    order.start(epoch);
    ++counts[static_cast<std::size_t>(order.next())];
  }
  for (int count : counts) CHECK(std::abs(count - 600) < 5 * 23);
}

TEST_CASE("pipelines are values and check their stages", "[data]") {
  const Dataset set = numbered(10);
  const Pipeline plain = set.batch(4);
  const Pipeline full = set.shuffle(100, 7).batch(4).prefetch();
  CHECK(plain.batches() == 3);
  CHECK(plain.prefetch().prefetch_slots() == 8);
  CHECK(plain.prefetch_slots() == 0);
  CHECK(full.shuffle_buffer() == 100);
  CHECK(full.shuffle_seed() == 7);
  CHECK(full.batch_size() == 4);
  CHECK(full.dataset().size() == 10);
  CHECK(set.batch(5).batches() == 2);
  CHECK(set.batch(INT64_MAX).batches() == 1);
  CHECK(set.shuffle(2).batches() == 0);
  for (std::int64_t bad : {std::int64_t{0}, std::int64_t{-1}, INT64_MIN}) {
    CHECK_THROWS_AS(set.shuffle(bad), ArgumentError);
    CHECK_THROWS_AS(set.batch(bad), ArgumentError);
    CHECK_THROWS_AS(plain.prefetch(static_cast<int>(std::max<std::int64_t>(bad, -1))), ArgumentError);
  }
  CHECK_THROWS_AS(plain.shuffle(5), ArgumentError);
  CHECK_THROWS_AS(full.batch(5), ArgumentError);
  CHECK_THROWS_AS(set.shuffle(5).prefetch(), ArgumentError);
  CHECK_THROWS_AS(BatchReader(set.shuffle(5)), ArgumentError);
  BatchReader reader(plain);
  CHECK_THROWS_AS(reader.next(), ArgumentError);
}

TEST_CASE("an epoch has every sample once, and a short last batch", "[data]") {
  for (int slots : {0, 1, 2, 5, 1000}) {
    const Pipeline batches = numbered(11).shuffle(6, 1).batch(4);
    BatchReader reader(slots > 0 ? batches.prefetch(slots) : batches);
    std::vector<std::int64_t> sizes;
    auto labels = read_epoch(reader, 0, &sizes);
    CHECK(sizes == std::vector<std::int64_t>{4, 4, 3});
    std::sort(labels.begin(), labels.end());
    for (std::size_t i = 0; i < 11; ++i) CHECK(labels[i] == static_cast<std::int32_t>(i));
    CHECK(read_epoch(reader, 1) != read_epoch(reader, 2));
    CHECK(read_epoch(reader, 1) == read_epoch(reader, 1));
  }
}

TEST_CASE("prefetch changes nothing in the batches", "[data]") {
  const Pipeline batches = numbered(1003).shuffle(100, 9).batch(32);
  BatchReader plain(batches);
  for (int slots : {1, 2, 7}) {
    BatchReader ahead(batches.prefetch(slots));
    for (std::int64_t epoch : {0, 1, 2, 100, 1}) CHECK(read_epoch(ahead, epoch) == read_epoch(plain, epoch));
  }
}

TEST_CASE("an epoch may be restarted and left at any place", "[data]") {
  const Pipeline batches = numbered(100).shuffle(10, 9).batch(7);
  BatchReader plain(batches);
  const auto expected = read_epoch(plain, 5);
  for (int slots : {1, 2, 3}) {
    BatchReader ahead(batches.prefetch(slots));
    for (int taken = 0; taken <= 16; ++taken) {
      ahead.start_epoch(taken);
      for (int i = 0; i < taken; ++i) ahead.next();
      CHECK(read_epoch(ahead, 5) == expected);
    }
    for (int repeat = 0; repeat < 200; ++repeat) ahead.start_epoch(repeat);
    CHECK(read_epoch(ahead, 5) == expected);
  }
  for (int repeat = 0; repeat < 500; ++repeat) {
    BatchReader ahead(batches.prefetch(1 + repeat % 3));
    if (repeat % 5 == 0) continue;
    ahead.start_epoch(repeat);
    for (int i = 0; i < repeat % 5; ++i) ahead.next();
  }
}

TEST_CASE("a reader can move, and an empty data set has an empty epoch", "[data]") {
  const Pipeline batches = numbered(20).batch(3).prefetch();
  BatchReader first(batches);
  first.start_epoch(0);
  first.next();
  BatchReader second(std::move(first));
  CHECK(second.next()->labels[0] == 3);
  second = BatchReader(numbered(20).batch(20));
  CHECK(read_epoch(second, 0).size() == 20);
  for (const Pipeline& empty : {numbered(0).shuffle(3).batch(4), numbered(0).batch(4).prefetch()}) {
    BatchReader reader(empty);
    CHECK(read_epoch(reader, 0).empty());
  }
}

TEST_CASE("a steady epoch allocates nothing; a ring has its slots only", "[data]") {
  const Pipeline batches = numbered(1000).shuffle(100, 1).batch(32);
  for (int slots : {0, 2}) {
    const std::int64_t before = base::AlignedBuffer::allocations();
    BatchReader reader(slots > 0 ? batches.prefetch(slots) : batches);
    CHECK(base::AlignedBuffer::allocations() - before == slots + 1);
    std::int64_t samples = 0;
    test::Allocations::reset();
    ::operator delete(::operator new(1));
    if (test::Allocations::counted()) CHECK(test::Allocations::count() == 1);  // or the zero below would mean nothing
    test::Allocations::reset();
    const std::int64_t aligned = base::AlignedBuffer::allocations();
    for (std::int64_t epoch = 0; epoch < 5; ++epoch) {
      reader.start_epoch(epoch);
      while (const Batch* batch = reader.next()) samples += batch->size;
    }
    const std::int64_t allocations = test::Allocations::count();
    CHECK(allocations == 0);
    CHECK(base::AlignedBuffer::allocations() == aligned);
    CHECK(samples == 5000);
  }
}

TEST_CASE("what goes wrong in the prefetch thread reaches its user", "[data]") {
  std::atomic<bool> broken{true};
  data::PrefetchThread thread(2, 6, [&](std::int64_t, std::int64_t batch, std::int64_t) {
    if (batch == 3 && broken) throw std::runtime_error("batch 3");
  });
  CHECK(thread.next() == -1);
  for (int repeat = 0; repeat < 50; ++repeat) {
    thread.start_epoch(repeat);
    CHECK(thread.next() == 0);
    CHECK(thread.next() == 1);
    CHECK(thread.next() == 0);
    CHECK_THROWS_WITH(thread.next(), "batch 3");
    CHECK_THROWS_WITH(thread.next(), "batch 3");
  }
  broken = false;
  thread.start_epoch(0);
  for (int batch = 0; batch < 6; ++batch) CHECK(thread.next() == batch % 2);
  CHECK(thread.next() == -1);
}

TEST_CASE("targets come with their samples, whatever the order", "[data]") {
  std::vector<float> samples, targets;
  for (int i = 0; i < 23; ++i) {
    samples.push_back(static_cast<float>(i));
    for (int j = 0; j < 3; ++j) targets.push_back(static_cast<float>(100 * i + j));
  }
  const Dataset data({1}, samples, {3}, targets);
  CHECK(data.size() == 23);
  CHECK(data.has_targets());
  CHECK(data.target_shape() == Shape{3});
  CHECK(data.classes() == 0);
  for (const Pipeline& pipeline : {data.shuffle(7).batch(4), data.shuffle(23).batch(5).prefetch(2)}) {
    BatchReader reader(pipeline);
    reader.start_epoch(1);
    std::vector<bool> seen(23, false);
    while (const Batch* batch = reader.next()) {
      CHECK(batch->labels == nullptr);
      for (std::int64_t i = 0; i < batch->size; ++i) {
        seen[static_cast<std::size_t>(batch->inputs[i])] = true;
        for (int j = 0; j < 3; ++j)
          REQUIRE(batch->targets[3 * i + j] == 100 * batch->inputs[i] + static_cast<float>(j));
      }
    }
    CHECK(std::count(seen.begin(), seen.end(), true) == 23);
  }
}

TEST_CASE("labels become one-hot targets", "[data]") {
  const Dataset data = numbered(4).take(3).one_hot(5);
  CHECK(data.size() == 3);
  std::vector<float> target(5);
  data.copy_target(2, target.data());
  CHECK(target == std::vector<float>{0, 0, 1, 0, 0});
  CHECK_THROWS_WITH(numbered(4).one_hot(3), contains("label 3 of sample 3; expected 0 to 2"));
  CHECK_THROWS_WITH(data.one_hot(5), contains("targets already"));
  CHECK_THROWS_WITH(data.require_labels_below(5), contains("the samples have targets; expected labels"));
}

TEST_CASE("targets that do not fit the samples are refused", "[data]") {
  const std::vector<float> six(6);
  CHECK_THROWS_WITH(Dataset({2}, six, {4}, std::vector<float>(6)),
                    contains("6 target values; expected a multiple of 4, for targets of 4"));
  CHECK_THROWS_WITH(Dataset({2}, six, {3}, std::vector<float>(6)), contains("6 sample values; 2 targets x 2 need 4"));
  CHECK_THROWS_AS(Dataset({2}, six, {0}, std::vector<float>{}), ShapeError);
}
