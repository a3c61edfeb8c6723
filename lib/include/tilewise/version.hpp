#pragma once

#include <string_view>

#include "tilewise/api.hpp"

namespace TILEWISE_API tilewise {

/// The version of the library that is linked, "0.1.0".
std::string_view version() noexcept;

}  // namespace tilewise
