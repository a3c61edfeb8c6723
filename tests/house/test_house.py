"""Tests of the source tree and of the built archives.

    test_house.py ROOT [ISA=ARCHIVE...]     the archives of a release build; without them only the tree is read

CXX is the compiler that made the archives.
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

import check_includes
import check_symbols

ROOT = pathlib.Path(sys.argv[1])
ARCHIVES = dict(argument.split("=", 1) for argument in sys.argv[2:])
COMPILER = shlex.split(os.environ.get("CXX", "c++"))


class Includes(unittest.TestCase):
    def test_the_tree_keeps_the_rules(self):
        found, files = check_includes.violations(ROOT)
        self.assertGreater(files, 50, "too few files: is this the source tree?")
        self.assertFalse(found, "\n" + "\n".join(found))

    def test_every_public_header_is_in_the_umbrella(self):
        folder = ROOT / "lib/include/tilewise"
        umbrella = (folder / "tilewise.hpp").read_text(encoding="utf-8")
        for header in sorted(folder.glob("*.hpp")):
            if header.name != "tilewise.hpp":
                self.assertIn(f'"tilewise/{header.name}"', umbrella)

    def test_a_shared_library_shows_every_public_header(self):
        shown = re.compile(r"^#pragma GCC visibility push\(default\)\n(///.*\n)*namespace tilewise {\n.*^}  // namespace tilewise\n"
                           r"#pragma GCC visibility pop\n\Z", re.DOTALL | re.MULTILINE)
        for header in sorted((ROOT / "lib/include").rglob("*.hpp")):
            text = header.read_text(encoding="utf-8")
            if "namespace tilewise {" in text:
                self.assertRegex(text, shown, header)

    def test_a_planted_violation_is_found(self):
        planted = {
            ("lib/kernels/conv.hpp", '#include "ops/conv2d.hpp"'): "kernels may not include ops/conv2d.hpp",
            ("lib/ops/conv2d.cpp", '#include "plan/graph.hpp"'): "ops may not include",
            ("lib/ops/conv2d.cpp", '  #  include "tilewise/model.hpp"'): "ops may not include",
            ("lib/nn/dense.cpp", '#include "data/idx.hpp"'): "nn may not include",
            ("lib/nn/dense.cpp", "#include <tilewise/model.hpp>"): "nn may not include",
            ("lib/nn/dense.cpp", '#include "eager/one_op.hpp"'): "nn may not include",
            ("lib/train/fit.cpp", '#include "tilewise/ops.hpp"'): "train may not include",
            ("lib/train/fit.cpp", '#include "tilewise/tilewise.hpp"'): "train may not include",
            ("lib/eager/conv2d.cpp", '#include "nn/layer.hpp"'): "eager may not include",
            ("lib/data/idx.cpp", '#include "kernels/kernels.hpp"'): "data may not include",
            ("lib/io/onnx.cpp", '#include "nn/layer.hpp"'): "io may not include",
            ("lib/include/tilewise/shape.hpp", '#include "tilewise/model.hpp"'): "base may not include",
            ("lib/include/tilewise/shape.hpp", '#include "base/checked.hpp"'): "not public",
            ("lib/include/tilewise/shape.hpp", "#include <nlohmann/json.hpp>"): "plain C++20 only",
            ("lib/include/tilewise/new.hpp", '#include "tilewise/shape.hpp"'): "no known room",
            ("lib/attic/old.cpp", '#include "base/checked.hpp"'): "no known room",
            ("lib/plan/run.cpp", "#include <tbb/task_arena.h>"): "may include tbb/task_arena.h",
            ("lib/ops/conv2d.cpp", "#include <oneapi/tbb/task_arena.h>"): "may include oneapi",
            ("lib/ops/conv2d.cpp", "#include <xsimd/xsimd.hpp>"): "only lib/kernels may include",
            ("lib/kernels/gemm.hpp", "#include <vector>"): "a kernel may not include <vector>",
            ("lib/kernels/isa/avx2.cpp", "#include <algorithm>"): "a kernel may not include",
            ("lib/kernels/reference.cpp", "#include <vector>"): "reference kernels may not include",
            ("lib/kernels/gemm.hpp", "using Arch = xsimd::default_arch;"): "spell the Arch",
            ("tools/examples/own.cpp", '#include "plan/graph.hpp"'): "an example includes",
        }
        for (path, line), expected in planted.items():
            with self.subTest(path=path, line=line):
                complaints = check_includes.complaints_about(path, line)
                self.assertTrue(any(expected in complaint for complaint in complaints), complaints)

    def test_what_is_allowed_passes(self):
        allowed = [
            ("lib/plan/run.cpp", '#include "ops/op.hpp"'),
            ("lib/eager/conv2d.cpp", '#include "plan/plan.hpp"'),
            ("lib/include/tilewise/tilewise.hpp", '#include "tilewise/ops.hpp"'),
            ("lib/plan/parallel.cpp", "#include <tbb/task_arena.h>"),
            ("lib/kernels/select.cpp", "#include <array>"),
            ("lib/kernels/simd.hpp", "#include <xsimd/xsimd.hpp>"),
            ("lib/train/fit.cpp", '#include "io/safetensors.hpp"'),
            ("tools/cli/train.cpp", '#include "io/atomic_file.hpp"'),
            ("lib/ops/conv2d.cpp", '// #include "plan/graph.hpp"'),
        ]
        for path, line in allowed:
            with self.subTest(path=path, line=line):
                self.assertEqual(check_includes.complaints_about(path, line), [])


class Lists(unittest.TestCase):
    """What is not in its list is never run, and nobody notices."""

    def setUp(self):
        self.build = (ROOT / "tests/meson.build").read_text(encoding="utf-8")

    def test_every_test_file_is_in_the_list(self):
        for file in sorted((ROOT / "tests").rglob("test_*.cpp")):
            self.assertIn(f"'{file.relative_to(ROOT / 'tests').as_posix()}'", self.build)

    def test_every_room_of_tests_is_run(self):
        rooms = re.search(r"test_rooms = \[(.*?)\]", self.build, re.DOTALL)[1]
        for file in sorted((ROOT / "tests").rglob("test_*.cpp")):
            for tag in re.findall(r'TEST_CASE(?:_METHOD)?\([^\n]*?"\[(\w+)\]', file.read_text(encoding="utf-8")):
                self.assertIn(f"'{tag}'", rooms, f"{file}: no `meson test` runs the tag [{tag}]")

    def test_every_op_draws_cases(self):
        cases = "".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "tests/ops").glob("*_cases.cpp")))
        kinds = []
        for header in sorted((ROOT / "lib/ops").glob("*.hpp")):
            kinds += re.findall(r'kind\(\) const noexcept override \{ return "(\w+)"', header.read_text(encoding="utf-8"))
        self.assertGreater(len(kinds), 50, "too few kinds: has their form changed?")
        # No reference kernels have transforms: test_transform_conv2d.cpp runs what a plan makes of them.
        for of_transforms in ("weight_slices", "transform_rows"):
            self.assertIn(of_transforms, kinds)
            kinds.remove(of_transforms)
        for kind in kinds:
            self.assertIn(f'{{"{kind}", draw_', cases, "an op without cases is in no row of the test plan")

    def test_every_layer_and_loss_draws_cases(self):
        cases = (ROOT / "tests/nn/layer_cases.cpp").read_text(encoding="utf-8")
        kinds = []
        for header in sorted((ROOT / "lib/nn").glob("*.hpp")):
            kinds += re.findall(r'class_name = "(\w+)"', header.read_text(encoding="utf-8"))
        self.assertEqual(len(kinds), (ROOT / "lib/nn/registry.cpp").read_text(encoding="utf-8").count("    entry<"))
        losses = re.search(r"using Loss = std::variant<(.*?)>", (ROOT / "lib/include/tilewise/compile.hpp").read_text(encoding="utf-8"), re.DOTALL)
        for kind in kinds + re.findall(r"\w+", losses[1]):
            self.assertIn(f'{{"{kind}", draw_', cases, "its gradients are not checked")

    def test_every_source_is_in_the_list(self):
        build = (ROOT / "lib/meson.build").read_text(encoding="utf-8")
        for file in sorted((ROOT / "lib").rglob("*.cpp")):
            if file.parent.name != "isa":
                self.assertIn(f"'{file.relative_to(ROOT / 'lib').as_posix()}'", build)


class Symbols(unittest.TestCase):
    def test_the_archives_keep_the_rules(self):
        if not ARCHIVES:
            self.skipTest("no release build")
        for isa, archive in ARCHIVES.items():
            with self.subTest(isa=isa):
                found = check_symbols.complaints(isa, archive)
                self.assertFalse(found, "\n" + "\n".join(found))

    def test_a_planted_violation_is_found(self):
        table = "0000000000000000 R tilewise::kernels::avx2_table\n"
        planted = {
            "0000000000000000 W float std::max<float>(float const&, float const&)\n": "weak",
            "0000000000000000 V vtable for Something\n": "weak",
            "0000000000000000 T tilewise::kernels::helper()\n": "global",
            "                 U std::__throw_length_error(char const*)\n": "calls",
            "0000000000000000 u Something::state\n": "weak",
            "0000000000000000 i (anonymous namespace)::kernel()\n": "chosen by the loader",
            "0000000000000000 R tilewise::kernels::avx2_table\n": "found 2 tables",
        }
        for line, expected in planted.items():
            with self.subTest(line=line):
                self.assertIn(expected, "\n".join(check_symbols.complaints_about_symbols("avx2", table + line)))
        fine = table + "0000000000000000 W void gemm<xsimd::fma3<xsimd::avx2> >()\n                 U memcpy\n0000000000000000 t local()\n"
        self.assertEqual(check_symbols.complaints_about_symbols("avx2", fine), [])

    def test_only_neon64_may_hold_functions_of_the_baseline(self):
        def complaints(isa, name):
            lines = f"0000000000000000 R tilewise::kernels::{isa}_table\n0000000000000000 W {name}\n"
            return check_symbols.complaints_about_symbols(isa, lines)

        fine = "xsimd::kernel::wrap::vbslq_f32(__Uint32x4_t, __Float32x4_t, __Float32x4_t)"
        self.assertEqual(complaints("neon64", fine), [])
        for isa, name in (("avx2", fine), ("neon64", "xsimd::fma(float, float, float)"), ("neon64", "xsimd::kernel::wrap::of(std::pair<int, int>)"),
                          ("neon64", f"std::pair<int, int> of<{fine}>()")):
            with self.subTest(isa=isa, name=name):
                self.assertIn("weak", "\n".join(complaints(isa, name)))

    def test_what_the_compiler_makes_of_a_planted_violation_is_found(self):
        if not ARCHIVES:
            self.skipTest("no release build")
        isa = sorted(ARCHIVES)[0]
        planted = {
            "inline int twice(int x) { return 2 * x; } int (*of())(int) { return twice; }": "weak, without the Arch in its name: twice(int)",
            "template <class T> struct S { static T value; }; template <class T> T S<T>::value = 1; int* of() { return &S<int>::value; }":
                "weak, without the Arch in its name: S<int>::value",
            "struct S { virtual int f() { return 1; } }; int of(S* s) { S own; return own.f() + s->f(); } S* a() { return new S; }":
                "weak, without the Arch in its name: vtable for S",
            "#include <vector>\nvoid of(std::vector<int>& v) { v.push_back(1); }": "calls std::__throw_length_error",
            "int make(); static int made = make(); int* of() { return &made; }": "something runs before main()",
            "__attribute__((constructor)) static void early() { __asm__ volatile(\"\"); }": "something runs before main()",
            "__attribute__((destructor)) static void late() { __asm__ volatile(\"\"); }": "something runs after main()",
            "int* of() { static int calls; return &calls; }": "a kernel keeps something",
            "int* of() { static thread_local int calls; return &calls; }": "a kernel keeps something",
            "double of(double x) { return __builtin_sin(x); }": "calls sin",
            "int of() { return 1; }": "global: of()",
        }
        with tempfile.TemporaryDirectory() as folder:
            compiled = pathlib.Path(folder, "planted.o")
            for source, expected in planted.items():
                with self.subTest(source=source):
                    subprocess.run([*COMPILER, "-std=c++20", "-O3", "-fPIC", "-x", "c++", "-c", "-o", compiled, "-"], input=source, text=True,
                                   check=True)
                    self.assertIn(expected, "\n".join(check_symbols.complaints(isa, compiled)))

    def test_a_planted_section_is_found(self):
        header = "  [ 3] .init_array       INIT_ARRAY      0000000000000000 009a97 000008 08  WA  0   0  8"
        self.assertTrue(check_symbols.complaints_about_sections("avx2", header))
        state = "  [ 4] .bss              NOBITS          0000000000000000 009a97 000040 00  WA  0   0  1"
        self.assertTrue(check_symbols.complaints_about_sections("avx2", state))
        table = "  [ 5] .data.rel.ro.local PROGBITS        0000000000000000 009aa0 000168 00  WA  0   0 32"
        self.assertEqual(check_symbols.complaints_about_sections("avx2", table), [])


if __name__ == "__main__":
    run = unittest.TextTestRunner(stream=sys.stdout).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    # One that has several failing subtests is one failed test.
    bad = {str(test).split(" [")[0].split(" (")[0] for test, _ in run.failures + run.errors}
    print(f"{run.testsRun - len(run.skipped) - len(bad)} passed, {len(bad)} failed")
    sys.exit(0 if run.wasSuccessful() else 1)
