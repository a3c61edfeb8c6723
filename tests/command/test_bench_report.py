"""Tests of bench/report on written figures.

    test_bench_report.py BENCH_REPORT
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

REPORT = sys.argv[1]


def benchmark(name, **more):
    return {"name": name, "run_name": name, "run_type": "iteration", "real_time": 1.0, **more}


def bench(*results, cpu="Some CPU"):
    return {"context": {"cpu_model": cpu}, "benchmarks": list(results)}


def peer(*rows, cpu="Some CPU"):
    return {"context": {"cpu_model": cpu, "peer": "oneDNN 3.7.2"}, "rows": list(rows)}


def peer_row(name, ratio, **more):
    return {"name": name, "ratio": ratio, "theirs_layout": "blocked", "ours_percent": 90.0, "theirs_percent": 80.4, **more}


CONV = "conv2d_forward/avx2/{}/notebook.conv2+pool/b32/t1"
POOL = "max_pool2d_backward/avx2/direct/notebook.pool1/b32/t1"


class Report(unittest.TestCase):
    def report(self, *files):
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for number, figures in enumerate(files):
                paths.append(pathlib.Path(folder, f"{number}.json"))
                paths[-1].write_text(json.dumps(figures))
            return subprocess.run([sys.executable, "-B", REPORT, *paths], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def lines(self, *files):
        done = self.report(*files)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()

    def test_algorithms_are_columns(self):
        figures = bench(benchmark(CONV.format("direct"), peak_percent=99.6), benchmark(CONV.format("fft16"), peak_percent=340.2),
                        benchmark(POOL, GBps=24.69), benchmark("fma_peak/avx2", GFLOPS=100.0))
        self.assertEqual(self.lines(figures), [
            'notebook, batch 32, avx2 on 1 thread of "Some CPU": percent of the FMA peak', "",
            "| layer | pass | direct | fft16 |", "|---|---|---|---|",
            "| conv2+pool | forward | 100 | 340 |", "| pool1 | backward | 24.7 GB/s |  |"])

    def test_a_peer_adds_its_column_and_the_ratio_to_our_best(self):
        figures = bench(benchmark(CONV.format("direct"), peak_percent=99.6))
        rows = peer(peer_row(CONV.format("direct"), 1.1), peer_row(CONV.format("fft16"), 3.456, ours_percent=340.0))
        self.assertEqual(self.lines(figures, rows)[2:], [
            "| layer | pass | direct | fft16 | oneDNN 3.7.2 | theirs / ours |", "|---|---|---|---|---|---|",
            "| conv2+pool | forward | 100 | 340 | 80 (blocked) | 3.46 |"])

    def test_a_table_for_each_isa_batch_and_number_of_threads(self):
        names = [f"conv2d_forward/{rest}" for rest in ("avx2/direct/notebook.conv3/b32/t1", "avx2/direct/notebook.conv3/b32/t2",
                                                       "avx2/direct/notebook.conv3/b1/t1", "avx512/direct/notebook.conv3/b1/t1")]
        captions = [line for line in self.lines(bench(*(benchmark(name, peak_percent=1.0) for name in names))) if "CPU" in line]
        self.assertEqual(len(set(captions)), 4)
        self.assertIn("2 threads", captions[1])

    def test_of_repetitions_the_median_counts(self):
        runs = [benchmark(CONV.format("direct"), peak_percent=percent) for percent in (10.0, 90.0, 91.0)]
        mean = benchmark(CONV.format("direct"), peak_percent=63.0) | {"run_type": "aggregate"}
        self.assertIn("| conv2+pool | forward | 90 |", self.lines(bench(*runs, mean)))

    def test_what_cannot_be_a_table_is_refused(self):
        figures = bench(benchmark(CONV.format("direct"), peak_percent=99.6))
        for files, said in (((figures, peer(cpu="Another CPU")), "Another CPU"), (({"other": 1},), "neither"),
                            ((bench(benchmark("fma_peak/avx2", GFLOPS=1.0)),), "no figure")):
            done = self.report(*files)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    run = unittest.TextTestRunner(stream=sys.stdout).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    bad = len(run.failures) + len(run.errors)
    print(f"{run.testsRun - bad} passed, {bad} failed")
    sys.exit(0 if run.wasSuccessful() else 1)
