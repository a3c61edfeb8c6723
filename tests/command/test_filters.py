"""Tests of the example `filters` as its users see it: the table, the pictures, what it refuses.

    test_filters.py EXAMPLE_FILTERS     under an emulator, MESON_EXE_WRAPPER is its command
"""

import os
import pathlib
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

FILTERS = [*shlex.split(os.environ.get("MESON_EXE_WRAPPER", "")), pathlib.Path(sys.argv[1]).resolve()]
NAMES = {"sobel": 3, "laplace": 3, "box3": 3, "gauss3": 3, "box5": 5, "gauss5": 5}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(height, width, pixel):
    """A picture in red, green and blue, pixel(row, column) giving three bytes."""
    rows = b"".join(b"\0" + b"".join(bytes(pixel(row, column)) for column in range(width)) for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def paeth(left, above, corner):
    return min((left, above, corner), key=lambda value: abs(left + above - corner - value))


def read_png(path):
    """Height, width and the rows' bytes, of 8 bits a channel."""
    data, position, packed = path.read_bytes(), 8, b""
    while position < len(data):
        length, kind = struct.unpack(">I4s", data[position:position + 8])
        body = data[position + 8:position + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
        if kind == b"IDAT":
            packed += body
        position += 12 + length
    assert depth == 8
    step = {0: 1, 2: 3}[colour]
    raw, rows = zlib.decompress(packed), []
    above = [0] * (width * step)
    for row in range(height):
        begin = row * (width * step + 1)
        method, line = raw[begin], list(raw[begin + 1:begin + 1 + width * step])
        for i in range(len(line)):
            left, corner = (line[i - step], above[i - step]) if i >= step else (0, 0)
            line[i] = (line[i] + (0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner))[method]) % 256
        rows.append(line)
        above = line
    return height, width, rows


def filters(*arguments):
    return subprocess.run([*FILTERS, *map(str, arguments)], capture_output=True, text=True, timeout=120)


class Filters(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def picture(self, height, width, pixel):
        path = self.folder / "picture.png"
        path.write_bytes(png(height, width, pixel))
        return path

    def assert_refused(self, run, *words):
        """One line that says what was wrong, and exit status 1."""
        self.assertEqual(run.returncode, 1, run)
        self.assertRegex(run.stderr, r"\Afilters: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, run.stderr)

    def test_the_table_has_the_sizes_that_the_pictures_have(self):
        out = self.folder / "new" / "out"
        run = filters("--out", out)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        lines = run.stdout.splitlines()
        self.assertEqual(lines[0], "picture 96 x 128")
        self.assertEqual(len(lines), 2 + 4 * len(NAMES))
        files = {"picture", "grey"}
        for line in lines[2:]:
            name, kernel, padding, stride, result, pooled = re.split(r"  +", line)
            size, stride = NAMES[name], int(stride)
            self.assertEqual(kernel, f"{size} x {size}")
            expected = [-(-extent // stride) if padding == "same" else (extent - size) // stride + 1 for extent in (96, 128)]
            self.assertEqual(result, "{} x {}".format(*expected))
            self.assertEqual(pooled, "{} x {}".format(*(extent // 2 for extent in expected)))
            file = f"{name}-{padding}-stride{stride}"
            self.assertEqual(list(read_png(out / f"{file}.png")[:2]), expected)
            for pool in ("max", "average"):
                self.assertEqual(list(read_png(out / f"{file}-{pool}.png")[:2]), [extent // 2 for extent in expected])
            files |= {file, file + "-max", file + "-average"}
        self.assertEqual({path.stem for path in out.iterdir()}, files)

    def test_nothing_is_written_unless_asked_for(self):
        run = subprocess.run(FILTERS, cwd=self.folder, capture_output=True, text=True, timeout=120)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_one_bright_pixel_becomes_the_kernel(self):
        path = self.picture(9, 11, lambda row, column: [255] * 3 if (row, column) == (4, 5) else [0] * 3)
        out = self.folder / "out"
        self.assertEqual(filters(path, "--out", out).returncode, 0)
        kernels = {"box3": [[1 / 9] * 3] * 3, "gauss3": [[a * b / 16 for a in (1, 2, 1)] for b in (1, 2, 1)],
                   "box5": [[1 / 25] * 5] * 5, "gauss5": [[a * b / 256 for a in (1, 4, 6, 4, 1)] for b in (1, 4, 6, 4, 1)],
                   "laplace": [[0, 1, 0], [1, 1, 1], [0, 1, 0]], "sobel": [[1] * 3, [1, 0, 1], [1] * 3]}
        for name, kernel in kernels.items():
            with self.subTest(name=name):
                half = len(kernel) // 2
                rows = read_png(out / f"{name}-same-stride1.png")[2]
                for row in range(9):
                    for column in range(11):
                        r, c = row - 4 + half, column - 5 + half
                        inside = 0 <= r < len(kernel) and 0 <= c < len(kernel)
                        self.assertAlmostEqual(rows[row][column], 255 * kernel[r][c] if inside else 0, delta=0.6)
        largest = read_png(out / "box3-same-stride1-max.png")[2]
        mean = read_png(out / "box3-same-stride1-average.png")[2]
        self.assertEqual((largest[2][2], mean[2][2]), (28, 28))  # all four pixels of the blur: 255 / 9
        self.assertEqual((largest[1][3], mean[1][3]), (28, 7))   # one of four

    def test_edges_of_a_border_are_the_padding_s(self):
        path = self.picture(8, 8, lambda row, column: [255] * 3)
        out = self.folder / "out"
        self.assertEqual(filters(path, "--out", out).returncode, 0)
        for name in ("sobel", "laplace"):
            self.assertEqual(read_png(out / f"{name}-valid-stride1.png")[2], [[0] * 6] * 6)
            rows = read_png(out / f"{name}-same-stride1.png")[2]
            self.assertEqual(rows[0], [255] * 8)
            self.assertEqual(rows[3], [255] + [0] * 6 + [255])

    def test_what_is_refused(self):
        self.assert_refused(filters(self.folder / "none.png"), "none.png: No such file")
        self.assert_refused(filters(self.folder), str(self.folder))
        good = self.picture(20, 20, lambda row, column: [row * 9, column * 9, 100]).read_bytes()
        huge = good[:16] + struct.pack(">II", 1 << 30, 1 << 30) + good[24:]
        for broken in (b"", b"no picture", good[:30], good[:60], good[:-30], good[:45] + b"\xff" * 20 + good[65:], huge):
            path = self.folder / "broken.png"
            path.write_bytes(broken)
            self.assert_refused(filters(path), "broken.png: ")
        for arguments in (["--out"], ["--colour"], [path, path], [""]):
            self.assert_refused(filters(*arguments), "expected [PICTURE.png] [--out FOLDER]")
        self.assert_refused(filters("--out", path), "broken.png")
        small = self.picture(2, 30, lambda row, column: [0, 0, 0])
        self.assert_refused(filters(small), "conv2d: height: a window of 3 on an image of 2")


if __name__ == "__main__":
    run = unittest.TextTestRunner(stream=sys.stdout).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    bad = {str(test).split(" [")[0].split(" (")[0] for test, _ in run.failures + run.errors}
    print(f"{run.testsRun - len(run.skipped) - len(bad)} passed, {len(bad)} failed")
    sys.exit(0 if run.wasSuccessful() else 1)
