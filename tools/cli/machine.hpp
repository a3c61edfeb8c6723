#pragma once

#include <string>

namespace tilewise::cli {

/// What the processor calls itself, e.g. "AMD EPYC 7B13"; the architecture's name where the system does not say.
std::string cpu_name();

}  // namespace tilewise::cli
