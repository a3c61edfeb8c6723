"""The rules that the source tree's includes keep: who may see whom (lib/README.md has the map).

A rule is a function from (path, line) to a complaint or None; violations() applies all of them to every include of a tree.
"""

import pathlib
import re

# Rooms from the ground up, and what each may include beside itself. data and io stand beside nn and see neither it nor what it uses.
# eager stands beside nn too, and no room sees it. The umbrella is the header that includes all others.
MAY_INCLUDE = {
    "base": set(),
    "kernels": {"base"},
    "ops": {"kernels", "base"},
    "plan": {"ops", "kernels", "base"},
    "data": {"base"},
    "io": {"base"},
    "eager": {"plan", "ops", "kernels", "base"},
    "nn": {"plan", "ops", "kernels", "base"},
    "train": {"nn", "plan", "ops", "kernels", "base", "data", "io"},
    "umbrella": {"train", "eager", "nn", "plan", "ops", "kernels", "base", "data", "io"},
}
EVERY_ROOM = set(MAY_INCLUDE)
# The room that implements each public header. Whoever may include a room may include its public headers.
ROOM_OF_PUBLIC_HEADER = {
    "error": "base",
    "options": "base",
    "shape": "base",
    "version": "base",
    "view": "base",
    "weights": "base",
    "arithmetic": "ops",
    "isa": "kernels",
    "runtime": "plan",
    "ops": "eager",
    "dataset": "data",
    "initializers": "nn",
    "layers": "nn",
    "compile": "nn",
    "learning_rate": "nn",
    "optimizers": "nn",
    "callbacks": "train",
    "confusion": "train",
    "profile": "train",
    "training": "train",
    "model": "train",
    "tilewise": "umbrella",
}
# ISA files and what they include: no function of the standard library, inline or not, may be compiled with an ISA's flags.
KERNEL_STD_HEADERS = {"cstdint", "cstddef", "type_traits", "utility", "xsimd/xsimd.hpp"}
# Files of lib/kernels that are compiled without an ISA's flags, and may use more of the standard library.
PLAIN_KERNEL_FILES = {"choose_isa.cpp", "cpu.cpp", "cpu.hpp", "reference.cpp", "select.cpp", "select.hpp"}
REFERENCE_STD_HEADERS = KERNEL_STD_HEADERS | {"cmath", "concepts", "limits"}

# And the tests of the library within a program that has TBB tasks of its own.
TBB_FILES = {"lib/plan/parallel.cpp", "tests/neighbours/test_tbb.cpp", "tests/neighbours/first_use.cpp"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')


def room_of(path):
    """The room of a file, by its path from the tree's root; tools, bench and tests are above all rooms."""
    parts = pathlib.PurePosixPath(path).parts
    if parts[:3] == ("lib", "include", "tilewise"):
        return ROOM_OF_PUBLIC_HEADER.get(public_name(parts[3:]), "unknown public header")
    return parts[1] if parts[0] == "lib" else parts[0]


def public_name(parts):
    """What ROOM_OF_PUBLIC_HEADER calls a header: its folder within tilewise/, or else its own name."""
    return parts[0] if len(parts) > 1 else pathlib.PurePosixPath(parts[0]).stem


def complaint_about_room(path, target):
    """Includes point down."""
    room = room_of(path)
    parts = pathlib.PurePosixPath(target).parts
    if len(parts) < 2:
        return None  # a neighbour, in tools/cli and bench
    public = parts[0] == "tilewise"
    target_room = ROOM_OF_PUBLIC_HEADER.get(public_name(parts[1:])) if public else parts[0]
    if target_room is None:
        return f"{target} is a public header without a room: give it one in tests/house/check_includes.py"
    if path.startswith("lib/include/") and not public:
        return f"a public header includes {target}, which is not public"
    if room not in MAY_INCLUDE:
        if room in ("tools", "bench", "tests"):
            return None
        return f"{path} is in no known room: give '{room}' its place in tests/house/check_includes.py"
    if target_room == room or target_room in MAY_INCLUDE[room]:
        return None
    return f"{room} may not include {target}, which is in {target_room}"


def complaint_about_library(path, target):
    """Who may use TBB, xsimd, and in lib/kernels the standard library."""
    if target.startswith(("tbb/", "oneapi/")) and path not in TBB_FILES:
        return f"only {', '.join(sorted(TBB_FILES))} may include {target}"
    if target.startswith("xsimd/") and not path.startswith("lib/kernels/"):
        return f"only lib/kernels may include {target}"
    if path.startswith("lib/include/") and "/" in target and not target.startswith("tilewise/"):
        return f"a public header includes {target}: plain C++20 only"
    if path.startswith("lib/kernels/") and "tilewise" not in target:
        file = pathlib.PurePosixPath(path).name
        is_reference = file == "reference.cpp" or path.startswith("lib/kernels/reference/")
        if is_reference and target not in REFERENCE_STD_HEADERS:
            return f"the reference kernels may not include <{target}>"
        if is_reference:
            return None
        if file not in PLAIN_KERNEL_FILES and target not in KERNEL_STD_HEADERS:
            return f"a kernel may not include <{target}>"
    return None


def complaint_about_example(path, target):
    """A user's program sees the public API only."""
    if path.startswith("tools/examples/") and "/" in target and not target.startswith("tilewise/"):
        return f"an example includes {target}, which is not public"
    return None


def complaints_about(path, line):
    match = INCLUDE.match(line)
    if not match:
        if path.startswith("lib/kernels/") and re.search(r"\bdefault_arch\b", line.split("//")[0]):
            return ["default_arch depends on the compiler's flags: spell the Arch"]
        return []
    quoted, target = match[1] == '"', match[2]
    found = []
    if quoted or target.startswith("tilewise/"):
        found.append(complaint_about_room(path, target))
    if not quoted:
        found.append(complaint_about_library(path, target))
    found.append(complaint_about_example(path, target))
    return [complaint for complaint in found if complaint]


def sources(root):
    for folder in ("lib", "bench", "tests", "tools"):
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in (".cpp", ".hpp", ".inc") and file.is_file():
                yield file


def violations(root):
    """["path:line: what is wrong"] of the tree at `root`, and the number of files that were read."""
    found, files = [], 0
    for file in sources(root):
        files += 1
        path = file.relative_to(root).as_posix()
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            found += [f"{path}:{number}: {complaint}" for complaint in complaints_about(path, line)]
    return found, files
