"""The comparison with frameworks runs our own program, without a peer, and prints and writes what it measured.

    test_compare_frameworks.py TILEWISE_BENCH_FASHION_MNIST COMPARE_FRAMEWORKS
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from test_command import write_data

PROGRAM, COMPARE = sys.argv[1:3]
OURS = ["tilewise standard", "tilewise fast", "tilewise strict"]


class Comparison(unittest.TestCase):
    def test_ours_alone(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            write_data(folder)
            run = subprocess.run([sys.executable, COMPARE, "--tilewise", PROGRAM, "--peers", "", "--data", folder, "--rounds", "2",
                                  "--steps", "3", "--batch", "8", "--threads", "2", "--json", folder / "found.json"], capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, run.stderr)
            found = json.loads((folder / "found.json").read_text())
        self.assertEqual(run.stdout.splitlines()[0], "| | " + " | ".join(OURS) + " |")
        self.assertEqual(len(run.stdout.splitlines()), 5)
        self.assertEqual(list(found["medians"]), OURS)
        for figures in found["rounds"].values():
            for name in ("training, us a step", "evaluation, ms", "one image, us"):
                self.assertEqual(len(figures[name]), 2)
                self.assertTrue(all(figure > 0 for figure in figures[name]))

    def test_what_is_not_built_is_named(self):
        run = subprocess.run([sys.executable, COMPARE, "--tilewise", "/nonexistent", "--peers", ""], capture_output=True, text=True)
        self.assertEqual(run.returncode, 1)
        self.assertIn("/nonexistent is not there", run.stderr)


if __name__ == "__main__":
    run = unittest.TextTestRunner(stream=sys.stdout).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    bad = len(run.failures) + len(run.errors)
    print(f"{run.testsRun - bad} passed, {bad} failed")
    sys.exit(bad > 0)
