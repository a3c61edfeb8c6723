#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tilewise/shape.hpp"

#pragma GCC visibility push(default)
namespace tilewise {

class Pipeline;

/// Where samples come from: what messages name.
struct DataSource {
  std::string name = "memory";
  std::string labels_file = {};    ///< empty: the labels come from no file
  std::int64_t labels_offset = 0;  ///< of label 0 in the decompressed file, in bytes; each label has one byte there
  std::vector<std::string> notes = {};  ///< what its user should read, e.g. that a file is not the well-known one
};

/// Samples of one shape, each with a label, or with a target: values of its own for a loss that asks for those.
/// Immutable; copies share the storage.
class Dataset {
 public:
  /// `pixels` holds one NHWC sample after the other, labels.size() of them; they become float32 as pixel / 255.
  /// Throws ShapeError if the sizes do not fit together or a sample is empty, ArgumentError if a label is negative.
  Dataset(const Shape& sample_shape, std::vector<std::uint8_t> pixels, std::vector<std::int32_t> labels,
          DataSource source = {});
  /// The same for float32 samples, which are taken as they are.
  Dataset(const Shape& sample_shape, std::vector<float> samples, std::vector<std::int32_t> labels,
          DataSource source = {});

  /// Samples with targets in place of labels: {classes} of them for categorical cross-entropy, as many as the model has
  /// outputs for the mean squared error.
  Dataset(const Shape& sample_shape, std::vector<float> samples, const Shape& target_shape, std::vector<float> targets,
          DataSource source = {});

  /// Number of samples.
  std::int64_t size() const noexcept { return size_; }
  /// Of one sample, e.g. {28, 28, 1}.
  const Shape& sample_shape() const noexcept;
  bool has_targets() const noexcept;
  /// Of one target; a scalar's without targets.
  const Shape& target_shape() const noexcept;
  /// Writes one target, target_shape().elements() floats. Only with targets.
  void copy_target(std::int64_t index, float* to) const noexcept;
  /// The label of a sample, 0 <= index < size(). Only without targets.
  std::int32_t label(std::int64_t index) const noexcept;
  /// Writes one sample, sample_shape().elements() floats. 0 <= index < size().
  void copy_sample(std::int64_t index, float* to) const noexcept;
  /// The largest label + 1, of the whole data set also after take(); 0 with targets.
  int classes() const noexcept;
  const std::string& name() const noexcept;
  const std::vector<std::string>& notes() const noexcept;

  /// The first `limit` samples, or all if there are fewer. Throws ArgumentError if limit < 0.
  Dataset take(std::int64_t limit) const;
  /// The same samples with targets {classes} in place of labels: 1 at the label, else 0. Throws ArgumentError or
  /// FileError if there are targets already, or as require_labels_below() does.
  Dataset one_hot(int classes) const;
  /// Throws FileError (labels from a file: path and byte offset) or ArgumentError for the first label that is not below
  /// `classes`.
  void require_labels_below(int classes) const;

  /// The first stage of a pipeline: see there.
  Pipeline shuffle(std::int64_t buffer, std::uint64_t seed = 0) const;
  Pipeline batch(std::int64_t size) const;

 private:
  struct Storage;

  std::shared_ptr<const Storage> storage_;
  std::int64_t size_ = 0;
};

/// The description of how an epoch is read: shuffle -> batch -> prefetch, in this order; shuffle and prefetch may be
/// left out. A value: each call returns a new pipeline, and the last call of a stage counts. BatchReader runs it.
class Pipeline {
 public:
  explicit Pipeline(Dataset dataset);

  /// As tf.data's: `buffer` samples wait, one of them is drawn uniformly and the next one of the data set takes its
  /// place. Another order in each epoch, which depends on (seed, epoch) only. Throws ArgumentError if buffer < 1, or
  /// after batch().
  Pipeline shuffle(std::int64_t buffer, std::uint64_t seed = 0) const;
  /// Batches of `size` samples; the last one of an epoch has what is left. Throws ArgumentError if size < 1, or after
  /// prefetch().
  Pipeline batch(std::int64_t size) const;
  /// Up to `slots` batches are made ahead, by a thread of its own. Throws ArgumentError if slots < 1, or before
  /// batch().
  Pipeline prefetch(int slots = 8) const;

  const Dataset& dataset() const noexcept { return dataset_; }
  /// 0 before batch().
  std::int64_t batch_size() const noexcept { return batch_size_; }
  /// Per epoch, the short last one included; 0 before batch().
  std::int64_t batches() const noexcept;
  /// Samples that wait to be drawn; 0 without shuffle().
  std::int64_t shuffle_buffer() const noexcept { return shuffle_buffer_; }
  std::uint64_t shuffle_seed() const noexcept { return shuffle_seed_; }
  /// 0 without prefetch().
  int prefetch_slots() const noexcept { return prefetch_slots_; }

 private:
  Dataset dataset_;
  std::int64_t shuffle_buffer_ = 0;
  std::uint64_t shuffle_seed_ = 0;
  std::int64_t batch_size_ = 0;
  int prefetch_slots_ = 0;
};

/// What a BatchReader gives: some samples, in memory of its own.
struct Batch {
  std::int64_t size = 0;                 ///< number of samples
  const float* inputs = nullptr;         ///< NHWC, size x sample_shape, 64-byte aligned
  const std::int32_t* labels = nullptr;  ///< size of them; null with targets
  const float* targets = nullptr;        ///< size x target_shape, 64-byte aligned; null without
};

/// Runs a pipeline, one epoch after the other, for one thread. Owns the input slots, one batch each: one without
/// prefetch, else prefetch_slots() and the one in use. Everything is allocated at construction; beyond the slots only
/// indices are kept.
class BatchReader {
 public:
  /// Throws ArgumentError if the pipeline has no batch().
  explicit BatchReader(const Pipeline& pipeline);
  ~BatchReader();
  BatchReader(BatchReader&&) noexcept;
  BatchReader& operator=(BatchReader&&) noexcept;

  /// Begins an epoch (any number, in any order), also in the middle of another one.
  void start_epoch(std::int64_t epoch);
  /// The next batch, or nullptr at the end of the epoch. It is valid until the next call of next() or start_epoch().
  /// Rethrows what went wrong in the prefetch thread. Throws ArgumentError before the first start_epoch().
  const Batch* next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

namespace datasets {

/// The two parts that data sets come in.
struct TrainTest {
  Dataset train, test;

  /// Of both, to be shown to the user.
  std::vector<std::string> notes() const;
};

/// Loads a well-known data set by its name, or the four IDX files of a folder: train-images-idx3-ubyte,
/// train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, each also with .gz and with .idx3 or .idx1
/// in place of -idx3 or -idx1. A name is searched as $TILEWISE_DATA_DIR/NAME, /usr/local/share/datasets/NAME,
/// /usr/share/datasets/NAME. Samples are {rows, columns, 1}. Throws FileError if files are missing (where it looked,
/// what it needs, where to get it) or broken (path, byte offset).
TrainTest load(const std::string& name_or_folder);

/// Where a well-known data set is on this machine.
struct Found {
  std::string name;
  std::string folder;                ///< the first with all files, else the first with some; empty: nowhere
  std::vector<std::string> missing;  ///< what `folder` lacks of the four files, under their usual names
  std::string debian_package;        ///< empty: there is none
  bool complete = false;
};

/// All data sets that load() knows by name.
std::vector<Found> find_all();

}  // namespace datasets

}  // namespace tilewise
#pragma GCC visibility pop
