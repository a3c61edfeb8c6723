// Catch2 2 is a single header: this is the one file that instantiates it. Catch2 3 links its own main.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
