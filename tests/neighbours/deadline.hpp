#pragma once

namespace tilewise::test {

/// What lives longer than this many seconds hangs: the program is aborted, and Catch says in which test. One at a time.
class Deadline {
 public:
  explicit Deadline(unsigned seconds = 120);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
};

}  // namespace tilewise::test
