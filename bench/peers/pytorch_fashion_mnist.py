#!/usr/bin/env python3
"""Times the notebook's network in PyTorch: same layers, initialisation, batch, threads and data files as ours.

Needs PyTorch and NumPy: Debian's python3-torch (then run it with /usr/bin/python3), or pip's. Images are in memory, channels last, and a
batch is one gather. TILEWISE_PEER_COMPILED=1 has torch.compile compile the model and its backward pass, which takes a C++ compiler.
"""

import os
import time

import fashion_mnist
import numpy as np
import torch
from torch import nn


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


def to_torch(images):
    """A view: NHWC in memory is what PyTorch calls channels last."""
    return torch.from_numpy(images).permute(0, 3, 1, 2)


class PyTorch:
    def __init__(self, options, train):
        torch.set_num_threads(options.threads)
        torch.manual_seed(0)
        self.options = options
        self.images, self.labels = to_torch(train[0]), torch.from_numpy(train[1])
        self.model = network()
        self.loss_of = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3, eps=1e-7)
        compiled = bool(os.environ.get("TILEWISE_PEER_COMPILED"))
        self.run = torch.compile(self.model) if compiled else self.model
        self.program = f"PyTorch {torch.__version__.split('+')[0]}" + (" compiled" if compiled else "")

    def train(self, steps):
        self.model.train()
        order = torch.randperm(len(self.labels))
        begin = time.perf_counter()
        for step in range(steps):
            first = step * self.options.batch % (len(order) - self.options.batch + 1)
            picked = order[first:first + self.options.batch]
            self.optimizer.zero_grad(set_to_none=True)
            loss = self.loss_of(self.run(self.images[picked]), self.labels[picked])
            loss.backward()
            self.optimizer.step()
            loss.item()  # ours knows the mean loss after each step, too
        return time.perf_counter() - begin

    def evaluate(self, images, labels):
        self.model.eval()
        batch = self.options.evaluation_batch
        with torch.inference_mode():
            found = [self.run(to_torch(images[i:i + batch])).argmax(1).numpy() for i in range(0, len(labels), batch)]
        return np.mean(np.concatenate(found) == labels)

    def predict_one(self, image):
        with torch.inference_mode():
            return self.run(to_torch(image)).numpy()


if __name__ == "__main__":
    chosen = fashion_mnist.options(__doc__)
    data = fashion_mnist.load(chosen.data)
    fashion_mnist.measure(PyTorch(chosen, data[0]), chosen, data[1])
