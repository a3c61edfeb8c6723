"""Tests of the `tilewise` command as its users see it: output, exit status, files.

    test_command.py TILEWISE     under an emulator, MESON_EXE_WRAPPER is its command
"""

import fcntl
import gzip
import json
import os
import pathlib
import pty
import random
import re
import select
import shlex
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

TILEWISE = [*shlex.split(os.environ.get("MESON_EXE_WRAPPER", "")), sys.argv[1]]
CLASSES, SIDE = 10, 8
# An emulator of AVX2 takes half a second for an image.
TRAIN, TEST = (48, 8) if os.environ.get("TILEWISE_TEST_SCALE") == "short" else (256, 64)


def write_idx(path, dimensions, values):
    header = struct.pack(">HBB", 0, 8, len(dimensions)) + b"".join(struct.pack(">I", n) for n in dimensions)
    with gzip.open(path, "wb") as file:
        file.write(header + bytes(values))


def write_data(folder, train=TRAIN, test=TEST):
    """Images of one bright row or column each, by class: learnt within an epoch or two."""
    generator = random.Random(7)
    for name, count in (("train", train), ("t10k", test)):
        pixels, labels = [], []
        for _ in range(count):
            label = generator.randrange(CLASSES)
            image = [generator.randrange(60) for _ in range(SIDE * SIDE)]
            for i in range(SIDE):
                image[label * SIDE + i if label < SIDE else i * SIDE + label - SIDE] = 255
            pixels += image
            labels.append(label)
        write_idx(folder / f"{name}-images-idx3-ubyte.gz", (count, SIDE, SIDE), pixels)
        write_idx(folder / f"{name}-labels-idx1-ubyte.gz", (count,), labels)


def tilewise(*arguments, environment=None):
    return subprocess.run([*TILEWISE, *map(str, arguments)], capture_output=True, text=True, timeout=300,
                          env={**os.environ, **(environment or {})})


class Command(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.data = cls.folder / "data"
        cls.data.mkdir()
        write_data(cls.data)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def assert_refused(self, run, *words):
        """One line that says what was expected, and exit status 2."""
        self.assertEqual(run.returncode, 2, run)
        self.assertEqual(run.stdout, "")
        self.assertRegex(run.stderr, r"\Atilewise: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, run.stderr)

    def test_version_and_help(self):
        run = tilewise("--version")
        self.assertEqual(run.returncode, 0)
        self.assertRegex(run.stdout, r"^tilewise \d+\.\d+\.\d+\n$")
        for arguments in (["--help"], ["train", "--help"], ["evaluate", "--help"], ["profile", "--help"], ["summary", "--help"], ["doctor", "--help"]):
            run = tilewise(*arguments)
            self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_wrong_options(self):
        wrong = {
            (): "expected a command: train",
            ("fly",): "fly",
            ("train", "--epoch", "3"): "--epoch",
            ("train", "--epochs"): "--epochs",
            ("train", "--epochs", "0"): "--epochs: expected a whole number from 1",
            ("train", "--epochs", "-3"): "--epochs",
            ("train", "--epochs", "many"): "found 'many'",
            ("train", "--epochs", "1.5"): "found '1.5'",
            ("train", "--epochs", "99999999999999999999"): "found '99999999999999999999'",
            ("train", "--batch", "0"): "--batch: expected",
            ("train", "--lr", "0"): "--lr: expected a number above 0",
            ("train", "--lr", "nan"): "--lr: expected",
            ("train", "--lr", "inf"): "--lr: expected",
            ("train", "--lr", "0.1x"): "found '0.1x'",
            ("train", "--seed", "-1"): "--seed",
            ("train", "--threads", "0"): "from 1 to 1024",
            ("train", "--threads", "1025"): "from 1 to 1024",
            ("train", "--limit", "0"): "--limit: expected",
            ("train", "--isa", "mmx"): "mmx",
            ("train", "--arithmetic", "exact"): "--arithmetic: expected strict, standard or fast, found 'exact'",
            ("train", "--algorithm", "fft9"): "no algorithm is called 'fft9'; expected one of direct, fft8, fft16, winograd2, winograd7",
            ("train", "rest"): "rest",
            ("profile", "--steps", "0"): "--steps: expected a whole number from 1 to 100000",
            ("evaluate",): "model",
            ("summary",): "model",
        }
        for arguments, expected in wrong.items():
            with self.subTest(arguments=arguments):
                self.assert_refused(tilewise(*arguments), expected)

    def test_missing_and_broken_files(self):
        self.assert_refused(tilewise("train", "--data", self.folder / "none"), "none")
        self.assert_refused(tilewise("train", "--data", self.folder), "train-images-idx3-ubyte")
        self.assert_refused(tilewise("evaluate", self.folder / "none.safetensors"), "none.safetensors")
        broken = self.folder / "broken.safetensors"
        broken.write_bytes(b"\xff" * 100)
        self.assert_refused(tilewise("summary", broken), "broken.safetensors")
        self.assert_refused(tilewise("evaluate", broken, "--data", self.data), "broken.safetensors")

    def test_outputs_are_checked_before_training(self):
        for option in ("--save", "--history"):
            for path in (self.folder / "no" / "such" / "folder", self.folder, "/dev/null"):
                with self.subTest(option=option, path=path):
                    begin = time.monotonic()
                    self.assert_refused(tilewise("train", "--data", self.data, "--epochs", 100000, option, path), str(path))
                    self.assertLess(time.monotonic() - begin, 10)
        self.assert_refused(tilewise("profile", "--data", self.data, "--trace", self.folder), str(self.folder))
        same = self.folder / "same"
        self.assert_refused(tilewise("train", "--data", self.data, "--save", same, "--history", same), "same")
        self.assertFalse(same.exists())

    def test_train_evaluate_summary(self):
        history, model = self.folder / "history.json", self.folder / "model.safetensors"
        run = tilewise("train", "--data", self.data, "--epochs", 3, "--batch", 24, "--seed", 5, "--threads", 2, "--lr", 0.003,
                       "--history", history, "--save", model)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        lines = run.stdout.splitlines()
        self.assertEqual(len(lines), 4, run.stdout)
        self.assertFalse(re.search(r"[\x00-\x09\x0b-\x1f\x7f]", run.stdout), "control characters")
        number = r"\d+\.\d+"
        for epoch, line in enumerate(lines[:3], start=1):
            self.assertRegex(line, rf"^epoch {epoch}/3  loss {number}  accuracy {number}  val_loss {number}  val_accuracy {number}  "
                                   rf"{number} s  \d+ images/s$")
        self.assertRegex(lines[3], r"^test accuracy [01]\.\d{4}$")

        written = json.loads(history.read_text())
        self.assertEqual((written["seed"], written["threads"]), (5, 2))
        self.assertTrue(written["cpu"] and written["isa"])
        self.assertEqual([epoch["epoch"] for epoch in written["epochs"]], [1, 2, 3])
        for epoch in written["epochs"]:
            self.assertEqual(set(epoch), {"epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds", "images_per_second"})
            self.assertGreater(epoch["seconds"], 0)
        self.assertLess(written["epochs"][2]["loss"], written["epochs"][0]["loss"])
        self.assertEqual(f"test accuracy {written['epochs'][2]['val_accuracy']:.4f}", lines[3])

        run = tilewise("evaluate", model, "--data", self.data)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertEqual(run.stdout.splitlines()[-1], lines[3])
        run = tilewise("summary", model)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertIn("conv2d_2", run.stdout)
        # What stood there is replaced as a whole, and no temporary file is left.
        self.assertEqual([path.name for path in self.folder.glob("*.tmp*")], [])

        again = tilewise("train", "--data", self.data, "--epochs", 3, "--batch", 24, "--seed", 5, "--threads", 1, "--lr", 0.003)
        without_times = [re.sub(r"  \S+ s  \d+ images/s$", "", line) for line in lines]
        self.assertEqual([re.sub(r"  \S+ s  \d+ images/s$", "", line) for line in again.stdout.splitlines()], without_times)

    def test_dump_plan(self):
        run = tilewise("train", "--data", self.data, "--dump-plan")
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        for word in ("conv2d", "max_pool2d", "adam_update", "arena"):
            self.assertIn(word, run.stdout)
        self.assertNotIn("accuracy 0.", run.stdout)

    def test_profile(self):
        model, trace = self.folder / "profiled.safetensors", self.folder / "trace.json"
        run = tilewise("train", "--data", self.data, "--epochs", 1, "--save", model)
        self.assertEqual(run.returncode, 0, run)
        options = ["--data", self.data, "--batch", 8, "--steps", 3, "--threads", 2]
        run = tilewise("profile", *options)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        for word in ("steps of training of 8 images, 2 threads", "conv2d_backward", "adam_update", "% peak", "waiting", "between"):
            self.assertIn(word, run.stdout)
        run = tilewise("profile", model, "--json", "--trace", trace, *options)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        found = json.loads(run.stdout)
        self.assertEqual((found["batch"], found["runs"], found["threads"], found["training"]), (8, 3, 2, True))
        parts = sum(step["seconds"] for step in found["steps"]) + found["waiting_seconds"] + found["outside_seconds"]
        self.assertAlmostEqual(parts, found["seconds"], places=9)
        events = json.loads(trace.read_text())["traceEvents"]
        spans = [event for event in events if event["ph"] == "X"]
        self.assertEqual({event["tid"] for event in events}, {0, 1})
        self.assertTrue({"conv2d_1 conv2d_backward", "optimizer adam_update"} <= {span["name"] for span in spans})
        self.assertTrue(all(span["ts"] >= 0 and span["dur"] >= 0 for span in spans))
        run = tilewise("profile", model, "--inference", *options)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertIn("predictions of 8 images", run.stdout)
        self.assertNotIn("backward", run.stdout)
        self.assert_refused(tilewise("profile", "--data", self.data, "--batch", 1000), "1000")

    def test_interrupt(self):
        history, model = self.folder / "interrupted.json", self.folder / "interrupted.safetensors"
        process = subprocess.Popen([*TILEWISE, "train", "--data", str(self.data), "--epochs", "100000", "--history", str(history), "--save", str(model)],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertIn("epoch", process.stdout.readline())
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertLess(time.monotonic() - begin, 60 if len(TILEWISE) > 1 else 5)  # a batch: seconds under an emulator
        self.assertRegex(errors, r"\Atilewise: interrupted[^\n]*\n\Z")
        self.assertFalse(history.exists() or model.exists())

    def test_on_a_terminal(self):
        try:
            for descriptor in pty.openpty():
                os.close(descriptor)
        except OSError as error:  # a container without /dev/pts
            self.skipTest(str(error))
        for width in (100, 40, 12):
            with self.subTest(width=width):
                main, terminal = pty.openpty()
                fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
                process = subprocess.Popen([*TILEWISE, "train", "--data", str(self.data), "--epochs", "2"], stdout=terminal, stderr=terminal,
                                           env={**os.environ, "TERM": "xterm"})
                os.close(terminal)
                shown = b""
                while select.select([main], [], [], 60)[0]:
                    try:
                        shown += os.read(main, 65536)
                    except OSError:  # the other end is closed
                        break
                os.close(main)
                self.assertEqual(process.wait(timeout=60), 0)
                text = shown.decode().replace("\r\n", "\n")
                live = [line for part in text.split("\n") for line in part.split("\r\x1b[K")[1:-1]]
                self.assertTrue(live)
                for line in live:
                    self.assertLess(len(line), width)
                # What stays on the screen: after the last erasure of each line.
                final = [part.split("\r\x1b[K")[-1] for part in text.split("\n")]
                self.assertEqual([re.split(r"  ", line)[0] for line in final[:2]], ["epoch 1/2", "epoch 2/2"])
                self.assertRegex(final[2], r"^test accuracy [01]\.\d{4}$")

    def test_doctor(self):
        run = tilewise("doctor", "--json", environment={"TILEWISE_THREADS": "3", "TILEWISE_ISA": "reference"})
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        found = json.loads(run.stdout)
        self.assertEqual((found["threads"]["value"], found["isa"]["value"]), (3, "reference"))
        self.assertEqual(set(found["fma_peak_gflops"]), set(found["isas"]) - {"reference"})
        self.assertIn("fashion-mnist", [entry["name"] for entry in found["data_sets"]])
        run = tilewise("doctor")
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertIn("FMA peak", run.stdout)
        run = tilewise("doctor", environment={"TILEWISE_THREADS": "none"})
        self.assertEqual(run.returncode, 2)
        self.assertIn("PROBLEM", run.stdout)
        self.assertIn("TILEWISE_THREADS", run.stdout)


if __name__ == "__main__":
    run = unittest.TextTestRunner(stream=sys.stdout).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    bad = {str(test).split(" [")[0].split(" (")[0] for test, _ in run.failures + run.errors}
    print(f"{run.testsRun - len(run.skipped) - len(bad)} passed, {len(bad)} failed")
    sys.exit(0 if run.wasSuccessful() else 1)
