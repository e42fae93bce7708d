"""Attention of several heads over a sequence, with causal masking.

Formula: softmax(Q K' / sqrt(d) + mask) V for each head, where Q, K and V are the inputs times their
weights and the mask is minus infinity where a key comes after its query; the heads in a row times
the output weights. The loss is the mean squared error.

Source: Vaswani and others, Attention is all you need, NIPS 2017, section 3.2.

Sizes: t tokens, h heads of d numbers.

Published cost ratio: none.
"""

from adbench.cases import Model


def attention(xp, weights, inputs):
    """Return the outputs, shape (t, h d), for inputs of that shape.

    weights: "query", "key" and "value" of shape (h, h d, d), and "output" of shape (h d, h d).
    """
    heads, _, size = weights["query"].shape
    tokens = inputs.shape[0]
    queries, keys, values = (inputs @ weights[name] for name in ("query", "key", "value"))
    scores = queries @ xp.matrix_transpose(keys) / size**0.5
    is_later = xp.arange(tokens)[None, :] > xp.arange(tokens)[:, None]
    shares = xp.special.softmax(xp.where(is_later, -xp.inf, scores), axis=-1)
    outputs = xp.permute_dims(shares @ values, (1, 0, 2))
    return xp.reshape(outputs, (tokens, heads * size)) @ weights["output"]


def loss(xp, weights, inputs, targets):
    """Return the mean squared error of the outputs against `targets`, of shape ()."""
    return xp.mean((attention(xp, weights, inputs) - targets) ** 2)


def make(size, rng):
    """Draw weights with variance 1 / fan-in, and standard normal inputs and targets."""
    t, h, d = size["t"], size["h"], size["d"]
    width = h * d
    weights = {
        name: rng.standard_normal((h, width, d)) / width**0.5 for name in ("query", "key", "value")
    }
    weights["output"] = rng.standard_normal((width, width)) / width**0.5
    return weights, rng.standard_normal((t, width)), rng.standard_normal((t, width))


model = Model(
    name="attention",
    function=loss,
    make=make,
    sizes={
        "t=3,h=2,d=2": {"t": 3, "h": 2, "d": 2},
        "t=32,h=4,d=8": {"t": 32, "h": 4, "d": 8},
        "t=128,h=8,d=32": {"t": 128, "h": 8, "d": 32},
    },
    group="neural networks",
    by_default=False,
    summary="causal attention of several heads, mean squared error; by all weights",
)
