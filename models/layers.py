"""The same layer of tanh applied again and again: what depth, width and batch cost.

The gradient is by the weights, which all layers share, so that its size does not grow with the
depth: what grows is what reverse mode keeps. The checkpointed model computes the same, and lets
reverse mode keep the inputs of every group of layers alone.
"""

from adbench.cases import Model


def layers(xp, x, W, biases):
    """Return x after one layer tanh(x W + b) for each of the biases.

    x: shape (batch, width); W: shape (width, width); biases: arrays of shape (width,).
    """
    for b in biases:
        x = xp.tanh(x @ W + b)
    return x


def loss(xp, W, biases, inputs, targets):
    """Return the mean squared error of the last layer's outputs against `targets`.

    inputs, targets: shape (batch, width).
    """
    return xp.mean((layers(xp, inputs, W, biases) - targets) ** 2)


def checkpointed_loss(xp, W, biases, inputs, targets):
    """Return the same loss, with a checkpoint at every k-th layer, k = sqrt(depth).

    Reverse mode then keeps depth / k arrays between the groups, and what k layers need (Griewank,
    Achieving logarithmic growth of temporal and spatial complexity in reverse automatic
    differentiation, Optimization Methods and Software 1, 1992).
    """
    group = xp.checkpoint(lambda x, W, biases: layers(xp, x, W, biases))
    x = inputs
    k = round(len(biases) ** 0.5)
    for start in range(0, len(biases), k):
        x = group(x, W, biases[start : start + k])
    return xp.mean((x - targets) ** 2)


def make(size, rng):
    """Draw the weights with variance 1 / (4 width), and all else standard normal.

    With larger weights the layers are chaotic, and a gradient through many of them means nothing.
    """
    depth, width, batch = size["depth"], size["width"], size["batch"]
    W = rng.standard_normal((width, width)) / (4 * width) ** 0.5
    biases = [rng.standard_normal(width) for _ in range(depth)]
    return W, biases, rng.standard_normal((batch, width)), rng.standard_normal((batch, width))


def at(depth=4, width=16, batch=64):
    """Return a size, by default the one in which the axes of growth meet."""
    return {"depth": depth, "width": width, "batch": batch}


SIZES = {"small": at(depth=3, width=2, batch=2)}
DEPTHS = {f"depth={depth}": at(depth=depth) for depth in (1, 2, 4, 8, 16, 32, 64)}
WIDTHS = {f"width={width}": at(width=width) for width in (2, 4, 8, 16, 32, 64, 128)}
BATCHES = {f"batch={batch}": at(batch=batch) for batch in (1, 3, 10, 32, 100, 316, 1000)}

model = Model(
    name="layers",
    function=loss,
    make=make,
    sizes=SIZES,
    growth={"depth": DEPTHS, "width": WIDTHS, "batch": BATCHES},
    group="the lecture",
    summary="one layer of tanh applied again and again; growth with depth, width and batch",
)

checkpointed = Model(
    name="layers_checkpointed",
    function=checkpointed_loss,
    make=make,
    sizes=SIZES,
    growth={"depth": DEPTHS},
    group="the lecture",
    summary="the same layers, recomputed in reverse mode from one checkpoint in sqrt(depth) layers",
)
