#!/usr/bin/env python3
"""Writes losses.json, metrics.json, clipping.json, schedules.json and initializers.json: what Keras trains with.

    ~/keras-venv/bin/python tests/golden/make_keras_training.py        (the environment of make_keras_golden.py)

README.md describes the schemas.
"""

from make_keras_golden import keras, np, plain, tf, write

random = np.random.default_rng(20261126)
LABELS = np.array([2, 0, 1, 3])
ONE_HOT = np.eye(4, dtype=np.float32)[LABELS]
# Rows that sum to one, in eighths and sixteenths, and none at Keras's limits of 1e-7 and 1 - 1e-7.
SOFT = np.array([[8, 4, 2, 2], [0, 16, 0, 0], [4, 4, 4, 4], [1, 2, 5, 8]], np.float32) / 16
PROBABILITIES = np.array([[2, 4, 8, 2], [1, 5, 1, 9], [4, 4, 4, 4], [13, 1, 1, 1]], np.float32) / 16
LOGITS = np.array([[0.5, -1.25, 2, 0], [-500, 100, 99, -800], [3, 3, 3, 3], [1e4, -1e4, 9.999e3, 0]], np.float32)


def loss_case(name, kind, options, outputs, truth):
    """The loss of each sample, and the gradient of their mean."""
    x = tf.constant(outputs)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = getattr(keras.losses, kind)(reduction=None, **options)(truth, x)
        # Of an image Keras gives a loss for each place.
        loss = tf.reduce_mean(tf.reshape(loss, (len(outputs), -1)), axis=1)
        mean = tf.reduce_mean(loss)
    truth_field = {"labels": truth.tolist()} if truth.ndim == 1 else {"targets": plain(truth)}
    return {"name": name, "kind": kind, **options, "outputs": plain(outputs), **truth_field, "loss": plain(loss),
            "mean_gradient": plain(tape.gradient(mean, x))}


def losses():
    cases = []
    for outputs, of, from_logits in ((LOGITS, "logits", True), (PROBABILITIES, "probabilities", False)):
        options = {"from_logits": from_logits}
        cases.append(loss_case(f"labels, {of}", "SparseCategoricalCrossentropy", options, outputs, LABELS))
        for truth, which, smoothings in ((ONE_HOT, "one-hot", (0.0, 0.25, 1.0)), (SOFT, "soft", (0.0, 0.25))):
            for smoothing in smoothings:
                cases.append(loss_case(f"{which}, {of}, smoothing {smoothing}", "CategoricalCrossentropy",
                                       {**options, "label_smoothing": smoothing}, outputs, truth))
    for shape in ((3, 5), (2, 2, 3, 2)):
        outputs, targets = (random.integers(-8, 8, size=shape, endpoint=True).astype(np.float32) / 4 for _ in range(2))
        cases.append(loss_case(f"squared error of {shape}", "MeanSquaredError", {}, outputs, targets))
    return cases


def metrics():
    cases = []
    outputs = random.permutation(8 * 7).reshape(8, 7).astype(np.float32) / 64
    labels = random.integers(0, 6, size=8, endpoint=True)
    one_hot = np.eye(7, dtype=np.float32)[labels]
    for k in (1, 2, 3, 7):
        values = keras.metrics.sparse_top_k_categorical_accuracy(labels, outputs, k)
        np.testing.assert_array_equal(values, keras.metrics.top_k_categorical_accuracy(one_hot, outputs, k))
        cases.append({"name": f"top {k}", "kind": "TopKAccuracy", "k": k, "outputs": plain(outputs), "labels": labels.tolist(),
                      "values": plain(values)})
    # Ties: the first of the largest is predicted.
    outputs = random.integers(0, 2, size=(9, 4), endpoint=True).astype(np.float32)
    labels = random.integers(0, 3, size=9, endpoint=True)
    values = keras.metrics.sparse_categorical_accuracy(labels, outputs)
    np.testing.assert_array_equal(values, keras.metrics.categorical_accuracy(np.eye(4)[labels], outputs))
    cases.append({"name": "ties", "kind": "Accuracy", "outputs": plain(outputs), "labels": labels.tolist(), "values": plain(values)})
    return cases


def clipping():
    """What an optimizer sees of the gradients of three variables: SGD of rate 1 moves zeros by it."""
    cases = []
    gradients = [random.integers(-9, 9, size=shape, endpoint=True).astype(np.float32) for shape in ((2, 3), (4,), (1, 5))]
    for option, limits in {"clipvalue": (2.5,), "clipnorm": (6.0, 1000.0), "global_clipnorm": (12.0, 1000.0)}.items():
        for limit in limits:
            variables = [keras.Variable(np.zeros_like(g)) for g in gradients]
            keras.optimizers.SGD(1.0, **{option: limit}).apply([tf.constant(g) for g in gradients], variables)
            cases.append({"name": f"{option} {limit}", option: limit, "gradients": [plain(g) for g in gradients],
                          "clipped": [plain(-v.numpy()) for v in variables]})
    return cases


def rates_of(schedule, steps):
    """The rate that each of an optimizer's first steps takes."""
    optimizer = keras.optimizers.SGD(schedule)
    variable, rates = keras.Variable(np.zeros(1, np.float32)), []
    for _ in range(steps):
        rates.append(float(str(np.float32(optimizer.learning_rate))))
        optimizer.apply([tf.constant(np.ones(1, np.float32))], [variable])
    return rates


def schedules():
    kinds = keras.optimizers.schedules
    cases = []
    for initial, every, factor in ((0.5, 3, 0.5), (0.01, 1, 0.96), (1.0, 4, 1.0)):
        made = kinds.ExponentialDecay(initial, every, factor, staircase=True)
        cases.append({"kind": "StepDecay", "initial": initial, "every_steps": every, "factor": factor, "rates": rates_of(made, 10)})
    for initial, steps, alpha, warmup in ((0.5, 8, 0.0, 0), (0.5, 8, 0.25, 0), (0.5, 6, 0.0, 4), (0.1, 5, 0.5, 3), (0.1, 1, 0.1, 1)):
        warm = {"initial_learning_rate": 0.0, "warmup_target": initial, "warmup_steps": warmup} if warmup else {
            "initial_learning_rate": initial}
        made = kinds.CosineDecay(decay_steps=steps, alpha=alpha, **warm)
        cases.append({"kind": "CosineDecay", "initial": initial, "steps": steps, "alpha": alpha, "warmup_steps": warmup,
                      "rates": rates_of(made, warmup + steps + 3)})
    return [{"name": " ".join(str(v) for k, v in case.items() if k != "rates"), **case} for case in cases]


def initializers():
    """Of many draws, so that what is left of chance is 0.2%."""
    cases = []
    for kind in ("GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal"):
        for shape in ((3, 3, 16, 32), (5, 3, 4, 8), (60, 20)):
            draws = [np.asarray(getattr(keras.initializers, kind)(seed=seed)(shape)) for seed in range(2**18 // int(np.prod(shape)))]
            values = np.stack(draws).astype(np.float64)
            cases.append({"name": f"{kind} of {shape}", "initializer": "".join("_" * c.isupper() + c.lower() for c in kind)[1:],
                          "shape": list(shape), "deviation": float(f"{values.std():.4g}"),
                          "largest": float(f"{abs(values).max():.4g}")})
    return cases


def main():
    made_by = "make_keras_training.py"
    write("losses.json", losses(), made_by)
    write("metrics.json", metrics(), made_by)
    write("clipping.json", clipping(), made_by)
    write("schedules.json", schedules(), made_by)
    write("initializers.json", initializers(), made_by)


if __name__ == "__main__":
    main()
