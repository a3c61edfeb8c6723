#pragma once

/// At the namespace of the public headers: what they declare is visible outside of a shared library, and nothing else.
#define TILEWISE_API [[gnu::visibility("default")]]
