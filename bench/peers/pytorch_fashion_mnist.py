#!/usr/bin/env python3
"""Trains the notebook's network with PyTorch, as a measure for ours: same layers, initialisation, batch, threads and data files.

    bench/peers/pytorch_fashion_mnist.py --threads 2 --epochs 1

Needs PyTorch and NumPy: Debian's python3-torch (then run it with /usr/bin/python3), or pip's. The seconds are those of training
alone, as in `tilewise train --history`; reading the files and testing are apart. The images are in memory, and a batch is one gather.
"""

import argparse
import gzip
import json
import os
import pathlib
import time

try:
    import numpy as np
    import torch
    from torch import nn
except ImportError as error:
    raise SystemExit(f"this Python lacks PyTorch or NumPy ({error}); Debian's are in /usr/bin/python3 after apt-get install python3-torch")

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
    candidates = [pathlib.Path(folder) / name_or_folder for folder in FOLDERS if folder] + [pathlib.Path(name_or_folder)]
    folder = next((path for path in candidates if path.is_dir()), None)
    if folder is None:
        raise SystemExit(f"found no data set {name_or_folder}")
    sets = []
    for part in ("train", "t10k"):
        images = torch.from_numpy(read_idx(folder, f"{part}-images-idx3-ubyte").astype(np.float32) / 255).unsqueeze(1)
        labels = torch.from_numpy(read_idx(folder, f"{part}-labels-idx1-ubyte").astype(np.int64))
        sets.append((images.contiguous(memory_format=torch.channels_last), labels))
    return sets


def network():
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Linear(7 * 7 * 128, 128), nn.ReLU(), nn.Linear(128, 10),
    )
    for layer in model:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):  # Keras's initialisers
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return model.to(memory_format=torch.channels_last)


def accuracy(model, images, labels, batch):
    model.eval()
    with torch.no_grad():
        right = sum(int((model(images[i:i + batch]).argmax(1) == labels[i:i + batch]).sum()) for i in range(0, len(labels), batch))
    return right / len(labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--steps", type=int, help="stop an epoch after so many batches")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--limit", type=int, help="only the first so many images of each set")
    parser.add_argument("--json", help="write the epochs' figures to this file")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    (images, labels), test = load(options.data)
    images, labels = images[:options.limit], labels[:options.limit]
    test = tuple(part[:options.limit] for part in test)
    model, loss_of = network(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=options.lr, eps=1e-7)
    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads, batch {options.batch}", flush=True)

    epochs = []
    for epoch in range(1, options.epochs + 1):
        model.train()
        total, seen = 0.0, 0
        begin = time.perf_counter()
        for picked in torch.randperm(len(labels)).split(options.batch)[:options.steps]:
            batch = images[picked].contiguous(memory_format=torch.channels_last)
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(model(batch), labels[picked])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(picked)
            seen += len(picked)
        seconds = time.perf_counter() - begin
        record = {"epoch": epoch, "loss": total / seen, "val_accuracy": accuracy(model, *test, options.batch), "seconds": seconds,
                  "images_per_second": seen / seconds}
        epochs.append(record)
        print(f"epoch {epoch}/{options.epochs}  loss {record['loss']:.4f}  val_accuracy {record['val_accuracy']:.4f}  {seconds:.1f} s  "
              f"{record['images_per_second']:.0f} images/s", flush=True)
    print(f"test accuracy {epochs[-1]['val_accuracy']:.4f}")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"threads": options.threads, "epochs": epochs}))


if __name__ == "__main__":
    main()
