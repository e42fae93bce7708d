"""Formulas in the array namespace, from textbooks and papers, that several frameworks have."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np

Array = Any

SELU_SCALE = 1.0507009873554804934193349852946
SELU_ALPHA = 1.6732632423543772848170429916717
"""Klambauer et al., Self-normalizing neural networks, 2017."""


# ---- activations


def relu(xp: Any, x: Array) -> Array:
    return xp.where(x > 0, x, 0.0 * x)


def relu6(xp: Any, x: Array) -> Array:
    return xp.clip(x, 0.0, 6.0)


def leaky_relu(xp: Any, x: Array, slope: float = 0.01) -> Array:
    return xp.where(x > 0, x, slope * x)


def elu(xp: Any, x: Array) -> Array:
    return xp.where(x > 0, x, xp.expm1(xp.where(x > 0, 0.0 * x, x)))


def selu(xp: Any, x: Array) -> Array:
    return SELU_SCALE * xp.where(x > 0, x, SELU_ALPHA * xp.expm1(x))


def celu(xp: Any, x: Array, alpha: float = 1.0) -> Array:
    return xp.where(x > 0, x, alpha * xp.expm1(x / alpha))


def gelu(xp: Any, x: Array) -> Array:
    return x / 2 * (1 + xp.special.erf(x / 2**0.5))


def gelu_tanh(xp: Any, x: Array) -> Array:
    return 0.5 * x * (1 + xp.tanh((2 / xp.pi) ** 0.5 * (x + 0.044715 * x**3)))


def silu(xp: Any, x: Array) -> Array:
    return x / (1 + xp.exp(-x))


def mish(xp: Any, x: Array) -> Array:
    return x * xp.tanh(xp.log1p(xp.exp(x)))


def softplus(xp: Any, x: Array) -> Array:
    return xp.log1p(xp.exp(x))


def hardtanh(xp: Any, x: Array) -> Array:
    return xp.clip(x, -1.0, 1.0)


def hardsigmoid(xp: Any, x: Array) -> Array:
    return xp.clip(x + 3, 0.0, 6.0) / 6


def hardswish(xp: Any, x: Array) -> Array:
    return x * xp.clip(x + 3, 0.0, 6.0) / 6


def logsigmoid(xp: Any, x: Array) -> Array:
    return -xp.log(1 + xp.exp(-x))


def sigmoid(xp: Any, x: Array) -> Array:
    return 1 / (1 + xp.exp(-x))


def softsign(xp: Any, x: Array) -> Array:
    return x / (1 + xp.abs(x))


def tanhshrink(xp: Any, x: Array) -> Array:
    return x - xp.tanh(x)


def glu(xp: Any, x: Array) -> Array:
    half = x.shape[-1] // 2
    return x[..., :half] / (1 + xp.exp(-x[..., half:]))


def softmax(xp: Any, x: Array) -> Array:
    exponentials = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    return exponentials / xp.sum(exponentials, axis=-1, keepdims=True)


def log_softmax(xp: Any, x: Array) -> Array:
    return x - logsumexp(xp, x)[..., None]


def logsumexp(xp: Any, x: Array) -> Array:
    return xp.log(xp.sum(xp.exp(x), axis=-1))


# ---- losses


def mean_square(xp: Any, x: Array, y: Array) -> Array:
    return xp.mean((x - y) ** 2)


def mean_absolute(xp: Any, x: Array, y: Array) -> Array:
    return xp.mean(xp.abs(x - y))


def huber_terms(xp: Any, x: Array, y: Array, delta: float = 1.0) -> Array:
    size = xp.abs(x - y)
    return xp.where(size < delta, (x - y) ** 2 / 2, delta * (size - delta / 2))


def huber(xp: Any, x: Array, y: Array, delta: float = 1.0) -> Array:
    return xp.mean(huber_terms(xp, x, y, delta))


def smooth_l1(xp: Any, x: Array, y: Array, beta: float = 1.0) -> Array:
    return huber(xp, x, y, beta) / beta


def one_hot(xp: Any, labels: Array, classes: int, like: Array) -> Array:
    return xp.astype(labels[..., None] == xp.arange(classes), like.dtype)


def picked(xp: Any, x: Array, labels: Array) -> Array:
    """The entries of the last axis that labels name."""
    return xp.sum(x * one_hot(xp, labels, x.shape[-1], x), axis=-1)


def cross_entropies(xp: Any, x: Array, labels: Array) -> Array:
    return logsumexp(xp, x) - picked(xp, x, labels)


def cross_entropy(xp: Any, x: Array, labels: Array) -> Array:
    return xp.mean(cross_entropies(xp, x, labels))


def cross_entropies_of_probabilities(xp: Any, x: Array, p: Array) -> Array:
    return -xp.sum(p * (x - logsumexp(xp, x)[..., None]), axis=-1)


def binary_cross_entropies(xp: Any, p: Array, y: Array) -> Array:
    return -y * xp.log(p) - (1 - y) * xp.log(1 - p)


def logit_cross_entropies(xp: Any, x: Array, y: Array, weight: float = 1.0) -> Array:
    return weight * y * xp.log1p(xp.exp(-x)) + (1 - y) * xp.log1p(xp.exp(x))


def ctc(xp: Any, log_probabilities: Array, label: tuple[int, ...]) -> Array:
    """Return minus the log-likelihood of a label sequence; class 0 is the blank.

    The forward recursion of Graves et al., 2006, in probabilities.
    log_probabilities: shape (time, classes).
    """
    p = xp.exp(log_probabilities)
    extended = [0]
    for symbol in label:
        extended += [symbol, 0]
    zero = 0.0 * p[0, 0]
    forward = [p[0, 0], p[0, extended[1]]] + [zero] * (len(extended) - 2)
    for t in range(1, p.shape[0]):
        following = []
        for s, symbol in enumerate(extended):
            total = forward[s]
            if s > 0:
                total = total + forward[s - 1]
            if s > 1 and symbol != 0 and symbol != extended[s - 2]:
                total = total + forward[s - 2]
            following.append(total * p[t, symbol])
        forward = following
    return -xp.log(forward[-1] + forward[-2])


# ---- normalisation


def standardized(xp: Any, x: Array, axis: Any, eps: float = 1e-5) -> Array:
    centred = x - xp.mean(x, axis=axis, keepdims=True)
    return centred / xp.sqrt(xp.mean(centred**2, axis=axis, keepdims=True) + eps)


def layer_norm(xp: Any, x: Array, weight: Array, bias: Array) -> Array:
    return weight * standardized(xp, x, -1) + bias


def rms_norm(xp: Any, x: Array, weight: Array, eps: float = 1e-5) -> Array:
    return weight * x / xp.sqrt(xp.mean(x**2, axis=-1, keepdims=True) + eps)


def group_norm(xp: Any, x: Array, groups: int) -> Array:
    grouped = xp.reshape(x, (x.shape[0], groups, -1))
    return xp.reshape(standardized(xp, grouped, -1), x.shape)


def unit_vectors(xp: Any, x: Array) -> Array:
    return x / xp.sqrt(xp.sum(x * x, axis=-1, keepdims=True))


# ---- windows


def padded(xp: Any, x: Array, before: int, after: int, axis: int = -1) -> Array:
    """An array with zeros before and after along one axis."""

    def zeros(length: int) -> Array:
        shape = list(x.shape)
        shape[axis] = length
        return xp.zeros(tuple(shape), dtype=x.dtype)

    return xp.concat([zeros(before), x, zeros(after)], axis=axis)


def shifts(
    xp: Any, x: Array, window: tuple[int, ...], stride: int = 1, dilation: int = 1
) -> list[tuple[tuple[int, ...], Array]]:
    """The places in a window over the last axes, and what stands there in every window."""
    first = len(x.shape) - len(window)
    spans = [
        (x.shape[first + k] - dilation * (length - 1) - 1) // stride * stride + 1
        for k, length in enumerate(window)
    ]
    parts = []
    for place in product(*[range(length) for length in window]):
        index = [slice(None)] * first
        index += [
            slice(dilation * k, dilation * k + span, stride)
            for k, span in zip(place, spans, strict=True)
        ]
        parts.append((place, x[tuple(index)]))
    return parts


def convolution(
    xp: Any, x: Array, w: Array, stride: int = 1, dilation: int = 1, padding: int = 0
) -> Array:
    """x: shape (batch, channels, *lengths), w: shape (features, channels, *window)."""
    window = tuple(w.shape[2:])
    for axis in range(2, len(x.shape)):
        if padding:
            x = padded(xp, x, padding, padding, axis)
    total: Any = 0.0
    for place, part in shifts(xp, x, window, stride, dilation):
        flat = xp.reshape(part, (*part.shape[:2], -1))
        total = total + xp.matmul(w[(slice(None), slice(None), *place)], flat)
        lengths = part.shape[2:]
    return xp.reshape(total, (*total.shape[:2], *lengths))


def grouped_convolution(xp: Any, x: Array, w: Array, groups: int) -> Array:
    channels, features = x.shape[1] // groups, w.shape[0] // groups
    parts = [
        convolution(
            xp,
            x[:, k * channels : (k + 1) * channels],
            w[k * features : (k + 1) * features],
        )
        for k in range(groups)
    ]
    return xp.concat(parts, axis=1)


def transposed_convolution(xp: Any, x: Array, w: Array, stride: int = 1) -> Array:
    """x: shape (batch, channels, *lengths), w: shape (channels, features, *window)."""
    for axis in range(2, len(x.shape)):
        x = spread(xp, x, stride, axis)
        margin = w.shape[axis] - 1
        x = padded(xp, x, margin, margin, axis)
    w = xp.permute_dims(w, (1, 0, *range(2, len(w.shape))))
    return convolution(xp, x, xp.flip(w, axis=tuple(range(2, len(w.shape)))))


def spread(xp: Any, x: Array, stride: int, axis: int) -> Array:
    """An array with stride - 1 zeros between its elements along an axis."""
    if stride == 1:
        return x
    place = np.zeros((x.shape[axis], (x.shape[axis] - 1) * stride + 1))
    place[np.arange(x.shape[axis]), np.arange(x.shape[axis]) * stride] = 1.0
    moved = xp.matmul(xp.moveaxis(x, axis, -1), xp.asarray(place, dtype=x.dtype))
    return xp.moveaxis(moved, -1, axis)


def windows(xp: Any, x: Array, window: tuple[int, ...], stride: int = 1) -> Array:
    """All windows over the last axes, flat on a new last axis."""
    return xp.stack([part for _, part in shifts(xp, x, window, stride)], axis=-1)


def mean_pool(xp: Any, x: Array, window: tuple[int, ...], stride: int) -> Array:
    return xp.mean(windows(xp, x, window, stride), axis=-1)


def max_pool(xp: Any, x: Array, window: tuple[int, ...], stride: int) -> Array:
    return xp.max(windows(xp, x, window, stride), axis=-1)


# ---- attention


def attention(xp: Any, q: Array, k: Array, v: Array, kept: Any = None, added: Any = None) -> Array:
    """Vaswani et al., 2017; shapes (..., length, features)."""
    scores = xp.matmul(q, k.mT) / q.shape[-1] ** 0.5
    if added is not None:
        scores = scores + added
    weights = xp.exp(scores)
    if kept is not None:
        weights = xp.where(kept, weights, 0.0 * weights)
    return xp.matmul(weights / xp.sum(weights, axis=-1, keepdims=True), v)


def lower_triangle(xp: Any, rows: int, columns: int) -> Array:
    return xp.arange(rows)[:, None] >= xp.arange(columns)[None, :]


# ---- linear algebra


def symmetric(x: Array) -> Array:
    return (x + x.mT) / 2


def log_abs_determinant(xp: Any, x: Array) -> Array:
    return xp.log(xp.abs(xp.linalg.det(x)))


def exponential(xp: Any, x: Array) -> Array:
    """The exponential of a matrix of norm below 4: a series of x / 16, squared four times."""
    x = x / 16
    term = total = 0.0 * x + xp.eye(x.shape[-1], dtype=x.dtype)
    for k in range(1, 19):
        term = xp.matmul(term, x) / k
        total = total + term
    for _ in range(4):
        total = xp.matmul(total, total)
    return total


def kronecker(xp: Any, x: Array, y: Array) -> Array:
    products = x[:, None, :, None] * y[None, :, None, :]
    return xp.reshape(products, (x.shape[0] * y.shape[0], x.shape[1] * y.shape[1]))


def cross(xp: Any, x: Array, y: Array) -> Array:
    parts = [
        x[..., (k + 1) % 3] * y[..., (k + 2) % 3] - x[..., (k + 2) % 3] * y[..., (k + 1) % 3]
        for k in range(3)
    ]
    return xp.stack(parts, axis=-1)


def least_squares(xp: Any, a: Array, b: Array) -> Array:
    return xp.linalg.solve(xp.matmul(a.mT, a), xp.matmul(a.mT, b))


def pseudoinverse(xp: Any, a: Array) -> Array:
    """Of a matrix with independent columns."""
    return xp.matmul(xp.linalg.inv(xp.matmul(a.mT, a)), a.mT)


def covariance(xp: Any, x: Array) -> Array:
    centred = x - xp.mean(x, axis=-1, keepdims=True)
    return xp.matmul(centred, centred.mT) / (x.shape[-1] - 1)


def correlation(xp: Any, x: Array) -> Array:
    c = covariance(xp, x)
    size = xp.sqrt(xp.sum(c * xp.eye(c.shape[0], dtype=c.dtype), axis=-1))
    return c / (size[:, None] * size[None, :])


def vandermonde(xp: Any, x: Array, columns: int) -> Array:
    return xp.stack([x**k for k in range(columns)], axis=-1)


def distances(xp: Any, x: Array, y: Array) -> Array:
    difference = x[..., :, None, :] - y[..., None, :, :]
    return xp.sqrt(xp.sum(difference**2, axis=-1))


def cosine_similarity(xp: Any, x: Array, y: Array) -> Array:
    return xp.sum(unit_vectors(xp, x) * unit_vectors(xp, y), axis=-1)


def power_spectrum(xp: Any, x: Array, frequencies: int) -> Array:
    """|discrete Fourier transform|^2 of the last axis."""
    n = x.shape[-1]
    angles = 2 * np.pi * np.outer(np.arange(n), np.arange(frequencies)) / n
    real = xp.matmul(x, xp.asarray(np.cos(angles), dtype=x.dtype))
    imaginary = xp.matmul(x, xp.asarray(np.sin(angles), dtype=x.dtype))
    return real**2 + imaginary**2


# ---- special functions


def entropy_term(xp: Any, x: Array) -> Array:
    return -x * xp.log(x)


def logit(xp: Any, x: Array) -> Array:
    return xp.log(x / (1 - x))


def normal_probability(xp: Any, x: Array) -> Array:
    return xp.special.erfc(-x / 2**0.5) / 2


def log_normal_probability(xp: Any, x: Array) -> Array:
    return xp.log(normal_probability(xp, x))


def bessel_i(xp: Any, x: Array, order: int) -> Array:
    """The modified Bessel function of the first kind, |x| < 4: its power series (DLMF 10.25.2)."""
    quarter = x * x / 4
    total = term = (x / 2) ** order / math.factorial(order) + 0.0 * x
    for k in range(1, 30):
        term = term * quarter / (k * (k + order))
        total = total + term
    return total


def scaled_bessel_i(xp: Any, x: Array, order: int) -> Array:
    return xp.exp(-xp.abs(x)) * bessel_i(xp, x, order)


def hurwitz_zeta(xp: Any, q: Array, s: int) -> Array:
    """DLMF 25.11.12."""
    return (-1) ** s * xp.special.polygamma(s - 1, q) / math.factorial(s - 1)


def lower_gamma_ratio(xp: Any, x: Array, a: int) -> Array:
    """The regularized incomplete gamma function P(a, x) of an integer a (DLMF 8.4.9)."""
    return 1 - upper_gamma_ratio(xp, x, a)


def upper_gamma_ratio(xp: Any, x: Array, a: int) -> Array:
    return xp.exp(-x) * sum(x**k / math.factorial(k) for k in range(a))


def beta_ratio_of_2_and_3(xp: Any, x: Array) -> Array:
    """The regularized incomplete beta function I_x(2, 3), the integral of 12 t (1 - t)^2."""
    return 6 * x**2 - 8 * x**3 + 3 * x**4


def multivariate_gammaln(xp: Any, x: Array, d: int) -> Array:
    terms = sum(xp.special.gammaln(x - j / 2) for j in range(d))
    return d * (d - 1) / 4 * math.log(math.pi) + terms


def betaln(xp: Any, a: Array, b: Array) -> Array:
    return xp.special.gammaln(a) + xp.special.gammaln(b) - xp.special.gammaln(a + b)


EULER_GAMMA = 0.57721566490153286060651209008240


def exponential_integral(xp: Any, x: Array) -> Array:
    """E1 of 0 < x < 3: its series (DLMF 6.6.2)."""
    total = -xp.log(x) - EULER_GAMMA
    term = 0.0 * x - 1
    for k in range(1, 40):
        term = -term * x / k
        total = total + term / k
    return total


def ei(xp: Any, x: Array) -> Array:
    """Ei of 0 < x < 3: its series (DLMF 6.6.1)."""
    total = xp.log(x) + EULER_GAMMA
    term = 0.0 * x + 1
    for k in range(1, 40):
        term = term * x / k
        total = total + term / k
    return total


# ---- along an axis


def cumulative_products(xp: Any, x: Array) -> Array:
    products = [x[..., 0]]
    for k in range(1, x.shape[-1]):
        products.append(products[-1] * x[..., k])
    return xp.stack(products, axis=-1)


def cumulative_logsumexp(xp: Any, x: Array) -> Array:
    n = x.shape[-1]
    return xp.stack([logsumexp(xp, x[..., : k + 1]) for k in range(n)], axis=-1)


def cumulative_max(xp: Any, x: Array) -> Array:
    n = x.shape[-1]
    return xp.stack([xp.max(x[..., : k + 1], axis=-1) for k in range(n)], axis=-1)


def exponential_means(xp: Any, x: Array) -> Array:
    mean, means = 0.0 * x[0], []
    for k in range(x.shape[0]):
        mean = 0.75 * mean + 0.25 * x[k]
        means.append(mean)
    return xp.stack(means)


def quantile(xp: Any, x: Array, q: float) -> Array:
    ordered = xp.sort(x, axis=-1)
    place = q * (x.shape[-1] - 1)
    low = min(int(place), x.shape[-1] - 2)
    rest = place - low
    return (1 - rest) * ordered[..., low] + rest * ordered[..., low + 1]


def median(xp: Any, x: Array) -> Array:
    return quantile(xp, x, 0.5)


def lower_median(xp: Any, x: Array) -> Array:
    return xp.sort(x, axis=-1)[..., (x.shape[-1] - 1) // 2]


def along_last(xp: Any, x: Array, indices: Array) -> Array:
    """x[..., indices[..., j]], by sums with indicators."""
    hot = one_hot(xp, indices, x.shape[-1], x)
    return xp.sum(x[..., None, :] * hot, axis=-1)


def added_at(xp: Any, x: Array, values: Array, indices: Array) -> Array:
    """x with rows of values added where indices say."""
    hot = one_hot(xp, indices, x.shape[0], x)
    return x + xp.matmul(hot.mT, values)


def segment_sums(xp: Any, x: Array, segments: Array, count: int) -> Array:
    return xp.matmul(one_hot(xp, segments, count, x).mT, x)


def rolled(xp: Any, x: Array) -> Array:
    """The rows moved down by one, the columns to the left by one."""
    x = xp.concat([x[-1:], x[:-1]], axis=0)
    return xp.concat([x[:, 1:], x[:, :1]], axis=1)


def trapezoid(xp: Any, y: Array, x: Array) -> Array:
    return xp.sum((x[..., 1:] - x[..., :-1]) * (y[..., 1:] + y[..., :-1]) / 2, axis=-1)


def stretched(xp: Any, x: Array, weights: np.ndarray[Any, Any], axis: int) -> Array:
    """The products with a matrix (new length, length) along an axis."""
    moved = xp.moveaxis(x, axis, -1)
    return xp.moveaxis(xp.matmul(moved, xp.asarray(weights.T, dtype=x.dtype)), -1, axis)


def linear_weights(length: int, new: int, *, corners: bool) -> np.ndarray[Any, Any]:
    """The weights of linear interpolation, with the corners or the edges of pixels kept."""
    if corners:
        places = np.arange(new) * (length - 1) / (new - 1)
    else:
        places = np.clip((np.arange(new) + 0.5) * length / new - 0.5, 0, length - 1)
    return np.maximum(0.0, 1.0 - np.abs(places[:, None] - np.arange(length)[None, :]))


def bilinear_samples(xp: Any, image: Array, grid: Array) -> Array:
    """Samples of images at points in [-1, 1]^2, whose corners are centres of pixels.

    image: shape (batch, channels, rows, columns), grid: shape (batch, *places, 2).
    """
    rows, columns = image.shape[2:]
    x = (grid[..., 0] + 1) / 2 * (columns - 1)
    y = (grid[..., 1] + 1) / 2 * (rows - 1)
    total: Any = 0.0
    for i, j in product(range(rows), range(columns)):
        weight = relu(xp, 1 - xp.abs(y - i)) * relu(xp, 1 - xp.abs(x - j))
        total = total + weight[:, None] * image[:, :, i, j][:, :, None, None]
    return total
