#include "onednn_api.hpp"

#include <dlfcn.h>
#include <sched.h>

#include <optional>
#include <stdexcept>

namespace tilewise::bench::onednn {

namespace {

std::optional<dnnl::cpu_isa> most_of(Isa isa) {
  switch (isa) {
    case Isa::sse2:
      return dnnl::cpu_isa::sse41;
    case Isa::avx2:
      return dnnl::cpu_isa::avx2;
    case Isa::avx512:
      return dnnl::cpu_isa::avx512_core;
    case Isa::neon64:
    case Isa::reference:
      break;
  }
  return {};
}

void limit_isa(Isa isa) {
  const std::optional<dnnl::cpu_isa> most = most_of(isa);
  const bool limited = most && dnnl::set_max_cpu_isa(*most) == dnnl::status::success;
  // Where nothing wider is there, it need not be.
  if (!limited && isa != available_isas().back())
    throw std::runtime_error("this build of oneDNN cannot be limited to " + std::string(isa_name(isa)));
}

/// OpenMP's own function, of whichever of its libraries oneDNN brought along: linking to one would bring a second.
void limit_openmp() {
  const auto set_threads = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  if (!set_threads) throw std::runtime_error("oneDNN runs on OpenMP, but there is no omp_set_num_threads");
  set_threads(1);
}

/// oneTBB takes as many threads as the process may use CPUs when it starts.
void limit_tbb() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  if (sched_setaffinity(0, sizeof one, &one) != 0) throw std::runtime_error("cannot stay on one CPU");
}

}  // namespace

void limit(Isa isa) {
  limit_isa(isa);
  if (dnnl_version()->cpu_runtime == DNNL_RUNTIME_OMP) limit_openmp();
  if (dnnl_version()->cpu_runtime == DNNL_RUNTIME_TBB) limit_tbb();
}

std::string version() {
  const dnnl_version_t& version = *dnnl_version();
  const char* const runtime = version.cpu_runtime == DNNL_RUNTIME_OMP   ? ", OpenMP"
                              : version.cpu_runtime == DNNL_RUNTIME_TBB ? ", TBB"
                                                                        : "";
  return std::to_string(version.major) + "." + std::to_string(version.minor) + "." + std::to_string(version.patch) +
         runtime;
}

}  // namespace tilewise::bench::onednn
