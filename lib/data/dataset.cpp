#include "tilewise/dataset.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/checked.hpp"

namespace tilewise {

struct Dataset::Storage {
  Shape sample_shape;
  std::vector<std::uint8_t> pixels;  // either these
  std::vector<float> samples;        // or these
  std::vector<std::int32_t> labels;
  DataSource source;
  int classes = 0;
  bool has_targets = false;
  Shape target_shape = {};
  std::vector<float> targets = {};
};

namespace {

/// What pixels become. Divided, not multiplied by 1/255, which would differ in the last bit from what Keras's users
/// compute; and looked up, for a division takes ten times as long, on a core that the training could use.
struct PixelValues {
  float of[256];
  constexpr PixelValues() : of{} {
    for (int pixel = 0; pixel < 256; ++pixel) of[pixel] = static_cast<float>(pixel) / 255.0f;
  }
};
constexpr PixelValues pixel_values;

void check_samples(const Shape& sample_shape, std::size_t values, std::int64_t samples, const char* what,
                   const DataSource& source) {
  if (sample_shape.elements() == 0)
    throw ShapeError(source.name + ": a sample of shape " + sample_shape.to_string() + " is empty");
  const std::int64_t expected = base::checked_mul(samples, sample_shape.elements());
  if (static_cast<std::int64_t>(values) != expected)
    throw ShapeError(source.name + ": " + std::to_string(values) + " sample values; " + std::to_string(samples) + " " +
                     what + " x " + sample_shape.to_string() + " need " + std::to_string(expected));
}

void check(const Shape& sample_shape, std::size_t values, const std::vector<std::int32_t>& labels,
           const DataSource& source) {
  check_samples(sample_shape, values, static_cast<std::int64_t>(labels.size()), "labels", source);
  // The largest value is left out so that classes() fits.
  constexpr std::int32_t largest = std::numeric_limits<std::int32_t>::max() - 1;
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] < 0 || labels[i] > largest)
      throw ArgumentError(source.name + ": label " + std::to_string(labels[i]) + " of sample " + std::to_string(i) +
                          "; expected 0 to " + std::to_string(largest));
}

int count_classes(const std::vector<std::int32_t>& labels) {
  return labels.empty() ? 0 : *std::max_element(labels.begin(), labels.end()) + 1;
}

}  // namespace

Dataset::Dataset(const Shape& sample_shape, std::vector<std::uint8_t> pixels, std::vector<std::int32_t> labels,
                 DataSource source) {
  check(sample_shape, pixels.size(), labels, source);
  size_ = static_cast<std::int64_t>(labels.size());
  const int classes = count_classes(labels);
  storage_ = std::make_shared<const Storage>(
      Storage{sample_shape, std::move(pixels), {}, std::move(labels), std::move(source), classes});
}

Dataset::Dataset(const Shape& sample_shape, std::vector<float> samples, std::vector<std::int32_t> labels,
                 DataSource source) {
  check(sample_shape, samples.size(), labels, source);
  size_ = static_cast<std::int64_t>(labels.size());
  const int classes = count_classes(labels);
  storage_ = std::make_shared<const Storage>(
      Storage{sample_shape, {}, std::move(samples), std::move(labels), std::move(source), classes});
}

Dataset::Dataset(const Shape& sample_shape, std::vector<float> samples, const Shape& target_shape,
                 std::vector<float> targets, DataSource source) {
  if (target_shape.elements() == 0)
    throw ShapeError(source.name + ": a target of shape " + target_shape.to_string() + " is empty");
  size_ = static_cast<std::int64_t>(targets.size()) / target_shape.elements();
  if (static_cast<std::int64_t>(targets.size()) != size_ * target_shape.elements())
    throw ShapeError(source.name + ": " + std::to_string(targets.size()) + " target values; expected a multiple of " +
                     std::to_string(target_shape.elements()) + ", for targets of " + target_shape.to_string());
  check_samples(sample_shape, samples.size(), size_, "targets", source);
  storage_ = std::make_shared<const Storage>(
      Storage{sample_shape, {}, std::move(samples), {}, std::move(source), 0, true, target_shape, std::move(targets)});
}

bool Dataset::has_targets() const noexcept {
  return storage_->has_targets;
}
const Shape& Dataset::target_shape() const noexcept {
  return storage_->target_shape;
}
void Dataset::copy_target(std::int64_t index, float* to) const noexcept {
  const std::int64_t elements = storage_->target_shape.elements();
  std::copy_n(storage_->targets.data() + index * elements, elements, to);
}

const Shape& Dataset::sample_shape() const noexcept {
  return storage_->sample_shape;
}
int Dataset::classes() const noexcept {
  return storage_->classes;
}
const std::string& Dataset::name() const noexcept {
  return storage_->source.name;
}
const std::vector<std::string>& Dataset::notes() const noexcept {
  return storage_->source.notes;
}

std::int32_t Dataset::label(std::int64_t index) const noexcept {
  return storage_->labels[static_cast<std::size_t>(index)];
}

void Dataset::copy_sample(std::int64_t index, float* to) const noexcept {
  const std::int64_t elements = storage_->sample_shape.elements();
  if (storage_->pixels.empty()) {
    std::copy_n(storage_->samples.data() + index * elements, elements, to);
    return;
  }
  const std::uint8_t* from = storage_->pixels.data() + index * elements;
  for (std::int64_t i = 0; i < elements; ++i) to[i] = pixel_values.of[from[i]];
}

Dataset Dataset::take(std::int64_t limit) const {
  if (limit < 0) throw ArgumentError("take(" + std::to_string(limit) + "): the number of samples must be 0 or more");
  Dataset taken = *this;
  taken.size_ = std::min(size_, limit);
  return taken;
}

Dataset Dataset::one_hot(int classes) const {
  if (has_targets()) throw ArgumentError(name() + ": one_hot() needs labels; the samples have targets already");
  require_labels_below(classes);
  Storage storage = *storage_;
  storage.has_targets = true;
  storage.classes = 0;
  storage.target_shape = {classes};
  storage.targets.assign(static_cast<std::size_t>(base::checked_mul(size_, classes)), 0.0f);
  for (std::int64_t i = 0; i < size_; ++i) storage.targets[static_cast<std::size_t>(i * classes + label(i))] = 1;
  storage.labels.clear();
  Dataset result = *this;
  result.storage_ = std::make_shared<const Storage>(std::move(storage));
  return result;
}

void Dataset::require_labels_below(int classes) const {
  if (has_targets()) throw ArgumentError(name() + ": the samples have targets; expected labels");
  for (std::int64_t i = 0; i < size_; ++i) {
    if (label(i) < classes) continue;
    const std::string what = "label " + std::to_string(label(i)) + " of sample " + std::to_string(i) +
                             "; expected 0 to " + std::to_string(classes - 1);
    const DataSource& source = storage_->source;
    if (!source.labels_file.empty()) throw FileError(source.labels_file, source.labels_offset + i, what);
    throw ArgumentError(source.name + ": " + what);
  }
}

Pipeline Dataset::shuffle(std::int64_t buffer, std::uint64_t seed) const {
  return Pipeline(*this).shuffle(buffer, seed);
}

Pipeline Dataset::batch(std::int64_t size) const {
  return Pipeline(*this).batch(size);
}

}  // namespace tilewise
