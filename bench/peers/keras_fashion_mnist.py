#!/usr/bin/env python3
"""Times the notebook's network in Keras on TensorFlow: same layers, batch, threads and data files as ours. Needs keras and tensorflow."""

import os
import time

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import fashion_mnist
import keras
import numpy as np
import tensorflow as tf
from keras import layers


class Keras:
    def __init__(self, options, train):
        tf.config.threading.set_intra_op_parallelism_threads(options.threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        keras.utils.set_random_seed(0)
        self.options = options
        self.model = keras.Sequential([
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, padding="same", activation="relu"), layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"), layers.MaxPooling2D(),
            layers.Conv2D(128, 3, padding="same", activation="relu"), layers.Flatten(),
            layers.Dense(128, activation="relu"), layers.Dense(10, activation="softmax"),
        ])
        self.model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        self.batches = tf.data.Dataset.from_tensor_slices(train).shuffle(10_000).repeat().batch(options.batch).prefetch(2)
        self.infer = tf.function(lambda images: self.model(images, training=False))
        self.program = f"Keras {keras.__version__}"

    def train(self, steps):
        start = {}

        class FromTheFirst(keras.callbacks.Callback):  # filling the shuffle buffer is no step
            def on_train_batch_begin(self, batch, logs=None):
                start.setdefault("seconds", time.perf_counter())

        self.model.fit(self.batches, steps_per_epoch=steps, epochs=1, verbose=0, callbacks=[FromTheFirst()])
        return time.perf_counter() - start["seconds"]

    def evaluate(self, images, labels):
        batch = self.options.evaluation_batch
        found = [np.argmax(self.infer(images[i:i + batch]), axis=1) for i in range(0, len(labels), batch)]
        return np.mean(np.concatenate(found) == labels)

    def predict_one(self, image):
        return self.infer(image).numpy()


if __name__ == "__main__":
    chosen = fashion_mnist.options(__doc__)
    data = fashion_mnist.load(chosen.data)
    fashion_mnist.measure(Keras(chosen, data[0]), chosen, data[1])
