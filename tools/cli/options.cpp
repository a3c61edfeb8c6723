#include "options.hpp"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <system_error>

#include "tilewise/runtime.hpp"

namespace tilewise::cli {

namespace {

/// Numbers are parsed here and not by CLI11, which accepts 1e3 and 0x10 for whole ones and says little about what it
/// expected.
template <class T>
bool parse(const std::string& text, T& value) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end;
}

template <class T, class Accept>
CLI::Option* add_number(CLI::App& command, const std::string& name, T& value, const char* type,
                        const std::string& expected, Accept accept, const std::string& help) {
  return command
      .add_option_function<std::string>(
          name,
          [&value, name, expected, accept](const std::string& text) {
            T number{};
            if (!parse(text, number) || !accept(number))
              throw CLI::ValidationError(name, "expected " + expected + ", found '" + text + "'");
            value = number;
          },
          help)
      ->type_name(type);
}

Arithmetic arithmetic_called(const std::string& name) {
  if (name == "strict") return Arithmetic::strict;
  if (name == "standard") return Arithmetic::standard;
  if (name == "fast") return Arithmetic::fast;
  throw CLI::ValidationError("--arithmetic", "expected strict, standard or fast, found '" + name + "'");
}

}  // namespace

CLI::Option* add_integer(CLI::App& command, const std::string& name, std::int64_t& value, std::int64_t minimum,
                         std::int64_t maximum, const std::string& help) {
  const bool open = maximum >= std::numeric_limits<std::int32_t>::max();
  const std::string expected = open ? fmt::format("a whole number from {} up", minimum)
                                    : fmt::format("a whole number from {} to {}", minimum, maximum);
  return add_number(
      command, name, value, "N", expected, [=](std::int64_t n) { return minimum <= n && n <= maximum; }, help);
}

CLI::Option* add_seed(CLI::App& command, const std::string& name, std::uint64_t& value, const std::string& help) {
  return add_number(
      command, name, value, "N", "a whole number from 0 to 2^64 - 1", [](std::uint64_t) { return true; }, help);
}

CLI::Option* add_positive(CLI::App& command, const std::string& name, double& value, const std::string& help) {
  return add_number(
      command, name, value, "X", "a number above 0", [](double x) { return std::isfinite(x) && x > 0; }, help);
}

void ComputeOptions::add_to(CLI::App& command) {
  constexpr std::int64_t most_threads = 1024;
  add_integer(command, "--threads", threads, 1, most_threads,
              "Threads to compute with (default: TILEWISE_THREADS, else what affinity and control groups allow)");
  command
      .add_option("--isa", isa,
                  "Instruction set: reference, sse2, avx2, avx512 or neon64 (default: TILEWISE_ISA, else the widest)")
      ->type_name("NAME");
  command
      .add_option_function<std::string>(
          "--arithmetic", [this](const std::string& name) { arithmetic = arithmetic_called(name); },
          "How exactly convolutions are computed: strict, standard or fast (default: standard)")
      ->type_name("NAME");
  command
      .add_option("--algorithm", algorithm,
                  "How all convolutions are computed that can be: direct, fft8, fft16, winograd2 or winograd7 "
                  "(default: each as is "
                  "expected to be fastest)")
      ->type_name("NAME");
}

void ComputeOptions::apply() const {
  if (threads > 0) set_threads(static_cast<int>(threads));
  if (!isa.empty()) set_isa(require_isa(isa));
}

void DataOptions::add_to(CLI::App& command) {
  command
      .add_option("--data", data,
                  "Data set: fashion-mnist, mnist, or a folder with the four IDX files (default: fashion-mnist)")
      ->type_name("NAME|DIR");
  add_integer(command, "--batch", batch, 1, std::numeric_limits<std::int32_t>::max(),
              "Images in a batch (default: 32)");
  add_integer(command, "--limit", limit, 1, std::numeric_limits<std::int64_t>::max(),
              "Use only the first N images of each set");
}

datasets::TrainTest DataOptions::load() const {
  datasets::TrainTest sets = datasets::load(data);
  for (const std::string& note : sets.notes()) fmt::print(stderr, "note: {}\n", note);
  if (limit > 0) sets = {sets.train.take(limit), sets.test.take(limit)};
  return sets;
}

namespace {

CLI::Option* model_option(CLI::App& command, std::string& path, const std::string& help) {
  return command.add_option("model", path, help)->type_name("FILE.safetensors");
}

}  // namespace

void add_model(CLI::App& command, std::string& path) {
  model_option(command, path, "A model that `tilewise train --save` wrote")->required();
}

void add_optional_model(CLI::App& command, std::string& path) {
  model_option(command, path, "A model that `tilewise train --save` wrote (default: the notebook's network)");
}

}  // namespace tilewise::cli
