"""Functions of TensorFlow beside their formulas."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from . import formulas as f
from .entry import (
    definite,
    entry,
    fixed,
    labels,
    mask,
    matrix,
    normal,
    positive,
    probabilities,
    uniform,
)

M = tf.math
L = tf.linalg
N = tf.nn


FLOAT32_SLOPE = 0.20000000298023224
"""What the kernel of leaky_relu makes of its default 0.2: the attribute is a float32."""

ZERO_AT_ZERO = (
    "its derivative in x is 0 at x = 0, where it is log(y), log(1 + y) or 1 / y like everywhere: "
    "that of xlog1py(0, 1) is 0.693, and 0 comes back"
)
"""What is wrong with xlogy, xlog1py and xdivy."""


def _symmetric(x: Any) -> Any:
    return (x + L.matrix_transpose(x)) / 2


def _with_channels_first(function: Any) -> Any:
    """A function of arrays with channels last, on arrays with channels first."""

    def moved(x: Any, *rest: Any) -> Any:
        last = tf.transpose(x, (0, *range(2, len(x.shape)), 1))
        result = function(last, *rest)
        return tf.transpose(result, (0, len(x.shape) - 1, *range(1, len(x.shape) - 1)))

    return moved


def _kernel(w: Any) -> Any:
    """A kernel (features, channels, *window) as (*window, channels, features)."""
    return tf.transpose(w, (*range(2, len(w.shape)), 1, 0))


ACTIVATIONS = (
    entry("relu", N.relu, f.relu, normal("Ab")),
    entry("relu6", N.relu6, f.relu6, normal("Ab", 5.0)),
    entry(
        "leaky_relu",
        N.leaky_relu,
        lambda xp, x: f.leaky_relu(xp, x, FLOAT32_SLOPE),
        normal("Ab"),
    ),
    entry("elu", N.elu, f.elu, normal("Ab")),
    entry("selu", N.selu, f.selu, normal("Ab")),
    entry(
        "gelu",
        N.gelu,
        f.gelu,
        normal("Ab", 2.0),
        defect=(
            "the square root of 2 is rounded to float32 on its way to float64 (tf.cast of a "
            "Python number): 4e-9 off beside SciPy's, TensorFlow 2.21"
        ),
    ),
    entry(
        "gelu_tanh",
        lambda x: N.gelu(x, approximate=True),
        f.gelu_tanh,
        normal("Ab", 2.0),
        defect=("0.044715 is rounded to float32 on its way to float64 as in gelu"),
    ),
    entry("silu", N.silu, f.silu, normal("Ab", 3.0)),
    entry(
        "swish_beta",
        lambda x, b: N.swish(x, b),
        lambda xp, x, b: x / (1 + xp.exp(-b * x)),
        normal("Ab"),
        positive(""),
    ),
    entry("softplus", N.softplus, f.softplus, normal("Ab", 2.0)),
    entry("softsign", N.softsign, f.softsign, normal("Ab")),
    entry("sigmoid", N.sigmoid, f.sigmoid, normal("Ab", 3.0)),
    entry("log_sigmoid", M.log_sigmoid, f.logsigmoid, normal("Ab", 3.0)),
    entry(
        "crelu",
        N.crelu,
        lambda xp, x: xp.concat([f.relu(xp, x), f.relu(xp, -x)], axis=-1),
        normal("Ab"),
    ),
    entry("softmax", N.softmax, f.softmax, normal("Ab", 2.0)),
    entry("log_softmax", N.log_softmax, f.log_softmax, normal("Ab", 2.0)),
)

LOSSES = (
    entry(
        "sigmoid_cross_entropy_with_logits",
        lambda x, y: N.sigmoid_cross_entropy_with_logits(labels=y, logits=x),
        f.logit_cross_entropies,
        normal("Ab", 2.0),
        uniform("Ab", 0.0, 1.0),
    ),
    entry(
        "weighted_cross_entropy_with_logits",
        lambda x, y: N.weighted_cross_entropy_with_logits(y, x, 2.5),
        lambda xp, x, y: f.logit_cross_entropies(xp, x, y, 2.5),
        normal("Ab", 2.0),
        fixed(uniform("Ab", 0.0, 1.0)),
    ),
    entry(
        "softmax_cross_entropy_with_logits",
        lambda x, p: N.softmax_cross_entropy_with_logits(p, x),
        f.cross_entropies_of_probabilities,
        normal("ab"),
        probabilities("ab"),
    ),
    entry(
        "sparse_softmax_cross_entropy_with_logits",
        lambda x, y: N.sparse_softmax_cross_entropy_with_logits(y, x),
        f.cross_entropies,
        normal("ab"),
        labels("a", "b"),
    ),
    entry(
        "log_poisson_loss",
        lambda x, y: N.log_poisson_loss(y, x),
        lambda xp, x, y: xp.exp(x) - x * y,
        normal("Ab"),
        fixed(positive("Ab")),
    ),
    entry("l2_loss", N.l2_loss, lambda xp, x: xp.sum(x * x) / 2, normal("Ab")),
    entry(
        "squared_difference",
        M.squared_difference,
        lambda xp, x, y: x * x - 2 * x * y + y * y,
        normal("Ab"),
        normal("b"),
    ),
)

LAYERS = (
    entry(
        "l2_normalize",
        lambda x: M.l2_normalize(x, axis=-1),
        f.unit_vectors,
        normal("Ab"),
    ),
    entry(
        "batch_normalization",
        lambda x, m, v, b, w: N.batch_normalization(x, m, v, b, w, 1e-5),
        lambda xp, x, m, v, b, w: w * (x - m) / xp.sqrt(v + 1e-5) + b,
        normal("Ab"),
        normal("b"),
        positive("b"),
        normal("b"),
        normal("b"),
    ),
    entry(
        "moments",
        lambda x: tf.stack(N.moments(x, 0)),
        lambda xp, x: xp.stack(
            [xp.mean(x, axis=0), xp.mean(x * x, axis=0) - xp.mean(x, axis=0) ** 2]
        ),
        normal("aB"),
    ),
    entry(
        "conv1d",
        lambda x, w: _with_channels_first(lambda y: N.conv1d(y, _kernel(w), 1, "VALID"))(x),
        f.convolution,
        normal("AB5"),
        normal("cB3"),
    ),
    entry(
        "conv2d_strided",
        lambda x, w: _with_channels_first(
            lambda y: N.conv2d(y, _kernel(w), 2, [[0, 0], [1, 1], [1, 1], [0, 0]])
        )(x),
        lambda xp, x, w: f.convolution(xp, x, w, stride=2, padding=1),
        normal("AB45"),
        normal("CB22"),
    ),
    entry(
        "conv2d_transpose",
        lambda x, w: _with_channels_first(
            lambda y: N.conv2d_transpose(y, _kernel(w), (x.shape[0], 4, 4, w.shape[1]), 2, "VALID")
        )(x),
        lambda xp, x, w: f.transposed_convolution(xp, x, w, 2),
        normal("AB22"),
        normal("BC22"),
    ),
    entry(
        "depthwise_conv2d",
        lambda x, w: _with_channels_first(
            lambda y: N.depthwise_conv2d(y, tf.transpose(w, (2, 3, 0, 1)), [1, 1, 1, 1], "VALID")
        )(x),
        lambda xp, x, w: f.grouped_convolution(xp, x, w, 2),
        normal("A233"),
        normal("2122"),
    ),
    entry(
        "avg_pool2d",
        _with_channels_first(lambda x: N.avg_pool2d(x, 2, 1, "VALID")),
        lambda xp, x: f.mean_pool(xp, x, (2, 2), 1),
        normal("AB33"),
    ),
    entry(
        "max_pool2d",
        _with_channels_first(lambda x: N.max_pool2d(x, 2, 2, "VALID")),
        lambda xp, x: f.max_pool(xp, x, (2, 2), 2),
        normal("AB54"),
    ),
    entry(
        "max_pool1d",
        _with_channels_first(lambda x: N.max_pool1d(x, 2, 1, "VALID")),
        lambda xp, x: f.max_pool(xp, x, (2,), 1),
        normal("AB5"),
    ),
    entry(
        "bias_add",
        N.bias_add,
        lambda xp, x, b: x + b,
        normal("Ab"),
        normal("b"),
    ),
    entry(
        "embedding_lookup",
        N.embedding_lookup,
        lambda xp, w, i: f.one_hot(xp, i, w.shape[0], w) @ w,
        normal("ab"),
        labels("Cd", "a"),
    ),
)

SPECIAL = (
    entry("lgamma", M.lgamma, lambda xp, x: xp.special.gammaln(x), positive("Ab")),
    entry("digamma", M.digamma, lambda xp, x: xp.special.digamma(x + 1) - 1 / x, positive("Ab")),
    entry(
        "polygamma",
        lambda x: M.polygamma(tf.constant(2.0, x.dtype), x),
        lambda xp, x: xp.special.polygamma(2, x),
        positive("Ab"),
    ),
    entry(
        "zeta",
        lambda q: M.zeta(tf.constant(3.0, q.dtype), q),
        lambda xp, q: f.hurwitz_zeta(xp, q, 3),
        positive("Ab"),
    ),
    entry("erf", M.erf, lambda xp, x: xp.special.erf(x), normal("Ab")),
    entry("erfc", M.erfc, lambda xp, x: 1 - xp.special.erf(x), normal("Ab")),
    entry(
        "erfinv",
        lambda x: M.erf(M.erfinv(x)),
        lambda xp, x: 1 * x,
        uniform("Ab", -0.9, 0.9),
    ),
    entry(
        "xlogy",
        M.xlogy,
        lambda xp, x, y: x * xp.log(y),
        normal("Ab"),
        positive("Ab"),
        defect=ZERO_AT_ZERO,
    ),
    entry(
        "xlog1py",
        M.xlog1py,
        lambda xp, x, y: x * xp.log(1 + y),
        normal("Ab"),
        positive("Ab"),
        defect=ZERO_AT_ZERO,
    ),
    entry(
        "xdivy",
        M.xdivy,
        lambda xp, x, y: x / y,
        normal("Ab"),
        positive("Ab"),
        defect=ZERO_AT_ZERO,
    ),
    entry(
        "igamma",
        lambda x: M.igamma(tf.constant(3.0, x.dtype), x),
        lambda xp, x: f.lower_gamma_ratio(xp, x, 3),
        positive("Ab"),
    ),
    entry(
        "igammac",
        lambda x: M.igammac(tf.constant(4.0, x.dtype), x),
        lambda xp, x: f.upper_gamma_ratio(xp, x, 4),
        positive("Ab"),
    ),
    entry(
        "betainc",
        lambda x: M.betainc(tf.constant(2.0, x.dtype), tf.constant(3.0, x.dtype), x),
        f.beta_ratio_of_2_and_3,
        uniform("Ab", 0.1, 0.9),
    ),
    entry("bessel_i0", M.bessel_i0, lambda xp, x: f.bessel_i(xp, x, 0), normal("Ab")),
    entry("bessel_i0e", M.bessel_i0e, lambda xp, x: f.scaled_bessel_i(xp, x, 0), normal("Ab")),
    entry("bessel_i1", M.bessel_i1, lambda xp, x: f.bessel_i(xp, x, 1), normal("Ab")),
    entry("bessel_i1e", M.bessel_i1e, lambda xp, x: f.scaled_bessel_i(xp, x, 1), normal("Ab")),
    entry("expint", M.special.expint, f.ei, uniform("Ab", 0.5, 2.0)),
    entry(
        "lbeta",
        M.lbeta,
        lambda xp, x: (
            xp.sum(xp.special.gammaln(x), axis=-1) - xp.special.gammaln(xp.sum(x, axis=-1))
        ),
        positive("Ab"),
    ),
    entry(
        "divide_no_nan",
        M.divide_no_nan,
        lambda xp, x, y: x / y,
        normal("Ab"),
        positive("Ab"),
    ),
    entry("rsqrt", M.rsqrt, lambda xp, x: 1 / xp.sqrt(x), positive("Ab")),
    entry(
        "atan2",
        M.atan2,
        lambda xp, y, x: 2 * xp.atan(y / (xp.sqrt(x * x + y * y) + x)),
        normal("Ab"),
        normal("Ab"),
    ),
)

REDUCTIONS = (
    entry("reduce_logsumexp", lambda x: M.reduce_logsumexp(x, -1), f.logsumexp, normal("Ab")),
    entry(
        "reduce_variance",
        lambda x: M.reduce_variance(x, -1),
        lambda xp, x: xp.mean((x - xp.mean(x, axis=-1, keepdims=True)) ** 2, axis=-1),
        normal("Ab"),
    ),
    entry(
        "reduce_std",
        lambda x: M.reduce_std(x, -1),
        lambda xp, x: xp.sqrt(xp.mean(x * x, axis=-1) - xp.mean(x, axis=-1) ** 2),
        normal("Ab"),
    ),
    entry(
        "reduce_prod",
        lambda x: M.reduce_prod(x, -1),
        lambda xp, x: f.cumulative_products(xp, x)[..., -1],
        normal("Ab"),
    ),
    entry(
        "reduce_euclidean_norm",
        lambda x: M.reduce_euclidean_norm(x, -1),
        lambda xp, x: xp.sqrt(xp.sum(x * x, axis=-1)),
        normal("Ab"),
    ),
    entry(
        "reduce_max",
        lambda x: M.reduce_max(x, -1),
        lambda xp, x: xp.sort(x, axis=-1)[..., -1],
        normal("Ab"),
    ),
    entry(
        "cumsum",
        lambda x: M.cumsum(x, -1, exclusive=True),
        lambda xp, x: x @ xp.triu(xp.ones((x.shape[-1], x.shape[-1]), dtype=x.dtype), k=1),
        normal("Ab"),
    ),
    entry(
        "cumprod",
        lambda x: M.cumprod(x, -1),
        f.cumulative_products,
        normal("Ab"),
        defect=(
            "its gradient divides by x: at x = [0, 2, 3] that of the sum of all is 9 by the first "
            "entry, and 0 comes back"
        ),
    ),
    entry(
        "cumulative_logsumexp",
        lambda x: M.cumulative_logsumexp(x, -1),
        f.cumulative_logsumexp,
        normal("Ab"),
    ),
    entry(
        "segment_mean",
        lambda x: M.segment_mean(x, tf.constant([0, 0, 1, 1])),
        lambda xp, x: xp.stack([(x[0] + x[1]) / 2, (x[2] + x[3]) / 2]),
        normal("4b"),
        defect=(
            "no fault of its own: its gradient multiplies IndexedSlices, which TensorFlow cannot "
            "promote under the NumPy behaviour that models need; forward mode raises a ValueError"
        ),
    ),
    entry(
        "unsorted_segment_sum",
        lambda x, i: M.unsorted_segment_sum(x, i, 4),
        lambda xp, x, i: f.segment_sums(xp, x, i, 4),
        normal("ab"),
        labels("a", "4"),
        defect=(
            "tf.vectorized_map over its tangents raises 'Failed to convert elements of "
            "(None, 3, 3, 3)', so that there is no Jacobian in forward mode, TensorFlow 2.21"
        ),
    ),
    entry(
        "unsorted_segment_max",
        lambda x: M.unsorted_segment_max(x, tf.constant([1, 0, 1, 0]), 2),
        lambda xp, x: xp.maximum(xp.stack([x[1], x[0]]), xp.stack([x[3], x[2]])),
        normal("4b"),
        defect=("as segment_mean"),
    ),
    entry(
        "unsorted_segment_prod",
        lambda x: M.unsorted_segment_prod(x, tf.constant([1, 0, 1, 0]), 2),
        lambda xp, x: xp.stack([x[1] * x[3], x[0] * x[2]]),
        normal("4b"),
    ),
    entry(
        "top_k",
        lambda x: M.top_k(x, 2).values,
        lambda xp, x: xp.sort(x, axis=-1, descending=True)[..., :2],
        normal("Ab"),
    ),
    entry("sort", lambda x: tf.sort(x, axis=-1), lambda xp, x: xp.sort(x, axis=-1), normal("Ab")),
    entry(
        "clip_by_norm",
        lambda x: tf.clip_by_norm(x, 0.5),
        lambda xp, x: x / xp.maximum(2 * xp.sqrt(xp.sum(x * x)), 0 * xp.sum(x) + 1),
        normal("ab"),
    ),
    entry(
        "clip_by_value",
        lambda x: tf.clip_by_value(x, -0.5, 0.8),
        lambda xp, x: xp.minimum(xp.maximum(x, 0 * x - 0.5), 0 * x + 0.8),
        normal("Ab"),
    ),
)

LINEAR_ALGEBRA = (
    entry("det", L.det, lambda xp, x: xp.linalg.det(x), matrix("Abb")),
    entry(
        "slogdet",
        lambda x: L.slogdet(x).log_abs_determinant,
        f.log_abs_determinant,
        matrix("bb"),
    ),
    entry(
        "logdet",
        lambda x: L.logdet(_symmetric(x)),
        lambda xp, x: xp.log(xp.linalg.det(f.symmetric(x))),
        definite("bb"),
    ),
    entry("inv", L.inv, lambda xp, x: xp.linalg.inv(x), matrix("bb")),
    entry("solve", L.solve, lambda xp, a, b: xp.linalg.inv(a) @ b, matrix("bb"), normal("bC")),
    entry(
        "triangular_solve",
        lambda a, b: L.triangular_solve(a, b, adjoint=True),
        lambda xp, a, b: xp.linalg.solve(xp.tril(a).mT, b),
        matrix("bb"),
        normal("bC"),
    ),
    entry(
        "cholesky",
        lambda x: L.cholesky(_symmetric(x)),
        lambda xp, x: xp.linalg.cholesky(f.symmetric(x)),
        definite("bb"),
    ),
    entry(
        "cholesky_solve",
        lambda a, b: L.cholesky_solve(L.cholesky(_symmetric(a)), b),
        lambda xp, a, b: xp.linalg.solve(f.symmetric(a), b),
        definite("bb"),
        normal("bC"),
    ),
    entry(
        "eigvalsh",
        lambda x: L.eigvalsh(_symmetric(x)),
        lambda xp, x: xp.linalg.eigvalsh(f.symmetric(x)),
        definite("bb"),
    ),
    entry(
        "svd",
        lambda x: L.svd(x, compute_uv=False),
        lambda xp, x: xp.linalg.svdvals(x),
        definite("bb"),
    ),
    entry("expm", L.expm, f.exponential, normal("bb", 0.5)),
    entry("pinv", L.pinv, f.pseudoinverse, uniform("52", -1.0, 1.0)),
    entry("lstsq", L.lstsq, f.least_squares, uniform("52", -1.0, 1.0), normal("5C")),
    entry(
        "trace",
        L.trace,
        lambda xp, x: xp.sum(x * xp.eye(x.shape[0], x.shape[1], dtype=x.dtype)),
        normal("bc"),
    ),
    entry("cross", L.cross, f.cross, normal("A3"), normal("A3")),
    entry("norm", tf.norm, lambda xp, x: xp.sqrt(xp.sum(x * x)), normal("Ab")),
    entry(
        "einsum",
        lambda x, y: tf.einsum("aij,jk->aki", x, y),
        lambda xp, x, y: xp.permute_dims(x @ y, (0, 2, 1)),
        normal("Abc"),
        normal("cd"),
    ),
    entry(
        "band_part",
        lambda x: L.band_part(x, 0, 1),
        lambda xp, x: xp.triu(x) - xp.triu(x, k=2),
        normal("bb"),
    ),
    entry(
        "diag",
        L.diag,
        lambda xp, x: x[..., None] * xp.eye(x.shape[-1], dtype=x.dtype),
        normal("Ab"),
    ),
    entry(
        "fft_power",
        lambda x: tf.abs(tf.signal.fft(tf.cast(x, tf.complex128))) ** 2,
        lambda xp, x: f.power_spectrum(xp, x, x.shape[-1]),
        normal("Ab"),
    ),
)

INDEXING = (
    entry(
        "gather",
        tf.gather,
        lambda xp, x, i: f.one_hot(xp, i, x.shape[0], x) @ x,
        normal("ab"),
        labels("c", "a"),
    ),
    entry(
        "gather_batched",
        lambda x, i: tf.gather(x, i, batch_dims=1),
        f.along_last,
        normal("ab"),
        labels("ac", "b"),
    ),
    entry(
        "tensor_scatter_nd_add",
        lambda x, y, i: tf.tensor_scatter_nd_add(x, i[:, None], y),
        f.added_at,
        normal("ab"),
        normal("cb"),
        labels("c", "a"),
    ),
    entry("roll", lambda x: tf.roll(x, (1, -1), (0, 1)), f.rolled, normal("ab")),
    entry(
        "reverse",
        lambda x: tf.reverse(x, [1]),
        lambda xp, x: xp.stack([x[:, k] for k in (2, 1, 0)], axis=1),
        normal("a3"),
    ),
    entry(
        "pad_reflect",
        lambda x: tf.pad(x, [[0, 0], [1, 1]], "REFLECT"),
        lambda xp, x: xp.concat([x[:, 1:2], x, x[:, -2:-1]], axis=-1),
        normal("Ab"),
    ),
    entry(
        "where",
        lambda x, y, m: tf.where(m, x, y),
        lambda xp, x, y, m: xp.astype(m, x.dtype) * x + (1 - xp.astype(m, x.dtype)) * y,
        normal("ab"),
        normal("b"),
        mask("ab"),
    ),
    entry(
        "boolean_mask",
        lambda x: tf.boolean_mask(x, tf.constant([True, False, True])),
        lambda xp, x: xp.stack([x[0], x[2]]),
        normal("3b"),
    ),
    entry(
        "repeat",
        lambda x: tf.repeat(x, 2, axis=0),
        lambda xp, x: xp.reshape(xp.stack([x, x], axis=1), (-1, x.shape[1])),
        normal("ab"),
    ),
    entry(
        "space_to_depth",
        lambda x: N.space_to_depth(x, 2),
        lambda xp, x: xp.reshape(
            xp.permute_dims(
                xp.reshape(x, (x.shape[0], 2, 2, 1, 2, x.shape[3])), (0, 1, 3, 2, 4, 5)
            ),
            (x.shape[0], 2, 1, -1),
        ),
        normal("A42B"),
    ),
    entry(
        "scan",
        lambda x: tf.scan(lambda mean, row: 0.75 * mean + 0.25 * row, x, 0.0 * x[0]),
        f.exponential_means,
        normal("aB"),
    ),
)

ENTRIES = (
    *ACTIVATIONS,
    *LOSSES,
    *LAYERS,
    *SPECIAL,
    *REDUCTIONS,
    *LINEAR_ALGEBRA,
    *INDEXING,
)
