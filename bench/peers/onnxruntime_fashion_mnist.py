#!/usr/bin/env python3
"""Times inference of the notebook's network in ONNX Runtime. Needs onnx and onnxruntime. Its weights are random: what they are makes no
difference to the time."""

import fashion_mnist
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def model():
    random = np.random.default_rng(0)
    nodes, weights = [], []

    def layer(op, value, shape, **attributes):
        name = f"layer{len(nodes)}"
        for part, extent in (("weight", shape), ("bias", (shape[0] if op == "Conv" else shape[1],))):
            tensor = (random.standard_normal(extent) / 30).astype(np.float32)
            weights.append(numpy_helper.from_array(tensor, f"{name}.{part}"))
        nodes.append(helper.make_node(op, [value, f"{name}.weight", f"{name}.bias"], [name], **attributes))
        return name

    def plain(op, value, **attributes):
        nodes.append(helper.make_node(op, [value], [f"{op.lower()}{len(nodes)}"], **attributes))
        return nodes[-1].output[0]

    value = "images"
    for filters, channels, pooled in ((32, 1, True), (64, 32, True), (128, 64, False)):
        value = plain("Relu", layer("Conv", value, (filters, channels, 3, 3), pads=[1, 1, 1, 1]))
        if pooled:
            value = plain("MaxPool", value, kernel_shape=[2, 2], strides=[2, 2])
    value = plain("Relu", layer("Gemm", plain("Flatten", value), (6272, 128)))
    nodes.append(helper.make_node("Softmax", [layer("Gemm", value, (128, 10))], ["classes"], axis=1))
    graph = helper.make_graph(nodes, "notebook", [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 1, 28, 28])],
                              [helper.make_tensor_value_info("classes", TensorProto.FLOAT, ["batch", 10])], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


class OnnxRuntime:
    def __init__(self, options):
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = options.threads
        settings.inter_op_num_threads = 1
        self.options = options
        self.session = onnxruntime.InferenceSession(model().SerializeToString(), settings, providers=["CPUExecutionProvider"])
        self.program = f"ONNX Runtime {onnxruntime.__version__}"

    def run(self, images):
        # With one channel, NHWC and NCHW are the same numbers in the same order.
        return self.session.run(None, {"images": images.reshape(-1, 1, 28, 28)})[0]

    def evaluate(self, images, labels):
        batch = self.options.evaluation_batch
        found = [np.argmax(self.run(images[i:i + batch]), axis=1) for i in range(0, len(labels), batch)]
        return np.mean(np.concatenate(found) == labels)

    def predict_one(self, image):
        return self.run(image)


if __name__ == "__main__":
    chosen = fashion_mnist.options(__doc__)
    fashion_mnist.measure(OnnxRuntime(chosen), chosen, fashion_mnist.load(chosen.data)[1])
