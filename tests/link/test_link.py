"""Links programs with an installed copy, as README's section "Linking" says: its own program and build files, each way, each compiler, into
paths with a space, with warnings as errors.

    test_link.py BUILD "COMPILER" VERSION ISA...

BUILD is a build of the library, by COMPILER, whose objects are taken instead of compiling them again.
"""

import concurrent.futures
import itertools
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import unittest

from consumer import (CMAKE, FOLDER, INSTALL, MESON, ROOT, WARNINGS, build_with_cmake, build_with_pkg_config, configure_with_cmake, flags,
                      program_folder, run, standard_flag)

BUILD, COMPILER, VERSION, ISAS = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
HERE = pathlib.Path(__file__).resolve().parent
STANDARDS = ["20", "23"]
LIBRARY_ONLY = re.match("meson setup build-library (.*)", INSTALL)[1].split()


OPTIONS = {option["name"]: option["value"] for option in json.loads(run("meson", "introspect", "--buildoptions", BUILD))}
IS_RELEASE = OPTIONS["buildtype"] == "release" and not OPTIONS["cpp_args"]


def build_options():
    """What decides the objects of BUILD, so that another build finds them there."""
    return [f"-D{name}={OPTIONS[name]}" for name in ("optimization", "debug", "b_ndebug", "b_lto", "cpp_args")]


def reusing():
    """As CXX: COMPILER, but with the objects of BUILD."""
    return shlex.join([sys.executable, "-B", str(HERE / "reuse_objects.py"), str(BUILD), COMPILER])


def compilers():
    """BUILD's own, and of g++ and clang++ what this machine has. Objects for link-time optimization are for their own compiler only."""
    own = COMPILER.split()[-1]
    others = [] if "-flto" in (BUILD / "compile_commands.json").read_text(encoding="utf-8") else ["g++", "clang++"]
    kinds = {}
    for name in [own, *others]:
        if shutil.which(name):
            kinds.setdefault(run(name, "--version").split("\n")[0].partition(" ")[2], name)  # c++ may be g++
    return list(kinds.values())


def ways():
    return [(compiler, standard) for compiler in COMPILERS for standard in STANDARDS]


def install(name, *options):
    """Builds the library alone and installs it. Gives the prefix."""
    prefix = FOLDER / f"{name} prefix"
    run("meson", "setup", f"{name} library", ROOT, "--prefix", prefix, *LIBRARY_ONLY, *build_options(), *options, CXX=reusing())
    run("meson", "install", "-C", f"{name} library")
    return prefix


def setUpModule():
    global COMPILERS, PREFIX
    missing = [tool for tool in ("meson", "ninja", "pkg-config", "cmake", "nm") if not shutil.which(tool)]
    if missing:
        raise AssertionError(f"missing: {', '.join(missing)}. tools/packages lists what the tests need.")
    unittest.addModuleCleanup(shutil.rmtree, FOLDER)
    COMPILERS = compilers()
    PREFIX = install("static", "-Ddefault_library=static")


def build_as_subproject(folder):
    """By BUILD's compiler, which compiles the library too: another compiler does this in a build of its own."""
    (folder / "subprojects").mkdir()
    (folder / "subprojects/tilewise").symlink_to(ROOT)
    run("meson", "setup", "build", "-Dforce_fallback_for=tilewise", *build_options(), cwd=folder, CXX=reusing())
    run("meson", "compile", "-C", "build", cwd=folder)
    return folder / "build/digits"


class Ways(unittest.TestCase):
    """README's program, each way."""

    def assert_works(self, program, **environment):
        self.assertEqual(run(program, **environment), f"tilewise {VERSION} says 10 numbers\n")

    def test_with_pkg_config(self):
        for compiler, standard in ways():
            with self.subTest(compiler=compiler, standard=standard):
                self.assert_works(build_with_pkg_config(program_folder(f"pkg-config {compiler} {standard}"), PREFIX, compiler, standard))

    def test_with_cmake(self):
        for compiler, standard in ways():
            with self.subTest(compiler=compiler, standard=standard):
                folder = program_folder(f"cmake {compiler} {standard}", CMakeLists_txt=CMAKE)
                self.assert_works(build_with_cmake(folder, PREFIX, compiler, standard))

    def test_as_a_subproject_of_meson(self):
        for standard in STANDARDS:
            with self.subTest(standard=standard):
                arguments = [standard_flag(COMPILERS[0], standard), *WARNINGS]
                added = f"\nadd_project_arguments({arguments}, language: 'cpp')\n"
                folder = program_folder(f"meson {standard}", meson_build=MESON.replace("\n", added, 1))
                self.assert_works(build_as_subproject(folder))
                rules = (folder / "build/build.ninja").read_text(encoding="utf-8")
                self.assertNotRegex(rules, r"tilewise-tests|tilewise-bench|cli/main")

    def test_where_it_was_moved_to(self):
        run("meson", "install", "-C", "static library", "--no-rebuild", "--destdir", FOLDER / "stage")
        moved = FOLDER / "moved here"
        (FOLDER / "stage" / PREFIX.relative_to("/")).rename(moved)
        self.assertTrue(flags(moved, "--cflags")[0].startswith(f"-I{moved}/"))
        self.assert_works(build_with_pkg_config(program_folder("moved pkg-config"), moved, COMPILERS[0], "20"))
        folder = program_folder("moved cmake", CMakeLists_txt=CMAKE)
        self.assert_works(build_with_cmake(folder, moved, COMPILERS[0], "20"))
        self.assertIn(f"{moved}/", (folder / "build/build.ninja").read_text(encoding="utf-8").replace("$ ", " ").replace("\\ ", " "))

    def test_as_a_shared_library(self):
        prefix = install("shared", "-Ddefault_library=shared")
        self.assertFalse(list(prefix.rglob("*.a")))
        library = next(prefix.rglob("libtilewise.so"))
        self.assert_works(build_with_pkg_config(program_folder("shared pkg-config"), prefix, COMPILERS[0], "20"), LD_LIBRARY_PATH=str(library.parent))
        folder = program_folder("shared cmake", CMakeLists_txt=CMAKE)
        self.assert_works(build_with_cmake(folder, prefix, COMPILERS[0], "20"))
        self.assertEqual([word for word in flags(prefix, "--libs") if word.startswith("-l")], ["-ltilewise"])
        run(COMPILERS[0], "-std=c++20", HERE / "everything.cpp", *flags(prefix, "--cflags", "--libs"), "-o", "all of it")
        exported = [line.split(None, 2)[1:] for line in run("nm", "-DC", "--defined-only", library).splitlines()]
        self.assertGreater(len(exported), 100)
        # The standard library's templates are weak, or with LTO strong: for them hidden means nothing.
        strong = r"((vtable|typeinfo|typeinfo name) for )?(std::|tilewise::(?!(eager|io|kernels|ops|plan)::))"
        self.assertEqual([name for kind, name in exported if kind not in "WVu" and not re.match(strong, name)], [])
        # By mangled names: without optimisation, templates of std return and take what is in these namespaces.
        mangled = [line.split()[-1] for line in run("nm", "-D", "--defined-only", library).splitlines()]
        self.assertEqual([name for name in mangled if re.match(r"_Z(GV|T[VTISch])?N[VK]*(8nlohmann|5xsimd|3tbb)", name)], [])


class Installed(unittest.TestCase):
    def test_one_archive_and_what_it_needs(self):
        self.assertEqual([file.name for file in PREFIX.rglob("*.a")], ["libtilewise.a"])
        self.assertEqual({folder.name for folder in PREFIX.iterdir()}, {"include", "lib"})
        for options in (["--libs"], ["--libs", "--static"]):
            libraries = [word for word in flags(PREFIX, *options) if word.startswith("-l")]
            self.assertEqual(libraries[0], "-ltilewise")
            self.assertLessEqual({"-ltbb", "-lz", "-lxxhash"}, set(libraries))
        self.assertEqual(flags(PREFIX, "--modversion"), [VERSION])

    def test_a_program_that_predicts_is_small(self):
        if not IS_RELEASE:
            self.skipTest("no release build")
        for compiler in COMPILERS:
            with self.subTest(compiler=compiler):
                program = program_folder(f"small {compiler}") / "digits"
                run(compiler, "-std=c++20", "-O2", program.with_suffix(".cpp"), *flags(PREFIX, "--cflags", "--libs"), "-s", "-o", program)
                self.assertLess(program.stat().st_size, 3_000_000)

    def test_cmake_takes_a_version_that_fits(self):
        major, minor = (int(part) for part in VERSION.split(".")[:2])
        right = ["", VERSION, f"{major}.{minor}"]
        for wanted in [*right, "0.0.9", f"{major}.{minor + 1}", f"{major + 1}.0"]:
            with self.subTest(wanted=wanted):
                build_file = re.sub(r"tilewise [\d.]+ REQUIRED", f"tilewise {wanted} REQUIRED", CMAKE)
                folder = program_folder(f"version {wanted}", CMakeLists_txt=build_file)
                if wanted in right:
                    configure_with_cmake(folder, PREFIX)
                else:
                    self.assertRaisesRegex(AssertionError, "requested version", configure_with_cmake, folder, PREFIX)

    def test_every_header_alone(self):
        headers = [str(header.relative_to(PREFIX / "include")) for header in sorted((PREFIX / "include").rglob("*.hpp"))]
        self.assertEqual(len(headers), len(list((ROOT / "lib/include").rglob("*.hpp"))))

        def compile_alone(case):
            (compiler, standard), header = case
            file = FOLDER / f"{header} {compiler} {standard}.cpp".replace("/", " ")
            file.write_text(f"#include <{header}>\n", encoding="utf-8")
            run(compiler, standard, *WARNINGS, "-fsyntax-only", *flags(PREFIX, "--cflags"), file)

        standards = [(compiler, standard_flag(compiler, standard)) for compiler, standard in ways()]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(compile_alone, itertools.product(standards, headers)))


class Everything(unittest.TestCase):
    """Nothing registers itself, so nothing is lost when only the archive is named."""

    def test_everything_can_be_reached(self):
        for compiler, standard in ways():
            with self.subTest(compiler=compiler, standard=standard):
                program = FOLDER / f"everything {compiler} {standard}".replace("/", " ")
                run(compiler, standard_flag(compiler, standard), *WARNINGS, HERE / "everything.cpp", *flags(PREFIX, "--cflags", "--libs"), "-o", program)
                symbols = run("nm", "-C", program)
                for isa in ISAS:
                    self.assertIn(f"tilewise::kernels::{isa}_table", symbols)
        found = run(program).split()
        self.assertLessEqual(set(found[:-1]), {"reference", *ISAS})
        self.assertGreaterEqual(len(found), 3, "an ISA beside the reference is there")

    def test_nothing_is_forgotten(self):
        program = (HERE / "everything.cpp").read_text(encoding="utf-8")

        def named(header, pattern):
            text = (ROOT / "lib/include/tilewise" / header).read_text(encoding="utf-8")
            return {name for found in re.findall(pattern, text, re.MULTILINE) for name in re.split(r",\s*", found)}

        names = named("layers.hpp", r"^struct (\w+) : Layer") | named("compile.hpp", r"^using \w+ = std::variant<([^>]*)>")
        names |= named("optimizers.hpp", r"^using \w+ = std::variant<([^>]*)>") | named("learning_rate.hpp", r"std::variant<double, ([^>]*)>")
        for header in (ROOT / "lib/include/tilewise/ops").glob("*.hpp"):
            names |= named(header, r"^void (\w+)\(")
        self.assertGreater(len(names), 50)
        self.assertEqual([name for name in sorted(names) if not re.search(rf"tw::{name}\b", program)], [])


if __name__ == "__main__":
    done = unittest.TextTestRunner(stream=sys.stdout).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    bad = {str(test).split(" [")[0].split(" (")[0] for test, _ in done.failures + done.errors}
    print(f"{max(0, done.testsRun - len(done.skipped) - len(bad))} passed, {len(bad)} failed")
    sys.exit(0 if done.wasSuccessful() else 1)
