#include "data/files.hpp"
#include "nn/networks.hpp"
#include "support/catch.hpp"

using namespace tilewise;
using namespace tilewise::test;

TEST_CASE("a label outside the classes is refused before the first step, with file, place and label", "[train]") {
  const TemporaryFolder folder;
  folder.write("train-images-idx3-ubyte", idx({6, 2, 3}, 36));
  const std::string labels = folder.write("train-labels-idx1-ubyte", idx({6}, 6));  // 0 to 5
  folder.write("t10k-images-idx3-ubyte", idx({4, 2, 3}, 24));
  folder.write("t10k-labels-idx1-ubyte", idx({4}, 4, 3));
  const auto [train, test] = datasets::load(folder.path());
  Sequential model{Flatten(), Dense(4, {.activation = softmax})};
  model.compile({});
  model.build(train.sample_shape());
  const std::vector<float> untouched = all_weights(model);

  // After a header of 8 bytes one byte a label: the first one above 3 is that of sample 4.
  const std::string message = labels + ", byte 12: label 4 of sample 4; expected 0 to 3";
  const Pipeline good = test.batch(2), bad = train.batch(2);
  CHECK_THROWS_WITH(model.fit(bad), message);
  CHECK_THROWS_AS(model.fit(bad), FileError);
  CHECK_THROWS_WITH(model.fit(good, {.validation = bad}), message);
  CHECK_THROWS_WITH(model.evaluate(bad), message);
  CHECK(all_weights(model) == untouched);
}
