"""A layer of convolution over images, with tanh.

Formula: y_nojk = tanh(sum over c, p, q of w_ocpq x_nc(j+p)(k+q) + b_o), without padding, and the
mean squared error.

Source: LeCun and others, Gradient-based learning applied to document recognition, Proceedings of
the IEEE 86, 1998.

Sizes: n images of c channels and s x s pixels, o kernels of k x k.

Published cost ratio: none.
"""

from adbench.cases import Model


def layer(xp, params, images):
    """Return tanh of the convolution, shape (n, s - k + 1, s - k + 1, o).

    params: kernels, shape (k, k, c, o), and biases, shape (o,); images: shape (n, s, s, c).
    """
    kernels, biases = params["kernels"], params["biases"]
    size = kernels.shape[0]
    reach = images.shape[1] - size + 1
    shifted = [images[:, p : p + reach, q : q + reach, :] for p in range(size) for q in range(size)]
    patches = xp.concat(shifted, axis=3)
    return xp.tanh(patches @ xp.reshape(kernels, (-1, kernels.shape[3])) + biases)


def loss(xp, params, images, targets):
    """Return the mean squared error of the layer against `targets`, of shape ()."""
    return xp.mean((layer(xp, params, images) - targets) ** 2)


def make(size, rng):
    """Draw kernels with variance 1 / fan-in, and all else standard normal."""
    n, s, c, o, k = (size[name] for name in ("n", "s", "c", "o", "k"))
    params = {
        "kernels": rng.standard_normal((k, k, c, o)) / (k * k * c) ** 0.5,
        "biases": rng.standard_normal(o),
    }
    reach = s - k + 1
    return params, rng.standard_normal((n, s, s, c)), rng.standard_normal((n, reach, reach, o))


def size(n, s, c, o, k):
    """Return the size with n images of s x s pixels and c channels, and o kernels of k x k."""
    return {"n": n, "s": s, "c": c, "o": o, "k": k}


model = Model(
    name="convolution",
    function=loss,
    make=make,
    sizes={
        "1x4x4x1,2x2x2": size(n=1, s=4, c=1, o=2, k=2),
        "4x12x12x3,4x3x3": size(n=4, s=12, c=3, o=4, k=3),
        "16x28x28x3,16x5x5": size(n=16, s=28, c=3, o=16, k=5),
    },
    group="neural networks",
    by_default=False,
    summary="convolution over images with tanh, mean squared error; by kernels and biases",
)
