#pragma once

#include <cstdlib>
#include <string>

#include "plan/parallel.hpp"
#include "support/backend.hpp"
#include "tilewise/runtime.hpp"

/// Settings of the whole process for the time of a test, also of one that fails.
namespace tilewise::test {

/// The threads of the library.
class Threads {
 public:
  explicit Threads(int count) { set_threads(count); }
  ~Threads() { set_threads(0); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
};

class ForcedIsa {
 public:
  explicit ForcedIsa(Isa isa) { set_isa(isa); }
  ~ForcedIsa() { set_isa(default_isa()); }
  ForcedIsa(const ForcedIsa&) = delete;
  ForcedIsa& operator=(const ForcedIsa&) = delete;
};

/// What stands behind plan::run().
class ForcedBackend {
 public:
  explicit ForcedBackend(plan::Backend backend) { plan::set_backend(backend); }
  ~ForcedBackend() { plan::set_backend(usual_backend()); }
  ForcedBackend(const ForcedBackend&) = delete;
  ForcedBackend& operator=(const ForcedBackend&) = delete;
};

/// A thread of its own for each lane, instead of TBB's.
struct StandardThreads : ForcedBackend {
  StandardThreads() : ForcedBackend(plan::Backend::threads) {}
};

/// An environment variable for the time of a test; nullptr takes it away.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) {
      had_ = true;
      old_ = old;
    }
    set(value);
  }
  ~Environment() { set(had_ ? old_.c_str() : nullptr); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  void set(const char* value) const {
    if (value)
      setenv(name_, value, 1);
    else
      unsetenv(name_);
  }

  const char* name_;
  bool had_ = false;
  std::string old_;
};

}  // namespace tilewise::test
