"""The loss of a linear classifier.

Formula: the mean over examples of log sum_j exp(z_j) - z_label, with z = x W + b.

Source: Bishop, Pattern recognition and machine learning, 2006, section 4.3.4.

Sizes: n examples of f features, and k classes.

Published cost ratio: none.
"""

from adbench.cases import Model


def loss(xp, params, inputs, labels):
    """Return the mean cross-entropy, of shape ().

    params: "W" of shape (f, k) and "b" of shape (k,); inputs: shape (n, f); labels: integers of
    shape (n,).
    """
    logarithms = xp.special.log_softmax(inputs @ params["W"] + params["b"], axis=-1)
    return -xp.mean(xp.take_along_axis(logarithms, labels[:, None], axis=1))


def gradient(params, inputs, labels):
    """Return x' (p - e) / n and the mean of p - e, with shares p and unit vectors e of labels."""
    import numpy as np

    logits = inputs @ params["W"] + params["b"]
    shares = np.exp(logits - np.max(logits, axis=1, keepdims=True))
    shares /= np.sum(shares, axis=1, keepdims=True)
    differences = shares - (labels[:, None] == np.arange(shares.shape[1]))
    return {"W": inputs.T @ differences / len(inputs), "b": np.mean(differences, axis=0)}


def make(size, rng):
    """Draw weights with variance 1 / f, standard normal biases and inputs, and labels."""
    n, f, k = size["n"], size["f"], size["k"]
    params = {"W": rng.standard_normal((f, k)) / f**0.5, "b": rng.standard_normal(k)}
    return params, rng.standard_normal((n, f)), rng.integers(0, k, n)


model = Model(
    name="cross_entropy",
    function=loss,
    make=make,
    sizes={
        "n=3,f=2,k=3": {"n": 3, "f": 2, "k": 3},
        "n=64,f=16,k=10": {"n": 64, "f": 16, "k": 10},
        "n=1024,f=256,k=100": {"n": 1024, "f": 256, "k": 100},
    },
    oracle={"gradient": gradient},
    group="neural networks",
    by_default=False,
    summary="softmax cross-entropy of a linear classifier; by weights and biases",
)
