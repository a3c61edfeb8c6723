#include "machine.hpp"

#include <sys/utsname.h>

#include <fstream>

namespace tilewise::cli {

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    // x86 has the first; some ARM boards have one of the others.
    if (colon != std::string::npos &&
        (line.starts_with("model name") || line.starts_with("Model\t") || line.starts_with("Hardware\t")))
      return line.substr(colon + 2);
  }
  utsname system{};
  return uname(&system) == 0 ? system.machine : "unknown";
}

}  // namespace tilewise::cli
