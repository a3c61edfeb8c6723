#pragma once

#include <string_view>

#pragma GCC visibility push(default)
namespace tilewise {

/// The version of the library that is linked, "0.1.0".
std::string_view version() noexcept;

}  // namespace tilewise
#pragma GCC visibility pop
