"""A compiler that takes the library's objects from a build that has them, so that a test can build the library again in seconds.

    reuse_objects.py BUILD "COMPILER" ARGUMENTS...

An object is taken if the same source was compiled there with the same arguments, paths and warnings apart; everything else goes to COMPILER.
"""

import json
import os
import pathlib
import shlex
import shutil
import sys

NAMES_A_FILE = {"-o", "-c", "-MQ", "-MF"}


def meaning(arguments):
    """The arguments that decide what an object holds, and the files that come after -o, -c, ..."""
    flags, files, rest = [], {}, iter(arguments)
    for argument in rest:
        if argument in NAMES_A_FILE:
            files[argument] = next(rest)
        elif not argument.startswith(("-I", "-W", "-fdiagnostics", "-M")):
            flags.append(argument)
    return sorted(flags), files


def object_like(build, compiler, arguments):
    """The build's object that these arguments would give again, and its path by these arguments; or None."""
    flags, files = meaning(arguments)
    if "-c" not in files or "-o" not in files:
        return None
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        if os.path.realpath(build / entry["file"]) != os.path.realpath(files["-c"]):
            continue
        their_flags, their_files = meaning(shlex.split(entry["command"])[len(compiler):])
        if their_flags == flags and (build / their_files["-o"]).exists():
            return build / their_files["-o"], files
    return None


def main():
    build = pathlib.Path(sys.argv[1])
    compiler, arguments = shlex.split(sys.argv[2]), sys.argv[3:]
    found = object_like(build, compiler, arguments)
    if not found:
        os.execvp(compiler[0], compiler + arguments)
    theirs, files = found
    shutil.copyfile(theirs, files["-o"])
    if "-MF" in files:
        pathlib.Path(files["-MF"]).write_text(f"{files['-MQ']}:\n", encoding="utf-8")


if __name__ == "__main__":
    main()
