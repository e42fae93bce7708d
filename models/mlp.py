"""The multilayer perceptron of the lecture.

Tanh between the layers, none on the last, mean squared error.
"""

from adbench.cases import Model


def loss(xp, params, inputs, targets):
    """Return the mean squared error of the predictions against `targets`.

    inputs: shape (batch, widths[0]).
    """
    for W, b in params:
        outputs = inputs @ W + b
        inputs = xp.tanh(outputs)
    return xp.mean((outputs - targets) ** 2)


def make(size, rng):
    """Draw weights with variance 1 / fan-in, and standard normal biases, inputs and targets."""
    widths, batch = size["widths"], size["batch"]
    params = [
        (rng.standard_normal((fan_in, fan_out)) / fan_in**0.5, rng.standard_normal(fan_out))
        for fan_in, fan_out in zip(widths[:-1], widths[1:], strict=True)
    ]
    return params, rng.standard_normal((batch, widths[0])), rng.standard_normal((batch, widths[-1]))


model = Model(
    name="mlp",
    function=loss,
    make=make,
    active=0,
    samples=(1, 2),
    sizes={
        "1-1-1-1x1": {"widths": (1, 1, 1, 1), "batch": 1},
        "8-16-1x8": {"widths": (8, 16, 1), "batch": 8},
        "32-64-64-1x32": {"widths": (32, 64, 64, 1), "batch": 32},
        "256-512-512-10x128": {"widths": (256, 512, 512, 10), "batch": 128},
    },
    stagings={"gradient": ("8-16-1x8", "32-64-64-1x32")},
    group="the lecture",
    summary="multilayer perceptron with tanh, mean squared error; with respect to all (W, b)",
)
