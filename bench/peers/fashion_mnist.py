"""What the peers written in Python share: options, data files, what is measured, and how it is written down.

A peer is an object with
    program             its name and version
    train(steps)        trains for so many batches, shuffled; returns the seconds
    evaluate(images, labels)   classifies all images in batches of options.evaluation_batch; returns the part that is right
    predict_one(image)  classifies one image of shape (1, 28, 28, 1), NHWC
A peer that cannot train has no train().
"""

import argparse
import gzip
import json
import os
import pathlib
import statistics
import time

import numpy as np

FOLDERS = [os.environ.get("TILEWISE_DATA_DIR", ""), "/usr/local/share/datasets", "/usr/share/datasets"]


def read_idx(folder, stem):
    for name in (stem, stem + ".gz"):
        path = folder / name
        if path.exists():
            data = path.read_bytes()
            if data[:2] == b"\x1f\x8b":
                data = gzip.decompress(data)
            rank = data[3]
            shape = np.frombuffer(data, ">u4", rank, 4)
            return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)
    raise SystemExit(f"{folder} has no {stem}")


def load(name_or_folder):
    """Images NHWC from 0 to 1, and labels, of both parts."""
    candidates = [pathlib.Path(folder) / name_or_folder for folder in FOLDERS if folder] + [pathlib.Path(name_or_folder)]
    folder = next((path for path in candidates if path.is_dir()), None)
    if folder is None:
        raise SystemExit(f"found no data set {name_or_folder}")
    return [(read_idx(folder, f"{part}-images-idx3-ubyte").astype(np.float32)[..., np.newaxis] / 255,
             read_idx(folder, f"{part}-labels-idx1-ubyte").astype(np.int64)) for part in ("train", "t10k")]


def options(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--steps", type=int, default=400, help="batches of training that are timed")
    parser.add_argument("--warmup", type=int, default=30, help="batches before them")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--evaluation-batch", type=int, default=256)
    parser.add_argument("--latencies", type=int, default=500, help="single images that are timed")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--json", required=True, help="the file for the figures")
    return parser.parse_args()


def median_latency(predict_one, images, count):
    seconds = []
    for i in range(count + 50):
        image = np.ascontiguousarray(images[i % len(images):][:1])
        begin = time.perf_counter()
        predict_one(image)
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds[50:])


def measure(peer, chosen, test):
    figures = {"program": peer.program}
    if hasattr(peer, "train"):
        peer.train(chosen.warmup)
        figures["training, us a step"] = 1e6 * peer.train(chosen.steps) / chosen.steps
    images, labels = test
    peer.evaluate(images[:2 * chosen.evaluation_batch], labels[:2 * chosen.evaluation_batch])
    begin = time.perf_counter()
    figures["accuracy"] = float(peer.evaluate(images, labels))
    figures["evaluation, ms"] = 1e3 * (time.perf_counter() - begin)
    figures["one image, us"] = 1e6 * median_latency(peer.predict_one, images, chosen.latencies)
    pathlib.Path(chosen.json).write_text(json.dumps(figures))
