"""The chain of single neurons of the lecture.

Z_l = w_l a_(l-1) + b_l, a_l = sigmoid(z_l), cost (a_L - y)^2.

With one example this is C_0; with several it is C, the mean of C_k over the data set.
"""

from adbench.cases import Model


def cost(xp, params, inputs, targets):
    """Return the mean over the examples of (a_L - y)^2.

    `params` is a list of scalars (w_l, b_l).
    """
    activations = inputs
    for w, b in params:
        activations = xp.special.expit(w * activations + b)
    return xp.mean((activations - targets) ** 2)


def gradient(params, inputs, targets):
    """Return dC/dw_l and dC/db_l by the chain rule as the lecture writes it out.

    dC_0/da_L = 2 (a_L - y); then, from the last layer to the first, with sigmoid'(z_l) = a_l (1 -
    a_l): dC_0/db_l = sigmoid'(z_l) dC_0/da_l, dC_0/dw_l = a_(l-1) dC_0/db_l, dC_0/da_(l-1) = w_l
    dC_0/db_l; each averaged over the examples.
    """
    import numpy as np

    activations = [inputs]
    for w, b in params:
        z = w * activations[-1] + b
        activations.append(1 / (1 + np.exp(-z)))
    by_activation = 2 * (activations[-1] - targets)
    answer = []
    for (w, _), before, after in reversed(
        list(zip(params, activations[:-1], activations[1:], strict=True))
    ):
        by_bias = after * (1 - after) * by_activation
        answer.append((np.mean(before * by_bias), np.mean(by_bias)))
        by_activation = w * by_bias
    return answer[::-1]


def make(size, rng):
    """Draw standard normal weights, biases and inputs, and targets between 0 and 1."""
    params = [(rng.standard_normal(), rng.standard_normal()) for _ in range(size["layers"])]
    return params, rng.standard_normal(size["examples"]), rng.uniform(0, 1, size["examples"])


model = Model(
    name="chain",
    function=cost,
    make=make,
    active=0,
    sizes={
        "L=3,k=1": {"layers": 3, "examples": 1},
        "L=4,k=100": {"layers": 4, "examples": 100},
        "L=16,k=100": {"layers": 16, "examples": 100},
    },
    oracle={"gradient": gradient},
    group="the lecture",
    summary="chain of single neurons with a sigmoid, squared error of one example or their mean",
)
