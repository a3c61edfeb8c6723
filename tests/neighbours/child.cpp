#include "neighbours/child.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

namespace tilewise::test {

namespace {

constexpr unsigned seconds_to_live = 30;

void write_all(int file, const void* data, std::size_t bytes) {
  const char* next = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = write(file, next, bytes);
    if (written <= 0) _exit(2);
    next += written;
    bytes -= static_cast<std::size_t>(written);
  }
}

std::string read_all(int file) {
  std::string all;
  char part[4096];
  for (ssize_t got; (got = read(file, part, sizeof part)) > 0;) all.append(part, static_cast<std::size_t>(got));
  return all;
}

}  // namespace

Child::Child() {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("no child");
  pipe_ = ends[in_child() ? 1 : 0];
  close(ends[in_child() ? 0 : 1]);
  if (in_child()) {
    for (int signal : {SIGALRM, SIGABRT, SIGSEGV}) std::signal(signal, SIG_DFL);  // without Catch's report
    alarm(seconds_to_live);
  }
}

Child::~Child() {
  if (in_child()) _exit(3);  // an exception: nothing of the parent's may be finished here
  close(pipe_);
  if (pid_ > 0) waitpid(pid_, nullptr, 0);
}

void Child::send(const std::vector<float>& result) const {
  write_all(pipe_, result.data(), result.size() * sizeof(float));
  _exit(0);
}

std::vector<float> Child::result() {
  const std::string bytes = read_all(pipe_);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  if (WIFSIGNALED(status))
    throw std::runtime_error(WTERMSIG(status) == SIGALRM
                                 ? "the child hangs"
                                 : "the child was killed by signal " + std::to_string(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) throw std::runtime_error("the child says: " + bytes);
  std::vector<float> result(bytes.size() / sizeof(float));
  bytes.copy(reinterpret_cast<char*>(result.data()), result.size() * sizeof(float));
  return result;
}

std::vector<float> in_child(const std::function<std::vector<float>()>& work) {
  Child child;
  if (!child.in_child()) return child.result();
  try {
    child.send(work());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "in the child: %s\n", error.what());
    _exit(1);
  }
}

}  // namespace tilewise::test
