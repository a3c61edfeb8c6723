"""The comparison with oneDNN runs: every pass at batch 1 on the widest ISA, whose results the program itself checks, and what it writes.

    test_bench_onednn.py TILEWISE_BENCH_ONEDNN     under an emulator, MESON_EXE_WRAPPER is its command
"""

import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import unittest

BENCH = [*shlex.split(os.environ.get("MESON_EXE_WRAPPER", "")), sys.argv[1]]


def run(*arguments):
    return subprocess.run([*BENCH, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class Comparison(unittest.TestCase):
    def test_every_pass_agrees_and_is_written(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "peer.json")
            done = run("--batch", "1", "--rounds", "1", "--json", path)
            self.assertEqual(done.returncode, 0, done.stderr)
            report = json.loads(path.read_text())
        rows = report["rows"]
        self.assertTrue(report["context"]["cpu_model"])
        self.assertEqual(len(rows), len([line for line in done.stdout.splitlines() if line.startswith("| notebook.")]))
        families = {row["name"].split("/")[0] for row in rows}
        for op in ("conv2d", "dense"):
            for name in ("forward", "backward_data", "backward_weights", "backward"):
                self.assertIn(f"{op}_{name}", families)
        self.assertLessEqual({"max_pool2d_forward", "max_pool2d_backward"}, families)
        for row in rows:
            self.assertGreater(row["ratio"], 0)
            self.assertLess(row["relative_rms"], 1e-4)

    def test_bad_arguments_are_refused(self):
        for arguments, said in ((("--isa", "mmx"), "mmx"), (("--rounds", "0"), "--rounds"), (("--filter", "["), "expression"),
                                (("--filter", "nothing is called so"), "nothing is called so")):
            done = run(*arguments)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(said, done.stderr + done.stdout)


if __name__ == "__main__":
    run_of_all = unittest.TextTestRunner(stream=sys.stdout).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    bad = len(run_of_all.failures) + len(run_of_all.errors)
    print(f"{run_of_all.testsRun - bad} passed, {bad} failed")
    sys.exit(0 if run_of_all.wasSuccessful() else 1)
