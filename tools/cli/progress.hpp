#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "tilewise/training.hpp"

namespace tilewise::cli {

/// "0:07", "12:34", "1:02:03".
std::string duration(double seconds);

/// The live line of a running epoch, at most `width` columns: what does not fit is left out, the least important first.
std::string progress_line(const BatchRecord& record, int epochs, double images_per_second, int width);

/// The line of a finished epoch. Its time and speed are left out where they would go beyond `width`.
std::string epoch_line(const EpochRecord& record, int epochs, int width);

/// Shows training on stdout: on a terminal a live line and then the epoch's line, elsewhere only the latter, without
/// control characters. Ends training on Ctrl-C (InterruptGuard).
class TrainingDisplay : public Callback {
 public:
  TrainingDisplay(int epochs, std::int64_t batch_size, std::int64_t samples);

  bool on_batch_end(const BatchRecord& record) override;
  bool on_epoch_end(const EpochRecord& record) override;

  /// Removes the live line, so that something else can be written.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  int epochs_;
  std::int64_t batch_size_, samples_;
  bool terminal_;
  bool line_shown_ = false;
  Clock::time_point last_drawn_{};
};

}  // namespace tilewise::cli
