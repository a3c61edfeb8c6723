#!/usr/bin/env python3
"""Writes keras_layers.json and merging.json: what Keras's layers compute. README.md describes the schema.

    ~/keras-venv/bin/python tests/golden/make_keras_layers.py        (the environment of make_keras_golden.py)

A case's `config` is what Keras's constructor was given, so that the same words must mean the same here.
"""

from make_keras_golden import keras, np, plain, tf, write

random = np.random.default_rng(20261125)


def integers(low, high, shape):
    return random.integers(low, high, size=shape, endpoint=True).astype(np.float32)


def distinct(shape):
    """Which of equal values wins is another story."""
    return random.permutation(int(np.prod(shape))).reshape(shape).astype(np.float32)


def run(layer, inputs, weights, training):
    """y, its gradient, and the gradients of inputs and weights that follow from it."""
    with tf.GradientTape() as tape:
        for x in inputs:
            tape.watch(x)
        y = layer(inputs if len(inputs) > 1 else inputs[0], training=training)
        out_gradient = tf.constant(integers(-3, 3, y.shape))
        total = tf.reduce_sum(y * out_gradient)
    gradients = tape.gradient(total, [*inputs, *[w.value for w in weights]])
    return y, out_gradient, gradients[: len(inputs)], gradients[len(inputs):]


def case(name, kind, config, x, weights=(), exact=True, training=True):
    """One layer. weights: (name, value) in Keras's order, the trained ones first."""
    # Keras has sides in pairs.
    sides = config.get("padding")
    own = {**config, "padding": ((sides[0], sides[1]), (sides[2], sides[3]))} if isinstance(sides, list) else config
    layer = getattr(keras.layers, kind)(**own)
    layer.build(x.shape)
    layer.set_weights([value for _, value in weights])
    trained = layer.trainable_variables
    y, out_gradient, (x_gradient,), gradients = run(layer, [tf.constant(x)], trained, training)
    statistics = layer.non_trainable_variables if training else []
    return {
        "name": name, "kind": kind, "config": config, "exact": exact,
        "x": plain(x), "y": plain(y), "out_gradient": plain(out_gradient),
        # Without gradients: that is what tells inference.
        "x_gradient": plain(x_gradient) if training else None,
        "weights": [{"name": n, **plain(w)} for n, w in weights],
        "weight_gradients": [{"name": w.name, **plain(g)} for w, g in zip(trained, gradients)] if training else [],
        "after": [{"name": w.name, **plain(w)} for w in statistics if w.name.startswith("moving")],
    }


def convolutions():
    cases = []
    # (height, width, in, filters, kernel, strides, padding, dilation, groups); Keras has no strides beside dilation.
    geometries = [
        (7, 8, 2, 3, (3, 3), 1, "same", (2, 2), 1), (8, 7, 2, 3, (2, 3), 1, "same", (3, 1), 1),
        (9, 7, 1, 2, (3, 2), 1, "valid", (2, 3), 1), (5, 5, 2, 2, (3, 3), 1, "same", (4, 4), 1),
        (6, 5, 4, 6, (3, 3), 1, "same", (1, 1), 2), (7, 6, 6, 3, (2, 2), 2, "same", (1, 1), 3),
        (6, 7, 3, 3, (3, 3), 2, "valid", (1, 1), 3), (8, 7, 4, 4, (3, 2), 1, "same", (2, 2), 4),
    ]
    for height, width, channels, filters, kernel, strides, padding, dilation, groups in geometries:
        config = {"filters": filters, "kernel_size": kernel, "strides": [strides, strides], "padding": padding,
                  "dilation_rate": dilation, "groups": groups}
        weights = [("kernel", integers(-3, 3, (*kernel, channels // groups, filters))), ("bias", integers(-5, 5, (filters,)))]
        cases.append(case(
            f"{height}x{width}x{channels} to {filters}, kernel {kernel}, strides {strides}, {padding}, dilation {dilation}, "
            f"groups {groups}", "Conv2D", config, integers(-4, 4, (1, height, width, channels)), weights))
    return cases


def normalizations():
    cases = []
    for name, config in {"defaults": {}, "half": {"momentum": 0.5, "epsilon": 0.01},
                         "plain": {"center": False, "scale": False}}.items():
        trained = [] if name == "plain" else [("gamma", integers(1, 4, (3,)) / 2), ("beta", integers(-3, 3, (3,)))]
        moving = [("moving_mean", integers(-2, 2, (3,))), ("moving_variance", integers(1, 5, (3,)))]
        # Few values in a channel: the biased variance is far from the unbiased one.
        x = integers(-4, 4, (3, 2, 1, 3)) / 2
        for training in (True, False):
            cases.append(case(f"{name}, {'training' if training else 'inference'}", "BatchNormalization", config, x,
                              trained + moving, exact=False, training=training))
    rows = integers(-4, 4, (5, 3)) / 2
    weights = [("gamma", integers(1, 4, (3,)) / 2), ("beta", integers(-3, 3, (3,))),
               ("moving_mean", integers(-2, 2, (3,))), ("moving_variance", integers(1, 5, (3,)))]
    cases.append(case("rows, training", "BatchNormalization", {}, rows, weights, exact=False))
    return cases


def pools():
    image = integers(-9, 9, (2, 3, 4, 3))
    return [
        case("zero padding", "ZeroPadding2D", {"padding": [1, 2, 0, 3]}, integers(-5, 5, (2, 3, 2, 2))),
        case("global average", "GlobalAveragePooling2D", {}, image, exact=False),
        case("global max", "GlobalMaxPooling2D", {}, distinct((2, 3, 4, 3))),
        # Padding, which must not count, on three sides.
        case("average, same", "AveragePooling2D", {"pool_size": [4, 3], "strides": [1, 2], "padding": "same"},
             np.ones((1, 4, 5, 1), np.float32) * 6, exact=False),
        case("max, defaults", "MaxPooling2D", {}, distinct((1, 5, 4, 1))),
        case("average, wide", "AveragePooling2D", {"pool_size": [2, 3], "strides": [2, 3]}, integers(-5, 5, (2, 4, 5, 1)), exact=False),
    ]


def activations():
    x = integers(-40, 40, (3, 7)) / 8
    # With zeros, which count as not above zero.
    near = integers(-3, 3, (3, 7))
    return [
        case("relu", "ReLU", {}, near),
        case("leaky relu, Keras's slope", "LeakyReLU", {}, near, exact=False),
        case("leaky relu, slope 0.25", "LeakyReLU", {"negative_slope": 0.25}, near),
        case("softmax", "Softmax", {}, x, exact=False),
        case("softmax of one class", "Softmax", {}, x[:, :1]),
        case("dropout at inference", "Dropout", {"rate": 0.75}, near, training=False),
        case("dropout of none", "Dropout", {"rate": 0.0}, near),
        case("flatten", "Flatten", {}, integers(-5, 5, (2, 3, 2, 2))),
        case("dense", "Dense", {"units": 4}, integers(-5, 5, (3, 5)),
             [("kernel", integers(-3, 3, (5, 4))), ("bias", integers(-5, 5, (4,)))]),
        *[case(f"conv2d and {word}", "Conv2D", {"filters": 2, "kernel_size": [2, 2], "activation": word},
               integers(-4, 4, (1, 3, 3, 1)), [("kernel", integers(-3, 3, (2, 2, 1, 2)) / 8), ("bias", integers(-5, 5, (2,)) / 8)],
               exact=False) for word in ("tanh", "sigmoid")],
    ]


def depthwise_convolutions():
    cases = []
    # (height, width, channels, multiplier, kernel, strides, padding, dilation)
    for height, width, channels, times, kernel, strides, padding, dilation in [
            (6, 7, 3, 1, (3, 3), 1, "same", 1), (7, 6, 2, 2, (3, 2), 2, "same", 1), (5, 6, 2, 3, (2, 3), 1, "valid", 1),
            (8, 7, 2, 2, (3, 3), 1, "same", 2), (6, 5, 1, 4, (2, 2), 2, "valid", 1)]:
        config = {"kernel_size": kernel, "strides": [strides, strides], "padding": padding, "dilation_rate": [dilation, dilation],
                  "depth_multiplier": times}
        weights = [("kernel", integers(-3, 3, (*kernel, channels, times))), ("bias", integers(-5, 5, (channels * times,)))]
        cases.append(case(
            f"{height}x{width}x{channels} times {times}, kernel {kernel}, strides {strides}, {padding}, dilation {dilation}",
            "DepthwiseConv2D", config, integers(-4, 4, (2, height, width, channels)), weights))
    return cases


def transposed_convolutions():
    """Keras's `same`, with output_padding and without, is the meaning that PyTorch has no word for."""
    cases = []
    # (height, width, in, filters, kernel, strides, padding, output padding)
    for height, width, channels, filters, kernel, strides, padding, added in [
            (3, 4, 2, 3, (3, 3), (2, 2), "same", None), (4, 3, 1, 2, (4, 2), (2, 3), "same", None),
            (3, 3, 2, 1, (2, 5), (3, 2), "same", None), (3, 4, 2, 2, (1, 2), (3, 3), "valid", None),
            (3, 4, 2, 3, (3, 4), (2, 2), "valid", None), (3, 4, 2, 2, (3, 3), (2, 2), "same", (1, 0)),
            (3, 4, 2, 2, (4, 2), (2, 3), "same", (1, 2)), (4, 3, 1, 2, (5, 3), (3, 2), "same", (2, 1)),
            (3, 3, 2, 2, (3, 2), (2, 3), "valid", (1, 2)), (4, 4, 2, 2, (3, 3), (1, 1), "same", (0, 0))]:
        config = {"filters": filters, "kernel_size": kernel, "strides": strides, "padding": padding, "output_padding": added}
        weights = [("kernel", integers(-3, 3, (*kernel, filters, channels))), ("bias", integers(-5, 5, (filters,)))]
        cases.append(case(
            f"{height}x{width}x{channels} to {filters}, kernel {kernel}, strides {strides}, {padding}, output padding {added}",
            "Conv2DTranspose", config, integers(-4, 4, (1, height, width, channels)), weights))
    return cases


def merging():
    cases = []
    for kind, shapes in [("Add", [(2, 3, 2, 4)] * 2), ("Add", [(3, 5)] * 3),
                         ("Concatenate", [(2, 3, 2, 1), (2, 3, 2, 4), (2, 3, 2, 2)]), ("Concatenate", [(3, 2), (3, 5)])]:
        inputs = [integers(-9, 9, shape) for shape in shapes]
        y, out_gradient, gradients, _ = run(getattr(keras.layers, kind)(), [tf.constant(x) for x in inputs], [], True)
        cases.append({
            "name": f"{kind} of {shapes}", "kind": kind, "inputs": [plain(x) for x in inputs], "y": plain(y),
            "out_gradient": plain(out_gradient), "gradients": [plain(g) for g in gradients],
        })
    return cases


def main():
    made_by = "make_keras_layers.py"
    layers = convolutions() + normalizations() + pools() + activations()
    write("merging.json", merging(), made_by)
    # New kinds at the end: the numbers of the others stay what they are.
    write("keras_layers.json", layers + depthwise_convolutions() + transposed_convolutions(), made_by)


if __name__ == "__main__":
    main()
