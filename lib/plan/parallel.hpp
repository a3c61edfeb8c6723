#pragma once

namespace tilewise::plan {

/// What stands behind run().
enum class Backend {
  tbb,      ///< oneTBB, as long as no fork has taken its threads; then team
  team,     ///< each calling thread's own threads, kept for its next run
  threads,  ///< a std::thread for each lane, started in shuffled order: for ThreadSanitizer, and for counts that TBB
            ///< does not guarantee
};

/// A call that run() makes on every lane; a plain pointer pair, so that no run allocates.
struct LaneFunction {
  void (*call)(const void* context, int lane);
  const void* context;
};

/// Calls function(lane) for each lane in [0, lanes), and returns when all are done. `threads`, at least as many, is
/// what the caller computes with altogether: a run with another number of them than the thread's last one allocates.
/// Within a tbb::task_arena there are no more threads than that has, and lanes follow one another. What a lane does
/// must not wait for another lane. Isolated: a caller's own TBB tasks are not run meanwhile, and their being cancelled
/// changes nothing. Denormals are flushed to zero inside, and the caller's mode is as it was afterwards. Rethrows an
/// exception of a lane; then some may not have been called.
void run(int lanes, int threads, LaneFunction function);

template <class F>
void run(int lanes, int threads, const F& f) {
  run(lanes, threads, LaneFunction{[](const void* context, int lane) { (*static_cast<const F*>(context))(lane); }, &f});
}
template <class F>
void run(int lanes, const F& f) {
  run(lanes, lanes, f);
}

/// tbb unless it is set.
void set_backend(Backend backend) noexcept;

}  // namespace tilewise::plan
