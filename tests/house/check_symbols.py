"""What an ISA's archive may hold. Code that was compiled for an ISA must not be what the linker picks for everybody: an inline function of the
standard library, weak, once compiled with -mavx512f, crashes an older CPU. So nothing in an ISA's archive is global but its table, what
is weak carries the ISA's Arch in its name, and nothing runs before main().
"""

import re
import subprocess

# How the Arch of each ISA looks in a demangled name.
ARCH = {"sse2": "xsimd::sse2", "avx2": "xsimd::fma3<xsimd::avx2>", "avx512": "xsimd::avx512", "neon64": "xsimd::neon64"}
# xsimd 13 has a plain function for each NEON instruction, on its vectors alone. Those need no more than any 64-bit ARM has, and neon64 is
# compiled with no more: a copy that the linker picks for others runs everywhere.
OF_BASELINE = {"neon64": re.compile(r"xsimd::kernel::\w+::\w+\(__\w+x\d+_t(, __\w+x\d+_t)*\)")}
# What compilers call on their own, and position-independent code needs.
MAY_CALL = {"memcpy", "memset", "memmove", "memcmp", "_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail"}

SYMBOL = re.compile(r"^[0-9a-f]*\s+([A-Za-z]) (.+)$")
SECTION = re.compile(r"^\s*\[\s*\d+\]\s+(\S+)\s+\S+\s+[0-9a-f]+\s+[0-9a-f]+\s+([0-9a-f]+)")


def complaints_about_symbols(isa, nm_output):
    """`nm_output` is what `nm -C` says of the archive."""
    found, tables = [], 0
    for line in nm_output.splitlines():
        match = SYMBOL.match(line)
        if not match:
            continue
        kind, name = match[1], match[2]
        if kind == "U":
            if name not in MAY_CALL:
                found.append(f"{isa}: calls {name}, which is not its own")
        elif kind in "WwVvu":
            if ARCH[isa] not in name and not (isa in OF_BASELINE and OF_BASELINE[isa].fullmatch(name)):
                found.append(f"{isa}: weak, without the Arch in its name: {name}")
        elif kind == "i":
            found.append(f"{isa}: chosen by the loader, which runs before main(): {name}")
        elif kind.isupper():
            if name == f"tilewise::kernels::{isa}_table":
                tables += 1
            else:
                found.append(f"{isa}: global: {name}")
    if tables != 1:
        found.append(f"{isa}: found {tables} tables called tilewise::kernels::{isa}_table, expected one")
    return found


def complaints_about_sections(isa, readelf_output):
    """`readelf_output` is what `readelf -SW` says of the archive."""
    found = []
    for line in readelf_output.splitlines():
        match = SECTION.match(line)
        if not match:
            continue
        name, size = match[1], int(match[2], 16)
        if name.startswith((".preinit_array", ".init_array", ".ctors")):
            found.append(f"{isa}: {name}: something runs before main()")
        if name.startswith((".fini_array", ".dtors")):
            found.append(f"{isa}: {name}: something runs after main()")
        if size and re.match(r"\.(t?bss|t?data)($|\.(?!rel\.ro))", name):
            found.append(f"{isa}: {name} has {size} bytes: a kernel keeps something")
    return found


def complaints(isa, archive):
    def output(*command):
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    return complaints_about_symbols(isa, output("nm", "-C", archive)) + complaints_about_sections(isa, output("readelf", "-SW", archive))
