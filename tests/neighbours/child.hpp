#pragma once

#include <functional>
#include <vector>

namespace tilewise::test {

/// A child of this process, killed if it is not done after half a minute.
class Child {
 public:
  /// Forks. in_child() says which of both this is; the child goes on here.
  Child();
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  bool in_child() const noexcept { return pid_ == 0; }
  /// In the child: says what it computed, and ends it.
  [[noreturn]] void send(const std::vector<float>& result) const;
  /// In the parent: waits for what the child sends. Throws std::runtime_error if it ended in another way.
  std::vector<float> result();

 private:
  int pid_;
  int pipe_;  ///< the end that this process uses
};

/// What `work` returns in a child. Throws std::runtime_error if it threw there, or hangs.
std::vector<float> in_child(const std::function<std::vector<float>()>& work);

}  // namespace tilewise::test
