#!/usr/bin/env python3
"""Writes conv2d, pooling, classification, optimizers and training.json: what Keras computes.

    python3 -m venv ~/keras-venv && ~/keras-venv/bin/pip install tensorflow-cpu
    ~/keras-venv/bin/python tests/golden/make_keras_golden.py

Only the values matter, not the run: the files are committed and the tests never call Python. README.md describes their schema.
Inputs are small integers wherever the result is then exact in float32; where it is not, the tests allow a rounding.
"""

import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# TensorFlow's own kernels: oneDNN's max-pool does not say which of equal values gets the gradient.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

FOLDER = pathlib.Path(__file__).parent
random = np.random.default_rng(20240607)


def integers(low, high, shape):
    return random.integers(low, high, size=shape, endpoint=True).astype(np.float32)


def plain(array):
    """{shape, values}: the shortest decimals that give the same float32 again."""
    array = np.asarray(array, dtype=np.float32)
    values = [int(x) if abs(x) < 2**24 and x == int(x) else float(str(x)) for x in array.ravel()]
    return {"shape": list(array.shape), "values": values}


def write(name, cases, made_by="make_keras_golden.py"):
    head = {"made_by": made_by, "keras": keras.__version__, "tensorflow": tf.__version__}
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    text = json.dumps(head)[:-1] + ', "cases": [\n' + lines + "\n]}\n"
    (FOLDER / name).write_text(text)
    print(f"{name}: {len(cases)} cases, {len(text)} bytes")


def convolutions():
    cases = []
    # (height, width, kernel, strides): even and odd sizes meet even and odd kernels at strides 1 to 3.
    geometries = [
        (5, 5, (3, 3), (1, 1)), (6, 4, (3, 3), (1, 1)), (4, 5, (2, 2), (1, 1)), (5, 6, (1, 1), (1, 1)),
        (5, 5, (3, 3), (2, 2)), (6, 6, (3, 3), (2, 2)), (7, 4, (2, 2), (2, 2)), (5, 6, (2, 3), (2, 1)),
        (7, 7, (3, 3), (3, 3)), (8, 6, (3, 3), (3, 3)), (6, 7, (2, 2), (3, 3)), (7, 6, (1, 1), (3, 2)),
        (7, 5, (5, 4), (2, 3)), (6, 5, (4, 5), (1, 2)),
    ]
    for height, width, kernel_size, strides in geometries:
        for padding in ("valid", "same"):
            x = tf.constant(integers(-4, 4, (2, height, width, 2)))
            layer = keras.layers.Conv2D(3, kernel_size, strides=strides, padding=padding)
            layer.build(x.shape)
            layer.set_weights([integers(-3, 3, layer.kernel.shape), integers(-5, 5, (3,))])
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = layer(x)
                out_gradient = tf.constant(integers(-3, 3, y.shape))
                total = tf.reduce_sum(y * out_gradient)
            kernel, bias = layer.trainable_variables
            dx, dw, db = tape.gradient(total, [x, kernel.value, bias.value])
            cases.append({
                "name": f"{height}x{width} kernel {kernel_size[0]}x{kernel_size[1]} strides {strides[0]}x{strides[1]} {padding}",
                "strides": list(strides), "padding": padding,
                "x": plain(x), "kernel": plain(kernel), "bias": plain(bias), "y": plain(y),
                "out_gradient": plain(out_gradient),
                "x_gradient": plain(dx), "kernel_gradient": plain(dw), "bias_gradient": plain(db),
            })
    return cases


def pooling():
    cases = []
    # (height, width, window, strides): odd sizes leave windows that are partly in the padding, or rows that no window reaches;
    # strides below the window overlap, strides above it skip.
    geometries = [
        (4, 6, (2, 2), (2, 2)), (5, 5, (2, 2), (2, 2)), (7, 5, (2, 2), (2, 2)), (7, 7, (3, 3), (2, 2)),
        (5, 6, (3, 3), (1, 1)), (8, 7, (3, 2), (3, 2)), (7, 8, (2, 3), (3, 3)), (6, 5, (3, 3), (3, 3)),
    ]
    for kind in ("max", "average"):
        make = keras.layers.MaxPool2D if kind == "max" else keras.layers.AveragePooling2D
        for height, width, window, strides in geometries:
            for padding in ("valid", "same"):
                # Few different values, so that ties are common; all negative in some, so that a zero from the padding would win.
                low, high = (-3, -1) if (height + width) % 2 else (-2, 2)
                x = tf.constant(integers(low, high, (2, height, width, 2)))
                layer = make(window, strides=strides, padding=padding)
                with tf.GradientTape() as tape:
                    tape.watch(x)
                    y = layer(x)
                    out_gradient = tf.constant(integers(-4, 4, y.shape))
                    total = tf.reduce_sum(y * out_gradient)
                cases.append({
                    "name": f"{kind} {height}x{width} window {window[0]}x{window[1]} strides {strides[0]}x{strides[1]} {padding}",
                    "kind": kind, "window": list(window), "strides": list(strides), "padding": padding,
                    "x": plain(x), "y": plain(y), "out_gradient": plain(out_gradient),
                    "x_gradient": plain(tape.gradient(total, x)),
                })
    return cases


def classification():
    cases = []
    logits_of = {
        "small": np.array([[0.5, -1.25, 2.0, 0.0], [-0.75, 0.25, 0.25, 1.5], [3.0, 3.0, 3.0, 3.0]]),
        "hundreds": np.array([[100.0, -100.0, 99.0, 0.0], [-500.0, -501.0, -502.0, -800.0], [700.0, 0.0, -700.0, 699.5]]),
        "1e4 and above": np.array([[1e4, -1e4, 9.999e3, 0.0], [1e38, -1e38, 5e37, 0.0], [-2e5, -2e5, -2.00001e5, -3e5]]),
        "one class": np.array([[2.5], [-3.0]]),
    }
    for name, values in logits_of.items():
        logits = tf.constant(values.astype(np.float32))
        labels = np.array([2, 1, 0][: len(values)]) % values.shape[1]
        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=None)(labels, logits)
            mean = tf.reduce_mean(loss)
        cases.append({
            "name": "logits, " + name, "from_logits": True, "labels": labels.tolist(), "outputs": plain(logits),
            "softmax": plain(keras.activations.softmax(logits)), "loss": plain(loss),
            "mean_gradient": plain(tape.gradient(mean, logits)),
            "accuracy": plain(keras.metrics.sparse_categorical_accuracy(labels, logits)),
        })
    # Rows sum to one; the labels' probabilities reach 0 and 1, where Keras clips to [1e-7, 1 - 1e-7]. Keras also divides by the
    # clipped row's sum, which moves the loss by 1e-7 a class at most: the tests allow for it.
    probabilities = np.array([
        [0.1, 0.2, 0.3, 0.4], [0.0, 0.5, 0.25, 0.25], [1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25], [0.0, 0.0, 0.0, 1.0],
        [0.5, 0.5, 1e-8, 0.0], [0.5, 0.5, 1e-6, 0.0],
    ], dtype=np.float32)
    labels = np.array([3, 0, 0, 1, 1, 2, 2])
    loss = keras.losses.SparseCategoricalCrossentropy(reduction=None)(labels, tf.constant(probabilities))
    cases.append({
        "name": "probabilities", "from_logits": False, "labels": labels.tolist(), "outputs": plain(probabilities), "loss": plain(loss),
        "accuracy": plain(keras.metrics.sparse_categorical_accuracy(labels, probabilities)),
    })
    return cases


def optimizer_case(kind, options, draw):
    """Ten steps of seven variables."""
    count, steps = 7, 10
    optimizer = getattr(keras.optimizers, KERAS_OPTIMIZERS[kind])(**options)
    variable = keras.Variable(np.array([1, -1, 0.5, 0, 2, -0.25, 3], np.float32))
    start, gradients, after = plain(variable), [], []
    for _ in range(steps):
        # From 1e-4 to 100, one that is always zero, and one that is tiny beside epsilon.
        gradient = (draw(-9, 9, (count,)) * np.array([1, 0.01, 10, 0, 1e-4, 1e-8, 0.5])).astype(np.float32)
        optimizer.apply([tf.constant(gradient)], [variable])
        gradients.append(plain(gradient)["values"])
        after.append(plain(variable)["values"])
    config = optimizer.get_config()
    used = {key: float(config[key]) for key in ("learning_rate", "beta_1", "beta_2", "epsilon") if key in config}
    used["learning_rate"] = options.get("learning_rate", 0.01 if kind == "sgd" else 0.001)
    return {"name": f"{kind} {options or 'defaults'}", "kind": kind, "defaults": not options, **used,
            **{key: value for key, value in options.items() if key not in used},
            "start": start["values"], "gradients": gradients, "after": after}


KERAS_OPTIMIZERS = {"adam": "Adam", "sgd": "SGD", "adamw": "AdamW", "rmsprop": "RMSprop"}


def optimizers():
    options_of = {
        "adam": [{}, {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3},
                 {"learning_rate": 0.25, "beta_1": 0.0, "beta_2": 0.5, "epsilon": 0.125}],
        "sgd": [{}, {"learning_rate": 0.125}],
    }
    return [optimizer_case(kind, options, integers) for kind in options_of for options in options_of[kind]]


def more_optimizers():
    """Drawn apart, so that the cases that came before them stay as they are."""
    own_random = np.random.default_rng(7)

    def draw(low, high, shape):
        return own_random.integers(low, high, size=shape, endpoint=True).astype(np.float32)

    options_of = {
        "adam": [{"learning_rate": 0.125, "weight_decay": 0.5}],
        "adamw": [{}, {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3, "weight_decay": 0.25}],
        "sgd": [{"learning_rate": 0.125, "weight_decay": 0.5}, {"momentum": 0.9},
                {"learning_rate": 0.125, "momentum": 0.5, "nesterov": True},
                {"learning_rate": 0.125, "momentum": 0.75, "nesterov": True, "weight_decay": 0.25}],
        "rmsprop": [{}, {"learning_rate": 0.01, "rho": 0.5, "epsilon": 1e-3}, {"learning_rate": 0.01, "momentum": 0.75},
                    {"learning_rate": 0.01, "centered": True, "epsilon": 1e-2},
                    {"learning_rate": 0.01, "rho": 0.75, "momentum": 0.5, "centered": True, "epsilon": 1e-2,
                     "weight_decay": 0.5}],
    }
    clipped = {
        "adam": [{"clipnorm": 2.0}],
        "sgd": [{"learning_rate": 0.125, "clipvalue": 0.5}, {"learning_rate": 0.125, "clipnorm": 8.0},
                {"learning_rate": 0.125, "global_clipnorm": 8.0, "weight_decay": 0.25}],
    }
    for kind, more in clipped.items():
        options_of[kind] += more
    return [optimizer_case(kind, options, draw) for kind in options_of for options in options_of[kind]]


def training():
    """A small network over three epochs, the last batch short, nothing shuffled: the whole of fit()."""
    cases = []
    samples = integers(0, 8, (7, 6, 5, 1)) / 8
    labels = np.array([0, 2, 1, 1, 0, 2, 2])
    for kind in ("adam", "sgd"):
        layers = [
            keras.layers.Conv2D(3, (3, 3), padding="same", activation="relu", name="conv"),
            keras.layers.MaxPool2D(name="pool"),
            keras.layers.Flatten(name="flatten"),
            keras.layers.Dense(3, activation="softmax", name="dense"),
        ]
        model = keras.Sequential([keras.Input((6, 5, 1))] + layers)
        start = [integers(-8, 8, w.shape) / 16 for w in model.get_weights()]
        model.set_weights(start)
        optimizer = keras.optimizers.Adam(0.01) if kind == "adam" else keras.optimizers.SGD(0.1)
        model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
        data = tf.data.Dataset.from_tensor_slices((samples, labels)).batch(3)
        history = model.fit(data, validation_data=data, epochs=3, verbose=0).history
        names = [f"{layer.name}/{part}" for layer in (layers[0], layers[3]) for part in ("kernel", "bias")]
        cases.append({
            "name": kind, "learning_rate": 0.01 if kind == "adam" else 0.1, "batch": 3, "epochs": 3,
            "samples": plain(samples), "labels": labels.tolist(),
            "weights": [{"name": n, **plain(w)} for n, w in zip(names, start)],
            "trained": [{"name": n, **plain(w)} for n, w in zip(names, model.get_weights())],
            "history": {key: [round(float(v), 7) for v in values] for key, values in history.items()},
            "predictions": plain(model.predict(samples, verbose=0)),
        })
    return cases


def main():
    write("conv2d.json", convolutions())
    write("pooling.json", pooling())
    write("classification.json", classification())
    write("optimizers.json", optimizers() + more_optimizers())
    write("training.json", training())


if __name__ == "__main__":
    main()
