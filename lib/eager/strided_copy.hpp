#pragma once

#include "tilewise/view.hpp"

namespace tilewise::eager {

/// Copies the elements of a view, of `element_bytes` (1, 4) each, into dense memory, in one lane or in `lanes`.
void gather(const Layout& layout, std::int64_t element_bytes, const void* from, void* dense, int lanes);

/// The other way round. The layout is nested: lanes write apart.
void scatter(const Layout& layout, std::int64_t element_bytes, const void* dense, void* to, int lanes);

}  // namespace tilewise::eager
