"""Functions of JAX beside their formulas."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy
from jax import lax, nn

from . import formulas as f
from .entry import (
    definite,
    entry,
    fixed,
    labels,
    mask,
    matrix,
    normal,
    permutation,
    positive,
    probabilities,
    uniform,
)

S = jax.scipy.special
L = jnp.linalg
P = jax.scipy.stats


def _symmetric(x: Any) -> Any:
    return (x + x.mT) / 2


def _newton_square_root(x: Any) -> Any:
    return lax.fori_loop(0, 8, lambda k, y: (y + x / y) / 2, 1.0 + 0 * x)


def _running_mean(x: Any) -> Any:
    def step(mean: Any, entry: Any) -> Any:
        mean = 0.75 * mean + 0.25 * entry
        return mean, mean

    return lax.scan(step, 0.0 * x[0], x)[1]


ACTIVATIONS = (
    entry("relu", nn.relu, f.relu, normal("Ab")),
    entry("relu6", nn.relu6, f.relu6, normal("Ab", 5.0)),
    entry("leaky_relu", nn.leaky_relu, f.leaky_relu, normal("Ab")),
    entry("elu", nn.elu, f.elu, normal("Ab")),
    entry("selu", nn.selu, f.selu, normal("Ab")),
    entry("celu", lambda x: nn.celu(x, 0.7), lambda xp, x: f.celu(xp, x, 0.7), normal("Ab")),
    entry("gelu", lambda x: nn.gelu(x, approximate=False), f.gelu, normal("Ab", 2.0)),
    entry("gelu_tanh", nn.gelu, f.gelu_tanh, normal("Ab", 2.0)),
    entry("silu", nn.silu, f.silu, normal("Ab", 3.0)),
    entry("mish", nn.mish, f.mish, normal("Ab", 2.0)),
    entry("softplus", nn.softplus, f.softplus, normal("Ab", 2.0)),
    entry("sigmoid", nn.sigmoid, f.sigmoid, normal("Ab", 3.0)),
    entry("log_sigmoid", nn.log_sigmoid, f.logsigmoid, normal("Ab", 3.0)),
    entry("soft_sign", nn.soft_sign, f.softsign, normal("Ab")),
    entry("hard_tanh", nn.hard_tanh, f.hardtanh, normal("Ab")),
    entry("hard_sigmoid", nn.hard_sigmoid, f.hardsigmoid, normal("Ab", 3.0)),
    entry("hard_silu", nn.hard_silu, f.hardswish, normal("Ab", 3.0)),
    entry("glu", nn.glu, f.glu, normal("A6")),
    entry(
        "squareplus",
        nn.squareplus,
        lambda xp, x: (x + xp.sqrt(x * x + 4)) / 2,
        normal("Ab"),
    ),
    entry(
        "sparse_plus",
        nn.sparse_plus,
        lambda xp, x: xp.where(x <= -1, 0 * x, xp.where(x >= 1, x, (x + 1) ** 2 / 4)),
        normal("Ab"),
    ),
    entry("softmax", nn.softmax, f.softmax, normal("Ab", 2.0)),
    entry(
        "softmax_where",
        lambda x, kept: nn.softmax(x, where=kept),
        lambda xp, x, kept: (
            xp.where(kept, xp.exp(x), 0 * x)
            / xp.sum(xp.where(kept, xp.exp(x), 0 * x), axis=-1, keepdims=True)
        ),
        normal("ab"),
        mask("ab"),
    ),
    entry("log_softmax", nn.log_softmax, f.log_softmax, normal("Ab", 2.0)),
    entry("logsumexp", lambda x: nn.logsumexp(x, axis=-1), f.logsumexp, normal("Ab", 2.0)),
    entry(
        "standardize",
        nn.standardize,
        lambda xp, x: f.standardized(xp, x, -1),
        normal("Ab"),
    ),
    entry(
        "one_hot",
        lambda x, y: jnp.sum(nn.one_hot(y, x.shape[-1], dtype=x.dtype) * x, axis=-1),
        lambda xp, x, y: xp.stack([x[k, y[k]] for k in range(x.shape[0])]),
        normal("ab"),
        labels("a", "b"),
    ),
    entry(
        "dot_product_attention",
        lambda q, k, v: nn.dot_product_attention(q[:, None], k[:, None], v[:, None])[:, 0],
        f.attention,
        normal("bc"),
        normal("dc"),
        normal("dc"),
        defect=(
            "the softmax is computed in float32 whatever the inputs are in: 5e-8 off, JAX 0.10"
        ),
    ),
    entry(
        "dot_product_attention_causal",
        lambda q, k, v: nn.dot_product_attention(
            q[:, None], k[:, None], v[:, None], is_causal=True
        )[:, 0],
        lambda xp, q, k, v: f.attention(
            xp, q, k, v, kept=f.lower_triangle(xp, q.shape[0], k.shape[0])
        ),
        normal("bc"),
        normal("bc"),
        normal("bc"),
        defect=(
            "the softmax is computed in float32 whatever the inputs are in: 5e-8 off, JAX 0.10"
        ),
    ),
)

SPECIAL = (
    entry("gammaln", S.gammaln, lambda xp, x: xp.special.gammaln(x), positive("Ab")),
    entry("digamma", S.digamma, lambda xp, x: xp.special.digamma(x + 1) - 1 / x, positive("Ab")),
    entry(
        "polygamma",
        lambda x: S.polygamma(1, x),
        lambda xp, x: xp.special.polygamma(1, x),
        positive("Ab"),
    ),
    entry("erf", S.erf, lambda xp, x: xp.special.erf(x), normal("Ab")),
    entry("erfc", S.erfc, lambda xp, x: 1 - xp.special.erf(x), normal("Ab")),
    entry(
        "erfinv",
        lambda x: S.erf(S.erfinv(x)),
        lambda xp, x: 1 * x,
        uniform("Ab", -0.9, 0.9),
    ),
    entry("ndtri", lambda x: S.ndtr(S.ndtri(x)), lambda xp, x: 1 * x, uniform("Ab", 0.1, 0.9)),
    entry("expit", S.expit, f.sigmoid, normal("Ab", 3.0)),
    entry("logit", S.logit, f.logit, uniform("Ab", 0.05, 0.95)),
    entry("xlogy", S.xlogy, lambda xp, x, y: x * xp.log(y), normal("Ab"), positive("Ab")),
    entry("xlog1py", S.xlog1py, lambda xp, x, y: x * xp.log(1 + y), normal("Ab"), positive("Ab")),
    entry("entr", S.entr, f.entropy_term, positive("Ab")),
    entry("ndtr", S.ndtr, f.normal_probability, normal("Ab")),
    entry("log_ndtr", S.log_ndtr, f.log_normal_probability, normal("Ab", 2.0)),
    entry("i0", S.i0, lambda xp, x: f.bessel_i(xp, x, 0), normal("Ab")),
    entry("i0e", S.i0e, lambda xp, x: f.scaled_bessel_i(xp, x, 0), normal("Ab")),
    entry("i1", S.i1, lambda xp, x: f.bessel_i(xp, x, 1), normal("Ab")),
    entry("i1e", S.i1e, lambda xp, x: f.scaled_bessel_i(xp, x, 1), normal("Ab")),
    entry(
        "zeta",
        lambda q: S.zeta(3.0, q),
        lambda xp, q: f.hurwitz_zeta(xp, q, 3),
        positive("Ab"),
    ),
    entry("betaln", S.betaln, f.betaln, positive("Ab"), positive("Ab")),
    entry(
        "multigammaln",
        lambda x: S.multigammaln(x, 3),
        lambda xp, x: f.multivariate_gammaln(xp, x, 3),
        uniform("Ab", 1.5, 4.0),
    ),
    entry(
        "gammainc",
        lambda x: S.gammainc(3.0, x),
        lambda xp, x: f.lower_gamma_ratio(xp, x, 3),
        positive("Ab"),
    ),
    entry(
        "gammaincc",
        lambda x: S.gammaincc(4.0, x),
        lambda xp, x: f.upper_gamma_ratio(xp, x, 4),
        positive("Ab"),
    ),
    entry(
        "betainc",
        lambda x: S.betainc(2.0, 3.0, x),
        f.beta_ratio_of_2_and_3,
        uniform("Ab", 0.1, 0.9),
    ),
    entry("exp1", S.exp1, f.exponential_integral, uniform("Ab", 0.2, 2.0)),
    entry(
        "kl_div",
        S.kl_div,
        lambda xp, p, q: p * xp.log(p / q) - p + q,
        positive("Ab"),
        positive("Ab"),
    ),
    entry(
        "rel_entr",
        S.rel_entr,
        lambda xp, p, q: p * (xp.log(p) - xp.log(q)),
        positive("Ab"),
        positive("Ab"),
    ),
    entry(
        "logsumexp_weighted",
        lambda x, b: S.logsumexp(x, axis=-1, b=b),
        lambda xp, x, b: xp.log(xp.sum(b * xp.exp(x), axis=-1)),
        normal("ab"),
        positive("ab"),
    ),
    entry("sinc", jnp.sinc, lambda xp, x: xp.sin(xp.pi * x) / (xp.pi * x), positive("Ab")),
    entry(
        "logaddexp",
        jnp.logaddexp,
        lambda xp, x, y: xp.log(xp.exp(x) + xp.exp(y)),
        normal("Ab"),
        normal("b"),
    ),
)

DISTRIBUTIONS = (
    entry(
        "norm_logpdf",
        P.norm.logpdf,
        lambda xp, x, m, s: -(((x - m) / s) ** 2) / 2 - xp.log(s) - math.log(2 * math.pi) / 2,
        normal("Ab"),
        normal("b"),
        positive("b"),
    ),
    entry(
        "gamma_logpdf",
        P.gamma.logpdf,
        lambda xp, x, a: (a - 1) * xp.log(x) - x - xp.special.gammaln(a),
        positive("Ab"),
        positive("b"),
    ),
    entry(
        "beta_logpdf",
        P.beta.logpdf,
        lambda xp, x, a, b: (a - 1) * xp.log(x) + (b - 1) * xp.log(1 - x) - f.betaln(xp, a, b),
        uniform("Ab", 0.1, 0.9),
        positive("b"),
        positive("b"),
    ),
    entry(
        "t_logpdf",
        P.t.logpdf,
        lambda xp, x, n: (
            xp.special.gammaln((n + 1) / 2)
            - xp.special.gammaln(n / 2)
            - xp.log(n * math.pi) / 2
            - (n + 1) / 2 * xp.log(1 + x * x / n)
        ),
        normal("Ab"),
        positive("b"),
    ),
    entry(
        "dirichlet_logpdf",
        P.dirichlet.logpdf,
        lambda xp, x, a: (
            xp.special.gammaln(xp.sum(a)) + xp.sum((a - 1) * xp.log(x) - xp.special.gammaln(a))
        ),
        probabilities("b"),
        positive("b"),
    ),
    entry(
        "multivariate_normal_logpdf",
        P.multivariate_normal.logpdf,
        lambda xp, x, m, c: (
            -xp.sum((x - m) * xp.linalg.solve(f.symmetric(c), x - m)) / 2
            - xp.log(xp.linalg.det(f.symmetric(c))) / 2
            - x.shape[0] / 2 * math.log(2 * math.pi)
        ),
        normal("b"),
        normal("b"),
        fixed(definite("bb")),
    ),
    entry(
        "cauchy_logpdf",
        P.cauchy.logpdf,
        lambda xp, x: -math.log(math.pi) - xp.log(1 + x * x),
        normal("Ab"),
    ),
    entry(
        "logistic_logpdf",
        P.logistic.logpdf,
        lambda xp, x: -x - 2 * xp.log(1 + xp.exp(-x)),
        normal("Ab"),
    ),
)

ALONG_AXES = (
    entry(
        "prod",
        lambda x: jnp.prod(x, axis=-1),
        lambda xp, x: f.cumulative_products(xp, x)[..., -1],
        normal("Ab"),
    ),
    entry("cumprod", lambda x: jnp.cumprod(x, axis=-1), f.cumulative_products, normal("Ab")),
    entry(
        "cumlogsumexp",
        lambda x: lax.cumlogsumexp(x, axis=x.ndim - 1),
        f.cumulative_logsumexp,
        normal("Ab"),
    ),
    entry("cummax", lambda x: lax.cummax(x, axis=x.ndim - 1), f.cumulative_max, normal("Ab")),
    entry(
        "var",
        lambda x: jnp.var(x, axis=-1, ddof=1),
        lambda xp, x: (
            xp.sum((x - xp.mean(x, axis=-1, keepdims=True)) ** 2, axis=-1) / (x.shape[-1] - 1)
        ),
        normal("Ab"),
    ),
    entry(
        "std",
        lambda x: jnp.std(x, axis=-1),
        lambda xp, x: xp.sqrt(xp.mean(x * x, axis=-1) - xp.mean(x, axis=-1) ** 2),
        normal("Ab"),
    ),
    entry("median", lambda x: jnp.median(x, axis=-1), f.median, normal("Ab")),
    entry(
        "quantile",
        lambda x: jnp.quantile(x, 0.3, axis=-1),
        lambda xp, x: f.quantile(xp, x, 0.3),
        normal("Ab"),
    ),
    entry("sort", lambda x: jnp.sort(x, axis=0), lambda xp, x: xp.sort(x, axis=0), normal("aB")),
    entry(
        "top_k",
        lambda x: lax.top_k(x, 2)[0],
        lambda xp, x: xp.sort(x, axis=-1, descending=True)[..., :2],
        normal("Ab"),
    ),
    entry(
        "take_along_axis",
        lambda x, i: jnp.take_along_axis(x, i, axis=-1),
        f.along_last,
        normal("ab"),
        labels("ac", "b"),
    ),
    entry(
        "at_add",
        lambda x, y, i: x.at[i].add(y),
        f.added_at,
        normal("ab"),
        normal("cb"),
        labels("c", "a"),
    ),
    entry(
        "at_set",
        lambda x, y, i: x.at[i].set(y),
        lambda xp, x, y, i: f.one_hot(xp, i, x.shape[0], x).mT @ y + 0 * x,
        normal("ab"),
        normal("ab"),
        permutation("a"),
    ),
    entry(
        "at_multiply",
        lambda x, i: x.at[i[:1]].multiply(3.0),
        lambda xp, x, i: x + 2 * f.one_hot(xp, i[0], x.shape[0], x)[:, None] * x,
        normal("ab"),
        labels("c", "a"),
    ),
    entry(
        "segment_sum",
        lambda x, i: jax.ops.segment_sum(x, i, 4),
        lambda xp, x, i: f.segment_sums(xp, x, i, 4),
        normal("ab"),
        labels("a", "4"),
    ),
    entry(
        "ptp",
        lambda x: jnp.ptp(x, axis=-1),
        lambda xp, x: xp.max(x, axis=-1) + xp.max(-x, axis=-1),
        normal("Ab"),
    ),
    entry("trapezoid", jnp.trapezoid, f.trapezoid, normal("b"), normal("b")),
    entry("diff", jnp.diff, lambda xp, x: x[..., 1:] - x[..., :-1], normal("Ab")),
    entry(
        "pad_reflect",
        lambda x: jnp.pad(x, ((0, 0), (1, 1)), mode="reflect"),
        lambda xp, x: xp.concat([x[:, 1:2], x, x[:, -2:-1]], axis=-1),
        normal("Ab"),
    ),
    entry("roll", lambda x: jnp.roll(x, (1, -1), (0, 1)), f.rolled, normal("ab")),
    entry(
        "select",
        lambda x, y, m: jnp.select([m, x > 0], [x, x * y], y),
        lambda xp, x, y, m: xp.where(m, x, xp.where(x > 0, x * y, y)),
        normal("ab"),
        normal("ab"),
        mask("ab"),
    ),
    entry(
        "interp",
        lambda y, x: jnp.interp(x, jnp.arange(4.0), y),
        lambda xp, y, x: xp.stack(
            [
                xp.sum(y * f.relu(xp, 1 - xp.abs(x[k] - xp.arange(4, dtype=y.dtype))))
                for k in range(x.shape[0])
            ]
        ),
        normal("4"),
        uniform("b", 0.1, 2.9),
    ),
    entry(
        "polyval",
        jnp.polyval,
        lambda xp, p, x: sum(p[k] * x ** (p.shape[0] - 1 - k) for k in range(p.shape[0])),
        normal("b"),
        normal("c"),
    ),
    entry(
        "convolve",
        jnp.convolve,
        lambda xp, x, y: f.convolution(
            xp,
            f.padded(xp, x, y.shape[0] - 1, y.shape[0] - 1)[None, None],
            xp.flip(y, axis=0)[None, None],
        )[0, 0],
        normal("4"),
        normal("3"),
    ),
)

LINEAR_ALGEBRA = (
    entry("det", L.det, lambda xp, x: xp.linalg.det(x), matrix("Abb")),
    entry("slogdet", lambda x: L.slogdet(x)[1], f.log_abs_determinant, matrix("bb")),
    entry("inv", L.inv, lambda xp, x: xp.linalg.inv(x), matrix("bb")),
    entry("solve", L.solve, lambda xp, a, b: xp.linalg.inv(a) @ b, matrix("bb"), normal("bC")),
    entry(
        "solve_triangular",
        lambda a, b: jax.scipy.linalg.solve_triangular(a, b, lower=True, trans=1),
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
        "cho_solve",
        lambda a, b: jax.scipy.linalg.cho_solve(jax.scipy.linalg.cho_factor(_symmetric(a)), b),
        lambda xp, a, b: xp.linalg.solve(f.symmetric(a), b),
        definite("bb"),
        normal("bC"),
    ),
    entry(
        "eigh",
        lambda x: (lambda w, v: (v * jnp.exp(w / 4)) @ v.mT)(*L.eigh(_symmetric(x))),
        lambda xp, x: f.exponential(xp, f.symmetric(x) / 4),
        definite("bb"),
    ),
    entry(
        "eigvalsh",
        lambda x: L.eigvalsh(_symmetric(x)),
        lambda xp, x: xp.linalg.eigvalsh(f.symmetric(x)),
        definite("bb"),
    ),
    entry("expm", jax.scipy.linalg.expm, f.exponential, normal("bb", 0.5)),
    entry("pinv", L.pinv, f.pseudoinverse, uniform("52", -1.0, 1.0)),
    entry(
        "lstsq",
        lambda a, b: L.lstsq(a, b)[0],
        f.least_squares,
        uniform("52", -1.0, 1.0),
        normal("5C"),
    ),
    entry("matrix_power", lambda x: L.matrix_power(x, 3), lambda xp, x: x @ x @ x, normal("bb")),
    entry(
        "norm_nuclear",
        lambda x: L.norm(x, "nuc"),
        lambda xp, x: xp.sum(xp.linalg.svdvals(x)),
        definite("bb"),
    ),
    entry("norm", L.norm, lambda xp, x: xp.sqrt(xp.sum(x * x)), normal("Ab")),
    entry(
        "norm_3",
        lambda x: L.norm(x, 3, axis=-1),
        lambda xp, x: xp.sum(xp.abs(x) ** 3, axis=-1) ** (1 / 3),
        normal("Ab"),
    ),
    entry(
        "einsum",
        lambda x, y: jnp.einsum("aij,jk->aki", x, y),
        lambda xp, x, y: xp.permute_dims(x @ y, (0, 2, 1)),
        normal("Abc"),
        normal("cd"),
    ),
    entry("kron", jnp.kron, f.kronecker, normal("Ab"), normal("bC")),
    entry("cross", jnp.cross, f.cross, normal("A3"), normal("A3")),
    entry(
        "outer",
        jnp.outer,
        lambda xp, x, y: x[:, None] * y[None, :],
        normal("a"),
        normal("b"),
    ),
    entry("cov", jnp.cov, f.covariance, normal("bc")),
    entry("corrcoef", jnp.corrcoef, f.correlation, normal("b5")),
    entry(
        "rfft_power",
        lambda x: jnp.abs(jnp.fft.rfft(x)) ** 2,
        lambda xp, x: f.power_spectrum(xp, x, x.shape[-1] // 2 + 1),
        normal("Ab"),
    ),
    entry(
        "fft_power",
        lambda x: (lambda y: jnp.real(y * jnp.conj(y)))(jnp.fft.fft(x)),
        lambda xp, x: f.power_spectrum(xp, x, x.shape[-1]),
        normal("Ab"),
    ),
    entry(
        "toeplitz",
        jax.scipy.linalg.toeplitz,
        lambda xp, x: xp.stack(
            [xp.stack([x[abs(i - j)] for j in range(x.shape[0])]) for i in range(x.shape[0])]
        ),
        normal("b"),
    ),
)

WINDOWS_AND_LOOPS = (
    entry(
        "conv",
        lambda x, w: lax.conv(x, w, (1,), "VALID"),
        f.convolution,
        normal("AB5"),
        normal("cB3"),
    ),
    entry(
        "conv_strided_dilated",
        lambda x, w: lax.conv_general_dilated(x, w, (2, 2), [(1, 1), (1, 1)], rhs_dilation=(2, 2)),
        lambda xp, x, w: f.convolution(xp, x, w, stride=2, dilation=2, padding=1),
        normal("AB45"),
        normal("CB22"),
    ),
    entry(
        "conv_transpose",
        lambda x, w: lax.conv_transpose(
            x, w, (2,), "VALID", dimension_numbers=("NCH", "OIH", "NCH"), transpose_kernel=True
        ),
        lambda xp, x, w: f.transposed_convolution(xp, x, w, 2),
        normal("A23"),
        normal("232"),
    ),
    entry(
        "max_pool",
        lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (1, 2), (1, 1), "VALID"),
        lambda xp, x: f.max_pool(xp, x, (2,), 1),
        normal("Ab"),
    ),
    entry(
        "sum_pool",
        lambda x: lax.reduce_window(x, 0.0, lax.add, (1, 2), (1, 2), "VALID"),
        lambda xp, x: 2 * f.mean_pool(xp, x, (2,), 2),
        normal("A6"),
    ),
    entry("scan", _running_mean, f.exponential_means, normal("aB")),
    entry("fori_loop", _newton_square_root, lambda xp, x: xp.sqrt(x), positive("Ab")),
    entry(
        "cond",
        lambda x: jax.vmap(lambda y: lax.cond(y > 0, jnp.sin, jnp.square, y))(x),
        lambda xp, x: xp.where(x > 0, xp.sin(x), x * x),
        normal("b"),
    ),
    entry(
        "associative_scan",
        lambda x: lax.associative_scan(jnp.multiply, x, axis=-1),
        f.cumulative_products,
        normal("Ab"),
    ),
    entry(
        "map_coordinates",
        lambda image, x: jax.scipy.ndimage.map_coordinates(image, x, order=1),
        lambda xp, image, x: f.bilinear_samples(
            xp, image[None, None], (xp.flip(x, axis=0).mT - 1)[None, :, None]
        )[0, 0, :, 0],
        normal("33"),
        uniform("2b", 0.1, 1.9),
    ),
    entry(
        "resize_bilinear",
        lambda x: jax.image.resize(x, (x.shape[0], 5), "linear"),
        lambda xp, x: f.stretched(xp, x, f.linear_weights(x.shape[-1], 5, corners=False), -1),
        normal("Ab"),
    ),
)

ENTRIES = (
    *ACTIVATIONS,
    *SPECIAL,
    *DISTRIBUTIONS,
    *ALONG_AXES,
    *LINEAR_ALGEBRA,
    *WINDOWS_AND_LOOPS,
)
