#pragma once

#include <string>

/// Files that subcommands write.
namespace tilewise::cli {

/// A file that is written after hours of work must be known to be writable before them. Throws FileError if it is not,
/// naming the option; an empty path is none.
void require_writable(const std::string& path, const char* option);

/// Writes the file as a whole or not at all. Throws FileError.
void write_file(const std::string& path, const std::string& text);

}  // namespace tilewise::cli
