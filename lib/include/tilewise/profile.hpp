#pragma once

#include <cstdint>
#include <string>
#include <vector>

#pragma GCC visibility push(default)
namespace tilewise {

/// What Model::profile() runs.
struct ProfileOptions {
  bool training = true;      ///< steps of training, which change the weights as fit() does; else predictions
  std::int64_t runs = 100;   ///< batches that are measured, at least 1
  std::int64_t warmup = 10;  ///< batches before them, at least 0
};

/// Where the time of a step of training, or of a prediction, goes. Times are seconds of one run, means over all.
struct Profile {
  /// A step of the plan. All threads together are busy with it for threads * seconds.
  struct Step {
    std::string layer;      ///< "conv2d_1"
    std::string op;         ///< "conv2d_backward", with what is fused into it: "conv2d+relu"
    std::string algorithm;  ///< "fft16"; empty where there is only one
    std::string why;        ///< that one was chosen; empty where there was no choice
    double seconds = 0;
    double flops = 0;  ///< nominal, those of direct computing; 0 for steps that move memory rather than compute
    double bytes = 0;  ///< of the tensors that it reads and writes, each counted once
  };
  /// A part of a step on one thread.
  struct Span {
    std::size_t step = 0;  ///< in `steps`
    std::string phase;     ///< "rows"
    int thread = 0;
    double begin = 0, end = 0;  ///< seconds since the first measured run began
  };

  std::int64_t batch = 0, runs = 0;
  int threads = 0;
  std::string isa;
  double seconds = 0;       ///< from one run to the next
  std::vector<Step> steps;  ///< in the order in which they run
  double waiting = 0;       ///< of threads for each other, and what starting them takes
  double outside = 0;       ///< between runs: waiting for the batch, and the running means of loss and metrics
  std::vector<Span> spans;  ///< of all measured runs, by thread and time

  /// Of all steps.
  double flops() const;
};

}  // namespace tilewise
#pragma GCC visibility pop
