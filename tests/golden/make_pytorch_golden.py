#!/usr/bin/env python3
"""Writes pytorch_layers.json and pytorch_schedules.json: what PyTorch computes, for tests that hold tilewise to it. README.md
describes the schema.

    python3 tests/golden/make_pytorch_golden.py        (Debian: package python3-torch)

Only the values matter, not the run: the file is committed and the tests never call Python. PyTorch's NCHW images and OIHW kernels are
turned into NHWC and HWIO here. Inputs are small integers wherever the result is then exact in float32 (`exact`).
"""

import json
import pathlib

import torch
from torch.nn import functional

FOLDER = pathlib.Path(__file__).parent
generator = torch.Generator().manual_seed(20261125)


def integers(low, high, shape):
    return torch.randint(low, high + 1, shape, generator=generator).float()


def plain(tensor):
    """{shape, values}: the shortest decimals that give the same float32 again."""
    tensor = tensor.detach().contiguous()
    values = [int(x) if abs(x) < 2**24 and x == int(x) else float(f"{x:.9g}") for x in tensor.flatten().tolist()]
    return {"shape": list(tensor.shape), "values": values}


def nhwc(tensor):
    return plain(tensor.permute(0, 2, 3, 1)) if tensor.dim() == 4 else plain(tensor)


def case(name, kind, config, x, weights, function, exact=True, after=()):
    """One layer in training: `function(x, *weights)` in PyTorch's layouts. weights: (name, tensor, to our layout)."""
    x = x.clone().requires_grad_(True)
    tensors = [tensor.clone().requires_grad_(True) for _, tensor, _ in weights]
    y = function(x, *tensors)
    out_gradient = integers(-3, 3, tuple(y.shape))
    gradients = torch.autograd.grad(y, [x, *tensors], out_gradient)
    return {
        "name": name, "kind": kind, "config": config, "exact": exact,
        "x": nhwc(x), "y": nhwc(y), "out_gradient": nhwc(out_gradient), "x_gradient": nhwc(gradients[0]),
        "weights": [{"name": n, **plain(layout(t))} for n, t, layout in weights],
        "weight_gradients": [{"name": n, **plain(layout(g))} for (n, _, layout), g in zip(weights, gradients[1:])],
        "after": [{"name": n, **plain(t)} for n, t in after],
    }


def hwio(tensor):
    return tensor.permute(2, 3, 1, 0)


def same(tensor):
    return tensor


def convolutions():
    # (height, width, in, out, kernel, strides, padding, dilation, groups)
    shapes = [
        (7, 6, 2, 3, (3, 3), (1, 1), (1, 1), (1, 1), 1), (8, 7, 3, 2, (3, 2), (2, 1), (0, 2), (1, 1), 1),
        (9, 8, 2, 3, (3, 3), (1, 1), (2, 1), (2, 3), 1), (9, 9, 1, 2, (2, 3), (2, 2), (1, 2), (3, 2), 1),
        (6, 6, 4, 6, (3, 3), (1, 1), (1, 1), (1, 1), 2), (7, 5, 6, 3, (1, 2), (2, 1), (0, 1), (1, 1), 3),
        (6, 7, 3, 3, (3, 3), (1, 1), (1, 1), (1, 1), 3), (7, 7, 2, 6, (3, 2), (2, 2), (1, 0), (1, 1), 2),
    ]
    return convolutions_of(shapes)


def padded_convolutions():
    """Padding of the kernel's size and beyond it, and a kernel beyond the image; drawn after the others."""
    return convolutions_of([
        (4, 5, 1, 2, (2, 3), (1, 2), (3, 4), (1, 1), 1), (3, 2, 2, 1, (5, 4), (1, 1), (2, 2), (1, 1), 1),
        (3, 4, 1, 2, (1, 1), (2, 3), (1, 2), (1, 1), 1),
    ])


def convolutions_of(shapes):
    cases = []
    for height, width, inputs, outputs, kernel, strides, padding, dilation, groups in shapes:
        weights = [("kernel", integers(-3, 3, (outputs, inputs // groups, *kernel)), hwio), ("bias", integers(-5, 5, (outputs,)), same)]
        config = {"filters": outputs, "kernel_size": kernel, "strides": strides,
                  "padding": [padding[0], padding[0], padding[1], padding[1]]}
        if dilation != (1, 1):
            config["dilation_rate"] = dilation
        if groups != 1:
            config["groups"] = groups
        cases.append(case(
            f"{height}x{width}x{inputs} to {outputs}, kernel {kernel}, strides {strides}, padding {padding}, dilation {dilation}, "
            f"groups {groups}", "Conv2D", config, integers(-4, 4, (2, inputs, height, width)), weights,
            lambda x, w, b: functional.conv2d(x, w, b, strides, padding, dilation, groups)))
    return cases


def depthwise_convolutions():
    cases = []
    # (height, width, channels, multiplier, kernel, strides, padding, dilation)
    shapes = [
        (6, 7, 3, 1, (3, 3), (1, 1), (1, 1), (1, 1)), (7, 6, 2, 3, (2, 3), (2, 1), (0, 2), (1, 1)),
        (9, 8, 3, 2, (3, 2), (2, 2), (2, 1), (2, 3)),
    ]
    for height, width, channels, multiplier, kernel, strides, padding, dilation in shapes:
        def in_keras_order(tensor):
            return tensor.reshape(channels, multiplier, *kernel).permute(2, 3, 0, 1)

        weights = [("kernel", integers(-3, 3, (channels * multiplier, 1, *kernel)), in_keras_order),
                   ("bias", integers(-5, 5, (channels * multiplier,)), same)]
        cases.append(case(
            f"{height}x{width}x{channels} times {multiplier}, kernel {kernel}, strides {strides}, padding {padding}, "
            f"dilation {dilation}", "DepthwiseConv2D",
            {"kernel_size": kernel, "strides": strides, "padding": [padding[0], padding[0], padding[1], padding[1]],
             "dilation_rate": dilation, "depth_multiplier": multiplier},
            integers(-4, 4, (2, channels, height, width)), weights,
            lambda x, w, b: functional.conv2d(x, w, b, strides, padding, dilation, channels)))
    return cases


def transposed_convolutions():
    def transposed_case(name, config, height, width, inputs, outputs, kernel, function):
        # PyTorch has in x out x height x width; Keras, and so tilewise, height x width x out x in.
        weights = [("kernel", integers(-3, 3, (inputs, outputs, *kernel)), hwio), ("bias", integers(-5, 5, (outputs,)), same)]
        return case(f"{height}x{width}x{inputs} to {outputs}, kernel {kernel}, {name}", "Conv2DTranspose",
                    {"filters": outputs, "kernel_size": kernel, **config}, integers(-4, 4, (2, inputs, height, width)), weights, function)

    cases = []
    # (height, width, in, out, kernel, strides, padding, output padding, dilation) in PyTorch's words
    shapes = [
        (3, 4, 2, 3, (3, 3), (1, 1), (0, 0), (0, 0), (1, 1)), (3, 2, 3, 2, (2, 2), (2, 2), (0, 1), (1, 0), (1, 1)),
        (4, 3, 1, 2, (3, 2), (2, 3), (2, 0), (1, 2), (1, 1)), (3, 3, 2, 1, (3, 2), (2, 1), (1, 2), (1, 2), (2, 3)),
    ]
    for height, width, inputs, outputs, kernel, strides, padding, added, dilation in shapes:
        cases.append(transposed_case(
            f"strides {strides}, padding {padding}, output padding {added}, dilation {dilation}",
            {"strides": strides, "padding": [padding[0], padding[0], padding[1], padding[1]], "output_padding": added,
             "dilation_rate": dilation}, height, width, inputs, outputs, kernel,
            lambda x, w, b: functional.conv_transpose2d(x, w, b, strides, padding, added, 1, dilation)))
    # Keras's words: `valid` makes a rim where the stride exceeds the kernel; `same` cuts to height * stride, more at the bottom.
    for height, width, inputs, outputs, kernel, strides in [(2, 3, 2, 1, (1, 2), (3, 2)), (3, 4, 2, 3, (4, 3), (1, 2)), (2, 2, 1, 2, (5, 2), (2, 3))]:
        extra = [max(s - k, 0) for s, k in zip(strides, kernel)]
        cases.append(transposed_case(
            f"strides {strides}, valid", {"strides": strides, "padding": "valid"}, height, width, inputs, outputs, kernel,
            lambda x, w, b: functional.conv_transpose2d(x, w, b, strides, 0, extra)))
        top, left = [max(k - s, 0) // 2 for s, k in zip(strides, kernel)]
        cases.append(transposed_case(
            f"strides {strides}, same", {"strides": strides, "padding": "same"}, height, width, inputs, outputs, kernel,
            lambda x, w, b: functional.conv_transpose2d(x, w, b, strides, 0, extra)
            [:, :, top:top + height * strides[0], left:left + width * strides[1]]))
    return cases


def pools():
    cases = []
    # (height, width, window, strides, padding, ceil mode, padding counts)
    shapes = [
        (6, 6, (2, 2), (2, 2), (0, 0), False, False), (7, 6, (3, 2), (2, 2), (1, 1), False, False),
        (7, 6, (3, 2), (2, 2), (1, 1), False, True), (8, 7, (3, 3), (2, 3), (1, 0), True, False),
        (8, 7, (3, 3), (2, 3), (1, 0), True, True), (5, 5, (2, 2), (2, 2), (0, 0), True, False),
        (6, 5, (2, 3), (3, 2), (1, 1), True, True), (7, 8, (4, 4), (3, 3), (2, 2), True, True),
    ]
    for height, width, window, strides, padding, ceil, count in shapes:
        sides = [padding[0], padding[0], padding[1], padding[1]]
        text = f"{height}x{width}, window {window}, strides {strides}, padding {padding}, ceil {ceil}, padding counts {count}"
        config = {"pool_size": window, "strides": strides, "padding": sides}
        if ceil:
            config["ceil_mode"] = True
        x = integers(-9, 9, (2, 2, height, width))
        if not count:
            # Distinct values: which of equal ones wins is another story.
            distinct = torch.randperm(x.numel(), generator=generator).reshape(x.shape).float()
            cases.append(case("max " + text, "MaxPooling2D", config, distinct, [],
                              lambda x: functional.max_pool2d(x, window, strides, padding, ceil_mode=ceil)))
        counted = {**config, "count_include_pad": True} if count else config
        cases.append(case("average " + text, "AveragePooling2D", counted, x, [],
                          lambda x: functional.avg_pool2d(x, window, strides, padding, ceil, count), exact=False))
    x = integers(-9, 9, (2, 3, 4, 5))
    cases.append(case("global average", "GlobalAveragePooling2D", {}, x, [], lambda x: x.mean((2, 3)), exact=False))
    distinct = torch.randperm(x.numel(), generator=generator).reshape(x.shape).float()
    cases.append(case("global max", "GlobalMaxPooling2D", {}, distinct, [], lambda x: x.amax((2, 3))))
    return cases


def normalizations():
    cases = []
    for momentum in (0.99, 0.5):
        weights = [("gamma", integers(1, 4, (3,)) / 2, same), ("beta", integers(-3, 3, (3,)), same)]
        running = [integers(-2, 2, (3,)), integers(1, 5, (3,))]
        x = integers(-4, 4, (3, 3, 4, 5)) / 2

        def inference(x, gamma, beta):
            return functional.batch_norm(x, *running, gamma, beta, False, 0, 1e-3)

        made = case(f"inference, momentum {momentum}", "BatchNormalization", {"momentum": momentum}, x, weights, inference, exact=False)
        made["weights"] += [{"name": n, **plain(t)} for n, t in zip(("moving_mean", "moving_variance"), running)]
        # Without gradients: that is what tells inference.
        cases.append({**made, "x_gradient": None, "weight_gradients": []})

        def training(x, gamma, beta):
            return functional.batch_norm(x, None, None, gamma, beta, True, 0, 1e-3)

        # The running variance: Keras's is made of the biased one, PyTorch's of the unbiased one; so computed here.
        biased = [x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)]
        after = [(n, old * momentum + new * (1 - momentum))
                 for n, old, new in zip(("moving_mean", "moving_variance"), running, biased)]
        made = case(f"training, momentum {momentum}", "BatchNormalization", {"momentum": momentum}, x, weights, training, exact=False,
                    after=after)
        made["weights"] += [{"name": n, **plain(t)} for n, t in zip(("moving_mean", "moving_variance"), running)]
        cases.append(made)
    return cases


def activations():
    x = integers(-40, 40, (3, 7)) / 8
    return [
        case("relu", "ReLU", {}, integers(-5, 5, (3, 7)) * 2 + 1, [], functional.relu),
        case("softmax", "Softmax", {}, x, [], lambda x: functional.softmax(x, 1), exact=False),
        case("zero padding", "ZeroPadding2D", {"padding": [1, 2, 0, 3]}, integers(-5, 5, (2, 3, 4, 2)), [],
             lambda x: functional.pad(x, (0, 3, 1, 2))),
        case("dense", "Dense", {"units": 4}, integers(-5, 5, (3, 7)),
             [("kernel", integers(-3, 3, (4, 7)), lambda t: t.t()), ("bias", integers(-5, 5, (4,)), same)], functional.linear),
    ]


def more_activations():
    x = integers(-40, 40, (3, 7)) / 8
    far = torch.tensor([[-1e30, -100, -88, -20, -1e-6, 0, 1e-6, 20, 88, 100, 1e30]])
    return [
        case("tanh", "Tanh", {}, x, [], torch.tanh, exact=False),
        case("tanh, far and near", "Tanh", {}, far, [], torch.tanh, exact=False),
        case("sigmoid", "Sigmoid", {}, x, [], torch.sigmoid, exact=False),
        case("sigmoid, far and near", "Sigmoid", {}, far, [], torch.sigmoid, exact=False),
        case("leaky relu, slope 0.01", "LeakyReLU", {"negative_slope": 0.01}, integers(-5, 5, (3, 7)) * 2 + 1, [],
             lambda x: functional.leaky_relu(x, 0.01), exact=False),
        # At zero both give slope times the gradient.
        case("leaky relu, slope 0.25", "LeakyReLU", {"negative_slope": 0.25}, integers(-5, 5, (2, 3, 2, 4)), [],
             lambda x: functional.leaky_relu(x, 0.25)),
    ]


def rates_of(make, steps):
    """The rate that each of an optimizer's first steps takes."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1)
    schedule, rates = make(optimizer), []
    for _ in range(steps):
        rates.append(float(f"{optimizer.param_groups[0]['lr']:.12g}"))
        optimizer.step()
        if len(rates) < steps:
            schedule.step()
    return rates


def schedules():
    kinds = torch.optim.lr_scheduler
    cases = []
    for share, steps, initial_divisor, final_divisor, cosine in (
            (0.3, 12, 25, 1e4, True), (0.3, 12, 25, 1e4, False), (0.5, 7, 4, 10, True), (0.4, 5, 2, 100, False)):
        rates = rates_of(lambda optimizer: kinds.OneCycleLR(
            optimizer, 0.5, total_steps=steps, pct_start=share, div_factor=initial_divisor, final_div_factor=final_divisor,
            anneal_strategy="cos" if cosine else "linear", cycle_momentum=False), steps)
        cases.append({
            "name": f"OneCycle of {steps}, share {share}, divisors {initial_divisor} and {final_divisor}, cosine {cosine}",
            "kind": "OneCycle", "max": 0.5, "steps": steps, "warmup_share": share, "initial_divisor": initial_divisor,
            "final_divisor": final_divisor, "cosine": cosine, "rates": rates})
    rates = rates_of(lambda optimizer: kinds.StepLR(optimizer, 3, 0.5), 10)
    cases.append({"name": "StepLR", "kind": "StepDecay", "initial": 1, "every_steps": 3, "factor": 0.5, "rates": rates})
    rates = rates_of(lambda optimizer: kinds.CosineAnnealingLR(optimizer, 8, eta_min=0.25), 9)
    cases.append({"name": "CosineAnnealingLR", "kind": "CosineDecay", "initial": 1, "steps": 8, "alpha": 0.25, "warmup_steps": 0,
                  "rates": rates})
    return cases


def write(name, cases):
    head = {"made_by": "make_pytorch_golden.py", "pytorch": torch.__version__}
    lines = ",\n".join(json.dumps(made, separators=(",", ":")) for made in cases)
    text = json.dumps(head)[:-1] + ', "cases": [\n' + lines + "\n]}\n"
    (FOLDER / name).write_text(text)
    print(f"{name}: {len(cases)} cases, {len(text)} bytes")


def main():
    cases = convolutions() + pools() + normalizations() + activations()
    # New kinds at the end: the numbers of the others stay what they are.
    cases += more_activations() + padded_convolutions() + depthwise_convolutions() + transposed_convolutions()
    write("pytorch_layers.json", cases)
    write("pytorch_schedules.json", schedules())


if __name__ == "__main__":
    main()
