#include "tilewise/version.hpp"

namespace tilewise {

std::string_view version() noexcept {
  return TILEWISE_VERSION;
}

}  // namespace tilewise
