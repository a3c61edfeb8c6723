#pragma once

#include <string>

#include "tilewise/isa.hpp"

/// In a program with threads of its own:
///
/// - Any thread may call. What may be shared is said at each class; Model's const functions may be called by many threads
///   at once.
/// - A call computes on the thread that makes it and on up to threads() - 1 workers, and has the same bits whatever else
///   goes on. The workers are oneTBB's: one for each CPU but one in the whole process, however many threads call, and
///   shared with the program's own TBB tasks. k threads that call take up to k + CPUs - 1 threads altogether; tasks that
///   call take no more than there are anyway. Within a tbb::task_arena a call takes no more threads than the arena has.
/// - A call that waits for its workers runs no other TBB task meanwhile, so locks may be held around it; cancelling the
///   task group that it is made in does not cut it short. An exception from a callback leaves all usable.
/// - After fork() the child may use the library, and the models that it shares with its parent, whatever the parent's
///   threads were doing with them; a model that was being changed is as far as it was. oneTBB does not survive a fork: if
///   the parent had computed on several threads, each thread of the child that calls keeps threads() - 1 workers of its
///   own. A child whose parent had not, but used TBB itself, has the workers that TBB has left: none.

#pragma GCC visibility push(default)
namespace tilewise {

/// How many threads the library computes with: what set_threads() gave, else TILEWISE_THREADS, else the smaller of
/// the CPUs that this process may run on and the CPU time that its control groups allow, rounded up. Throws
/// ArgumentError if TILEWISE_THREADS is not a number from 1 to 1024. Results do not depend on it.
int threads();

/// For all models of this process, from their next run on. 0: back to the default. Throws ArgumentError beyond 0 to
/// 1024.
void set_threads(int count);

/// Where the count comes from, for people: "TILEWISE_THREADS", "set by the program", "the smaller of 8 CPUs of this
/// process's affinity and 1.5 of its cgroups' quota".
std::string threads_reason();

/// The ISA of models built from now on: what set_isa() gave, else default_isa().
Isa isa();

/// Throws ArgumentError if this build or machine lacks `isa`.
void set_isa(Isa isa);

}  // namespace tilewise
#pragma GCC visibility pop
