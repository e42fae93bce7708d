"""Functions of PyTorch beside their formulas."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F

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
    signs,
    uniform,
)

L = torch.linalg
S = torch.special


def _symmetric(x: Any) -> Any:
    return (x + x.mT) / 2


def _cosine(xp: Any, x: Any, y: Any) -> Any:
    """The cosine of an angle, with what Loss.cpp adds to both squared norms (EPSILON)."""
    sizes = (xp.sum(x * x, axis=-1) + 1e-12) * (xp.sum(y * y, axis=-1) + 1e-12)
    return xp.sum(x * y, axis=-1) / xp.sqrt(sizes)


ACTIVATIONS = (
    entry("relu", F.relu, f.relu, normal("Ab")),
    entry("relu6", F.relu6, f.relu6, normal("Ab", 5.0)),
    entry("leaky_relu", F.leaky_relu, f.leaky_relu, normal("Ab")),
    entry("elu", F.elu, f.elu, normal("Ab")),
    entry("selu", F.selu, f.selu, normal("Ab")),
    entry(
        "celu",
        lambda x: F.celu(x, 0.7),
        lambda xp, x: f.celu(xp, x, 0.7),
        normal("Ab"),
        defect=(
            "the slope of alpha = 0.7 on the negative side is off by 5e-9: that of F.celu(x, 0.7) "
            "at x = -0.5 beside exp(x / 0.7), torch 2.13; alpha = 0.5 is right"
        ),
    ),
    entry("gelu", F.gelu, f.gelu, normal("Ab", 2.0)),
    entry("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), f.gelu_tanh, normal("Ab", 2.0)),
    entry("silu", F.silu, f.silu, normal("Ab", 3.0)),
    entry("mish", F.mish, f.mish, normal("Ab", 2.0)),
    entry("softplus", F.softplus, f.softplus, normal("Ab", 2.0)),
    entry(
        "softplus_beta",
        lambda x: F.softplus(x, beta=2.0, threshold=3.0),
        lambda xp, x: xp.where(2 * x > 3, x, f.softplus(xp, 2 * x) / 2),
        normal("Ab", 2.0),
    ),
    entry("hardtanh", F.hardtanh, f.hardtanh, normal("Ab")),
    entry("hardswish", F.hardswish, f.hardswish, normal("Ab", 3.0)),
    entry(
        "hardsigmoid",
        F.hardsigmoid,
        f.hardsigmoid,
        normal("Ab", 3.0),
        defect=(
            "the backward kernel has 1/6 in float32: the slope at 0.5 is 0.1666666716, torch 2.13"
        ),
    ),
    entry("logsigmoid", F.logsigmoid, f.logsigmoid, normal("Ab", 3.0)),
    entry("sigmoid", torch.sigmoid, f.sigmoid, normal("Ab", 3.0)),
    entry("softsign", F.softsign, f.softsign, normal("Ab")),
    entry("tanhshrink", F.tanhshrink, f.tanhshrink, normal("Ab")),
    entry(
        "softshrink",
        F.softshrink,
        lambda xp, x: f.relu(xp, x - 0.5) - f.relu(xp, -x - 0.5),
        normal("Ab"),
    ),
    entry(
        "hardshrink",
        F.hardshrink,
        lambda xp, x: xp.where(xp.abs(x) > 0.5, x, 0.0 * x),
        normal("Ab"),
    ),
    entry(
        "threshold",
        lambda x: F.threshold(x, 0.1, 20.0),
        lambda xp, x: xp.where(x > 0.1, x, 0.0 * x + 20),
        normal("Ab"),
    ),
    entry(
        "prelu",
        F.prelu,
        lambda xp, x, a: xp.where(x > 0, x, a[:, None] * x),
        normal("abC"),
        normal("b"),
    ),
    entry("glu", F.glu, f.glu, normal("A6")),
    entry("rrelu", F.rrelu, lambda xp, x: f.leaky_relu(xp, x, 11 / 48), normal("Ab")),
    entry("softmax", lambda x: F.softmax(x, -1), f.softmax, normal("Ab", 2.0)),
    entry("softmin", lambda x: F.softmin(x, -1), lambda xp, x: f.softmax(xp, -x), normal("Ab")),
    entry("log_softmax", lambda x: F.log_softmax(x, -1), f.log_softmax, normal("Ab", 2.0)),
)

LOSSES = (
    entry("mse_loss", F.mse_loss, f.mean_square, normal("Ab"), normal("Ab")),
    entry("l1_loss", F.l1_loss, f.mean_absolute, normal("Ab"), normal("Ab")),
    entry(
        "smooth_l1_loss",
        lambda x, y: F.smooth_l1_loss(x, y, beta=0.6),
        lambda xp, x, y: f.smooth_l1(xp, x, y, 0.6),
        normal("ab"),
        normal("ab"),
    ),
    entry(
        "huber_loss",
        lambda x, y: F.huber_loss(x, y, delta=0.8),
        lambda xp, x, y: f.huber(xp, x, y, 0.8),
        normal("ab"),
        normal("ab"),
    ),
    entry("cross_entropy", F.cross_entropy, f.cross_entropy, normal("ab"), labels("a", "b")),
    entry(
        "cross_entropy_probabilities",
        F.cross_entropy,
        lambda xp, x, p: xp.mean(f.cross_entropies_of_probabilities(xp, x, p)),
        normal("ab"),
        fixed(probabilities("ab")),
    ),
    entry(
        "cross_entropy_smoothed",
        lambda x, y: F.cross_entropy(x, y, label_smoothing=0.25),
        lambda xp, x, y: (
            0.75 * f.cross_entropy(xp, x, y) + 0.25 * xp.mean(f.logsumexp(xp, x)[:, None] - x)
        ),
        normal("ab"),
        labels("a", "b"),
    ),
    entry(
        "cross_entropy_weighted",
        lambda x, y, w: F.cross_entropy(x, y, weight=w),
        lambda xp, x, y, w: (
            xp.sum(f.cross_entropies(xp, x, y) * xp.take(w, y)) / xp.sum(xp.take(w, y))
        ),
        normal("ab"),
        labels("a", "b"),
        fixed(positive("b")),
    ),
    entry(
        "cross_entropy_ignored",
        lambda x, y: F.cross_entropy(x, y, ignore_index=0, reduction="sum"),
        lambda xp, x, y: xp.sum(f.cross_entropies(xp, x, y) * xp.astype(y > 0, x.dtype)),
        normal("ab"),
        labels("a", "b"),
    ),
    entry(
        "nll_loss",
        F.nll_loss,
        lambda xp, x, y: -xp.mean(f.picked(xp, x, y)),
        normal("ab"),
        labels("a", "b"),
    ),
    entry(
        "binary_cross_entropy",
        F.binary_cross_entropy,
        lambda xp, p, y: xp.mean(f.binary_cross_entropies(xp, p, y)),
        uniform("Ab", 0.05, 0.95),
        fixed(uniform("Ab", 0.0, 1.0)),
    ),
    entry(
        "binary_cross_entropy_target",
        lambda y, p: F.binary_cross_entropy(p, y),
        lambda xp, y, p: xp.mean(f.binary_cross_entropies(xp, p, y)),
        uniform("Ab", 0.0, 1.0),
        fixed(uniform("Ab", 0.05, 0.95)),
    ),
    entry(
        "binary_cross_entropy_with_logits",
        F.binary_cross_entropy_with_logits,
        lambda xp, x, y: xp.mean(f.logit_cross_entropies(xp, x, y)),
        normal("Ab", 2.0),
        uniform("Ab", 0.0, 1.0),
    ),
    entry(
        "binary_cross_entropy_with_logits_weighted",
        lambda x, y: F.binary_cross_entropy_with_logits(x, y, pos_weight=torch.tensor(2.5)),
        lambda xp, x, y: xp.mean(f.logit_cross_entropies(xp, x, y, 2.5)),
        normal("Ab", 2.0),
        fixed(uniform("Ab", 0.0, 1.0)),
    ),
    entry(
        "kl_div",
        lambda x, p: F.kl_div(x, p, reduction="batchmean"),
        lambda xp, x, p: xp.sum(p * (xp.log(p) - x)) / x.shape[0],
        normal("ab"),
        probabilities("ab"),
    ),
    entry(
        "kl_div_log_target",
        lambda x, p: F.kl_div(x, p, reduction="sum", log_target=True),
        lambda xp, x, p: xp.sum(xp.exp(p) * (p - x)),
        normal("ab"),
        normal("ab"),
    ),
    entry(
        "poisson_nll_loss",
        F.poisson_nll_loss,
        lambda xp, x, y: xp.mean(xp.exp(x) - y * x),
        normal("Ab"),
        positive("Ab"),
    ),
    entry(
        "gaussian_nll_loss",
        F.gaussian_nll_loss,
        lambda xp, x, y, v: xp.mean(xp.log(v) + (x - y) ** 2 / v) / 2,
        normal("Ab"),
        normal("Ab"),
        positive("Ab"),
    ),
    entry(
        "hinge_embedding_loss",
        F.hinge_embedding_loss,
        lambda xp, x, y: xp.mean(xp.where(y > 0, x, f.relu(xp, 1 - x))),
        normal("Ab"),
        signs("Ab"),
    ),
    entry(
        "soft_margin_loss",
        F.soft_margin_loss,
        lambda xp, x, y: xp.mean(f.softplus(xp, -y * x)),
        normal("Ab"),
        signs("Ab"),
    ),
    entry(
        "multilabel_soft_margin_loss",
        F.multilabel_soft_margin_loss,
        lambda xp, x, y: xp.mean(f.logit_cross_entropies(xp, x, y)),
        normal("ab"),
        fixed(uniform("ab", 0.0, 1.0)),
    ),
    entry(
        "multi_margin_loss",
        F.multi_margin_loss,
        lambda xp, x, y: (
            xp.sum(
                f.relu(xp, 1 - f.picked(xp, x, y)[:, None] + x)
                * (1 - f.one_hot(xp, y, x.shape[1], x))
            )
            / (x.shape[0] * x.shape[1])
        ),
        normal("ab"),
        labels("a", "b"),
    ),
    entry(
        "cosine_embedding_loss",
        lambda x, y, s: F.cosine_embedding_loss(x, y, s, margin=0.1),
        lambda xp, x, y, s: xp.mean(
            xp.where(
                s > 0,
                1 - _cosine(xp, x, y),
                f.relu(xp, _cosine(xp, x, y) - 0.1),
            )
        ),
        normal("ab"),
        normal("ab"),
        signs("a"),
    ),
    entry(
        "triplet_margin_loss",
        lambda a, p, n: F.triplet_margin_loss(a, p, n, eps=0.0),
        lambda xp, a, p, n: xp.mean(
            f.relu(
                xp,
                xp.sqrt(xp.sum((a - p) ** 2, axis=-1)) - xp.sqrt(xp.sum((a - n) ** 2, axis=-1)) + 1,
            )
        ),
        normal("ab"),
        normal("ab"),
        normal("ab"),
    ),
    entry(
        "margin_ranking_loss",
        lambda x, y, s: F.margin_ranking_loss(x, y, s, margin=0.2),
        lambda xp, x, y, s: xp.mean(f.relu(xp, -s * (x - y) + 0.2)),
        normal("a"),
        normal("a"),
        signs("a"),
    ),
    entry(
        "ctc_loss",
        lambda x: F.ctc_loss(
            F.log_softmax(x, -1)[:, None], torch.tensor([[1, 1]]), (6,), (2,), reduction="sum"
        ),
        lambda xp, x: f.ctc(xp, f.log_softmax(xp, x), (1, 1)),
        normal("63"),
    ),
)

NORMALISATIONS = (
    entry(
        "layer_norm",
        lambda x, w, b: F.layer_norm(x, x.shape[-1:], w, b),
        f.layer_norm,
        normal("Ab"),
        normal("b"),
        normal("b"),
    ),
    entry(
        "rms_norm",
        lambda x, w: F.rms_norm(x, x.shape[-1:], w, eps=1e-5),
        f.rms_norm,
        normal("Ab"),
        normal("b"),
    ),
    entry(
        "group_norm",
        lambda x: F.group_norm(x, 2),
        lambda xp, x: f.group_norm(xp, x, 2),
        normal("A4b"),
    ),
    entry(
        "instance_norm",
        F.instance_norm,
        lambda xp, x: f.standardized(xp, x, -1),
        normal("Abc"),
    ),
    entry(
        "batch_norm_training",
        lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True),
        lambda xp, x, w, b: w[:, None] * f.standardized(xp, x, (0, 2)) + b[:, None],
        normal("aBc"),
        normal("B"),
        normal("B"),
    ),
    entry(
        "batch_norm_eval",
        lambda x, w, b, mean, var: F.batch_norm(x, mean, var, w, b),
        lambda xp, x, w, b, mean, var: w * (x - mean) / xp.sqrt(var + 1e-5) + b,
        normal("ab"),
        normal("b"),
        normal("b"),
        fixed(normal("b")),
        fixed(positive("b")),
    ),
    entry(
        "local_response_norm",
        lambda x: F.local_response_norm(x, 3, alpha=0.5, beta=0.75, k=1.5),
        lambda xp, x: (
            x
            / (
                1.5
                + 0.5 * f.mean_pool(xp, xp.moveaxis(f.padded(xp, x**2, 1, 1, 1), 1, -1), (3,), 1).mT
            )
            ** 0.75
        ),
        normal("Abc"),
    ),
    entry("normalize", lambda x: F.normalize(x, dim=-1), f.unit_vectors, normal("Ab")),
    entry(
        "cosine_similarity", F.cosine_similarity, f.cosine_similarity, normal("ab"), normal("ab")
    ),
)

POOLINGS = (
    entry(
        "avg_pool1d",
        lambda x: F.avg_pool1d(x, 2, 2),
        lambda xp, x: f.mean_pool(xp, x, (2,), 2),
        normal("AB6"),
    ),
    entry(
        "avg_pool2d_padded",
        lambda x: F.avg_pool2d(x, 3, 1, padding=1),
        lambda xp, x: f.mean_pool(xp, f.padded(xp, f.padded(xp, x, 1, 1, -1), 1, 1, -2), (3, 3), 1),
        normal("ABcd"),
    ),
    entry(
        "max_pool1d",
        lambda x: F.max_pool1d(x, 2, 1),
        lambda xp, x: f.max_pool(xp, x, (2,), 1),
        normal("AB5"),
    ),
    entry(
        "max_pool2d",
        lambda x: F.max_pool2d(x, 2, 2),
        lambda xp, x: f.max_pool(xp, x, (2, 2), 2),
        normal("AB54"),
    ),
    entry(
        "adaptive_avg_pool1d",
        lambda x: F.adaptive_avg_pool1d(x, 3),
        lambda xp, x: f.mean_pool(xp, x, (2,), 2),
        normal("AB6"),
    ),
    entry(
        "adaptive_max_pool2d",
        lambda x: F.adaptive_max_pool2d(x, (2, 1)),
        lambda xp, x: f.max_pool(xp, x, (2, 3), 2),
        normal("AB43"),
    ),
    entry(
        "lp_pool1d",
        lambda x: F.lp_pool1d(x, 3, 2, 2),
        lambda xp, x: xp.sum(f.windows(xp, x, (2,), 2) ** 3, axis=-1) ** (1 / 3),
        positive("AB6"),
    ),
    entry(
        "lp_pool2d",
        lambda x: F.lp_pool2d(x, 2.0, 2, 1),
        lambda xp, x: xp.sqrt(xp.sum(f.windows(xp, x, (2, 2), 1) ** 2, axis=-1)),
        normal("AB33"),
    ),
)

CONVOLUTIONS = (
    entry(
        "conv1d",
        F.conv1d,
        lambda xp, x, w, b: f.convolution(xp, x, w) + b[:, None],
        normal("AB5"),
        normal("cB3"),
        normal("c"),
    ),
    entry(
        "conv1d_dilated",
        lambda x, w: F.conv1d(x, w, dilation=2, padding=1),
        lambda xp, x, w: f.convolution(xp, x, w, dilation=2, padding=1),
        normal("AB5"),
        normal("cB2"),
    ),
    entry(
        "conv2d_strided",
        lambda x, w: F.conv2d(x, w, stride=2, padding=1),
        lambda xp, x, w: f.convolution(xp, x, w, stride=2, padding=1),
        normal("AB45"),
        normal("CB22"),
    ),
    entry(
        "conv1d_grouped",
        lambda x, w: F.conv1d(x, w, groups=2),
        lambda xp, x, w: f.grouped_convolution(xp, x, w, 2),
        normal("A44"),
        normal("222"),
    ),
    entry(
        "conv3d",
        F.conv3d,
        f.convolution,
        normal("AB223"),
        normal("CB122"),
    ),
    entry(
        "conv_transpose1d",
        lambda x, w: F.conv_transpose1d(x, w, stride=2),
        lambda xp, x, w: f.transposed_convolution(xp, x, w, 2),
        normal("AB3"),
        normal("BC2"),
    ),
    entry(
        "conv_transpose2d",
        F.conv_transpose2d,
        f.transposed_convolution,
        normal("AB22"),
        normal("BC22"),
    ),
    entry(
        "unfold",
        lambda x: F.unfold(x, 2),
        lambda xp, x: xp.reshape(
            xp.moveaxis(f.windows(xp, x, (2, 2)), -1, 2), (x.shape[0], 4 * x.shape[1], -1)
        ),
        normal("AB33"),
    ),
    entry(
        "fold",
        lambda x: F.fold(x, (2, 2), 1),
        lambda xp, x: xp.reshape(x, (*x.shape[:2], 2, 2)),
        normal("Ab4"),
    ),
    entry(
        "linear",
        F.linear,
        lambda xp, x, w, b: x @ w.mT + b,
        normal("Ab"),
        normal("cb"),
        normal("c"),
    ),
    entry(
        "bilinear",
        F.bilinear,
        lambda xp, x, y, w: xp.sum(
            x[:, None, :, None] * w[None] * y[:, None, None, :], axis=(2, 3)
        ),
        normal("Ab"),
        normal("Ac"),
        normal("Dbc"),
    ),
)

ATTENTION = (
    entry(
        "attention",
        F.scaled_dot_product_attention,
        f.attention,
        normal("Abc"),
        normal("Adc"),
        normal("Ad2"),
    ),
    entry(
        "attention_causal",
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
        lambda xp, q, k, v: f.attention(
            xp, q, k, v, kept=f.lower_triangle(xp, q.shape[-2], k.shape[-2])
        ),
        normal("bc"),
        normal("bc"),
        normal("b2"),
    ),
    entry(
        "attention_masked",
        lambda q, k, v, kept: F.scaled_dot_product_attention(q, k, v, attn_mask=kept),
        lambda xp, q, k, v, kept: f.attention(xp, q, k, v, kept=kept),
        normal("bc"),
        normal("dc"),
        normal("d2"),
        mask("bd"),
    ),
    entry(
        "attention_biased",
        lambda q, k, v, bias: F.scaled_dot_product_attention(q, k, v, attn_mask=bias),
        lambda xp, q, k, v, bias: f.attention(xp, q, k, v, added=bias),
        normal("bc"),
        normal("dc"),
        normal("d2"),
        normal("bd"),
    ),
)

LINEAR_ALGEBRA = (
    entry("det", L.det, lambda xp, x: xp.linalg.det(x), matrix("Abb")),
    entry(
        "slogdet",
        lambda x: L.slogdet(x).logabsdet,
        f.log_abs_determinant,
        matrix("bb"),
    ),
    entry("logdet", torch.logdet, lambda xp, x: xp.log(xp.linalg.det(x)), definite("bb")),
    entry("inv", L.inv, lambda xp, x: xp.linalg.inv(x), matrix("bb")),
    entry("solve", L.solve, lambda xp, a, b: xp.linalg.inv(a) @ b, matrix("bb"), normal("bC")),
    entry(
        "solve_triangular",
        lambda a, b: L.solve_triangular(a, b, upper=False),
        lambda xp, a, b: xp.linalg.solve(xp.tril(a), b),
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
        lambda b, a: torch.cholesky_solve(b, L.cholesky(_symmetric(a))),
        lambda xp, b, a: xp.linalg.solve(f.symmetric(a), b),
        normal("bC"),
        definite("bb"),
    ),
    entry(
        "cholesky_inverse",
        lambda a: torch.cholesky_inverse(L.cholesky(_symmetric(a))),
        lambda xp, a: xp.linalg.inv(f.symmetric(a)),
        definite("bb"),
        defect=(
            "torch.func.jvp differs from a central difference in the first digit, at any "
            "L = cholesky(A) and any lower triangular tangent, torch 2.13; reverse mode is right"
        ),
    ),
    entry(
        "qr",
        lambda x: torch.abs(torch.diagonal(L.qr(x).R)),
        lambda xp, x: xp.sqrt(
            xp.stack([xp.linalg.det((x.mT @ x)[:k, :k]) for k in range(1, x.shape[1] + 1)])
            / xp.stack(
                [1 + 0 * xp.sum(x)]
                + [xp.linalg.det((x.mT @ x)[:k, :k]) for k in range(1, x.shape[1])]
            )
        ),
        matrix("bb"),
    ),
    entry(
        "eigvalsh",
        lambda x: L.eigvalsh(_symmetric(x)),
        lambda xp, x: xp.linalg.eigvalsh(f.symmetric(x)),
        definite("bb"),
    ),
    entry(
        "eigh",
        lambda x: (lambda e: e[1] @ torch.diag(torch.exp(e[0] / 4)) @ e[1].mT)(
            L.eigh(_symmetric(x))
        ),
        lambda xp, x: f.exponential(xp, f.symmetric(x) / 4),
        definite("bb"),
    ),
    entry("svdvals", L.svdvals, lambda xp, x: xp.linalg.svdvals(x), definite("bb")),
    entry(
        "svd",
        lambda x: (lambda u, s, v: u @ torch.diag(s**3) @ v)(*L.svd(x, full_matrices=False)),
        lambda xp, x: x @ x.mT @ x,
        definite("bb"),
    ),
    entry(
        "matrix_norm_nuclear",
        lambda x: L.matrix_norm(x, "nuc"),
        lambda xp, x: xp.sum(xp.linalg.svdvals(x)),
        definite("bb"),
    ),
    entry(
        "matrix_norm_1",
        lambda x: L.matrix_norm(x, 1),
        lambda xp, x: xp.max(xp.sum(xp.abs(x), axis=-2), axis=-1),
        normal("Abc"),
    ),
    entry(
        "matrix_norm_inf",
        lambda x: L.matrix_norm(x, torch.inf),
        lambda xp, x: xp.max(xp.sum(xp.abs(x), axis=-1), axis=-1),
        normal("Abc"),
    ),
    entry(
        "vector_norm_3",
        lambda x: L.vector_norm(x, 3, dim=-1),
        lambda xp, x: xp.sum(xp.abs(x) ** 3, axis=-1) ** (1 / 3),
        normal("Ab"),
    ),
    entry("norm", torch.norm, lambda xp, x: xp.sqrt(xp.sum(x * x)), normal("Ab")),
    entry("matrix_exp", L.matrix_exp, f.exponential, normal("bb", 0.5)),
    entry("matrix_power", lambda x: L.matrix_power(x, 3), lambda xp, x: x @ x @ x, normal("bb")),
    entry(
        "matrix_power_negative",
        lambda x: L.matrix_power(x, -2),
        lambda xp, x: xp.linalg.inv(x @ x),
        matrix("bb"),
    ),
    entry("pinv", L.pinv, f.pseudoinverse, uniform("52", -1.0, 1.0)),
    entry(
        "lstsq",
        lambda a, b: L.lstsq(a, b).solution,
        f.least_squares,
        uniform("52", -1.0, 1.0),
        normal("5C"),
    ),
    entry(
        "trace",
        torch.trace,
        lambda xp, x: xp.sum(x * xp.eye(x.shape[0], x.shape[1], dtype=x.dtype)),
        normal("bc"),
    ),
    entry(
        "einsum",
        lambda x, y: torch.einsum("aij,jk->aki", x, y),
        lambda xp, x, y: xp.permute_dims(x @ y, (0, 2, 1)),
        normal("Abc"),
        normal("cd"),
    ),
    entry(
        "bmm",
        torch.bmm,
        lambda xp, x, y: xp.sum(x[..., :, :, None] * y[..., None, :, :], axis=-2),
        normal("Abc"),
        normal("Acd"),
    ),
    entry(
        "baddbmm",
        lambda x, y, z: torch.baddbmm(z, x, y, beta=0.5, alpha=2.0),
        lambda xp, x, y, z: 0.5 * z + 2 * x @ y,
        normal("Abc"),
        normal("AcD"),
        normal("AbD"),
    ),
    entry(
        "multi_dot",
        lambda x, y, z: L.multi_dot([x, y, z]),
        lambda xp, x, y, z: x @ (y @ z),
        normal("Ab"),
        normal("bc"),
        normal("cD"),
    ),
    entry(
        "tensordot",
        lambda x, y: torch.tensordot(x, y, dims=([1], [0])),
        lambda xp, x, y: xp.sum(x[:, :, None] * y[None, :, :], axis=1),
        normal("Ab"),
        normal("bC"),
    ),
    entry("kron", torch.kron, f.kronecker, normal("Ab"), normal("bC")),
    entry("cross", L.cross, f.cross, normal("A3"), normal("A3")),
    entry("outer", torch.outer, lambda xp, x, y: x[:, None] * y[None, :], normal("a"), normal("b")),
    entry("vander", lambda x: L.vander(x, N=4), lambda xp, x: f.vandermonde(xp, x, 4), normal("b")),
    entry("cov", torch.cov, f.covariance, normal("bc")),
    entry("corrcoef", torch.corrcoef, f.correlation, normal("b5")),
    entry(
        "cdist",
        torch.cdist,
        f.distances,
        normal("ab"),
        normal("cb"),
        defect=(
            "torch.func.jacrev differs from torch.autograd.functional.jacobian by 1.0: batching "
            "its backward goes wrong, torch 2.13"
        ),
    ),
    entry(
        "cdist_by_matmul",
        lambda x, y: torch.cdist(x, y, compute_mode="use_mm_for_euclid_dist"),
        f.distances,
        normal("ab"),
        normal("cb"),
    ),
    entry(
        "cdist_3",
        lambda x, y: torch.cdist(x, y, p=3.0),
        lambda xp, x, y: xp.sum(xp.abs(x[:, None] - y[None]) ** 3, axis=-1) ** (1 / 3),
        normal("ab"),
        normal("cb"),
        defect=("as cdist"),
    ),
    entry(
        "pdist",
        F.pdist,
        lambda xp, x: xp.stack(
            [
                xp.sqrt(xp.sum((x[i] - x[j]) ** 2))
                for i in range(x.shape[0])
                for j in range(i + 1, x.shape[0])
            ]
        ),
        normal("ab"),
    ),
    entry(
        "pairwise_distance",
        lambda x, y: F.pairwise_distance(x, y, eps=0.0),
        lambda xp, x, y: xp.sqrt(xp.sum((x - y) ** 2, axis=-1)),
        normal("ab"),
        normal("ab"),
    ),
    entry(
        "rfft_power",
        lambda x: torch.abs(torch.fft.rfft(x)) ** 2,
        lambda xp, x: f.power_spectrum(xp, x, x.shape[-1] // 2 + 1),
        normal("Ab"),
    ),
    entry(
        "fft_power",
        lambda x: (lambda y: y.real**2 + y.imag**2)(torch.fft.fft(x)),
        lambda xp, x: f.power_spectrum(xp, x, x.shape[-1]),
        normal("Ab"),
    ),
)

SPECIAL = (
    entry("lgamma", torch.lgamma, lambda xp, x: xp.special.gammaln(x), positive("Ab")),
    entry(
        "digamma",
        torch.digamma,
        lambda xp, x: xp.special.digamma(x + 1) - 1 / x,
        positive("Ab"),
        defect=(
            "its derivative is trigamma, which is right to 4e-10 alone: torch.polygamma(1, 0.7) "
            "beside SciPy's, torch 2.13"
        ),
    ),
    entry(
        "polygamma",
        lambda x: torch.polygamma(2, x),
        lambda xp, x: xp.special.polygamma(2, x),
        positive("Ab"),
    ),
    entry(
        "multigammaln",
        lambda x: S.multigammaln(x, 3),
        lambda xp, x: f.multivariate_gammaln(xp, x, 3),
        uniform("Ab", 1.5, 4.0),
    ),
    entry("erf", torch.erf, lambda xp, x: xp.special.erf(x), normal("Ab")),
    entry("erfc", torch.erfc, lambda xp, x: 1 - xp.special.erf(x), normal("Ab")),
    entry("erfcx", S.erfcx, lambda xp, x: xp.exp(x * x) * xp.special.erfc(x), normal("Ab")),
    entry(
        "erfinv",
        lambda x: torch.erf(torch.erfinv(x)),
        lambda xp, x: 1 * x,
        uniform("Ab", -0.9, 0.9),
    ),
    entry("ndtri", lambda x: S.ndtr(S.ndtri(x)), lambda xp, x: 1 * x, uniform("Ab", 0.1, 0.9)),
    entry("logit", torch.logit, f.logit, uniform("Ab", 0.05, 0.95)),
    entry("xlogy", torch.xlogy, lambda xp, x, y: x * xp.log(y), normal("Ab"), positive("Ab")),
    entry("xlog1py", S.xlog1py, lambda xp, x, y: x * xp.log(1 + y), normal("Ab"), positive("Ab")),
    entry("entr", S.entr, f.entropy_term, positive("Ab")),
    entry("ndtr", S.ndtr, f.normal_probability, normal("Ab")),
    entry("log_ndtr", S.log_ndtr, f.log_normal_probability, normal("Ab", 2.0)),
    entry("i0", torch.i0, lambda xp, x: f.bessel_i(xp, x, 0), normal("Ab")),
    entry("i0e", S.i0e, lambda xp, x: f.scaled_bessel_i(xp, x, 0), normal("Ab")),
    entry("i1", S.i1, lambda xp, x: f.bessel_i(xp, x, 1), normal("Ab")),
    entry("i1e", S.i1e, lambda xp, x: f.scaled_bessel_i(xp, x, 1), normal("Ab")),
    entry(
        "zeta",
        lambda q: S.zeta(torch.tensor(3.0), q),
        lambda xp, q: f.hurwitz_zeta(xp, q, 3),
        positive("Ab"),
    ),
    entry(
        "gammainc",
        lambda x: S.gammainc(torch.tensor(3.0), x),
        lambda xp, x: f.lower_gamma_ratio(xp, x, 3),
        positive("Ab"),
    ),
    entry(
        "gammaincc",
        lambda x: S.gammaincc(torch.tensor(4.0), x),
        lambda xp, x: f.upper_gamma_ratio(xp, x, 4),
        positive("Ab"),
    ),
    entry("sinc", torch.sinc, lambda xp, x: xp.sin(xp.pi * x) / (xp.pi * x), positive("Ab")),
    entry("exp2", torch.exp2, lambda xp, x: xp.exp(x * math.log(2)), normal("Ab")),
    entry(
        "logaddexp",
        torch.logaddexp,
        lambda xp, x, y: xp.log(xp.exp(x) + xp.exp(y)),
        normal("Ab"),
        normal("Ab"),
    ),
    entry(
        "logaddexp2",
        torch.logaddexp2,
        lambda xp, x, y: xp.log(xp.exp(math.log(2) * x) + xp.exp(math.log(2) * y)) / math.log(2),
        normal("Ab"),
        normal("Ab"),
    ),
    entry(
        "hypot", torch.hypot, lambda xp, x, y: xp.sqrt(x * x + y * y), normal("Ab"), normal("Ab")
    ),
    entry(
        "atan2",
        torch.atan2,
        lambda xp, y, x: 2 * xp.atan(y / (xp.sqrt(x * x + y * y) + x)),
        normal("Ab"),
        normal("Ab"),
    ),
    entry(
        "acosh", torch.acosh, lambda xp, x: xp.log(x + xp.sqrt(x * x - 1)), uniform("Ab", 1.2, 3.0)
    ),
    entry("asinh", torch.asinh, lambda xp, x: xp.log(x + xp.sqrt(x * x + 1)), normal("Ab")),
    entry(
        "atanh", torch.atanh, lambda xp, x: xp.log((1 + x) / (1 - x)) / 2, uniform("Ab", -0.9, 0.9)
    ),
    entry("rsqrt", torch.rsqrt, lambda xp, x: 1 / xp.sqrt(x), positive("Ab")),
    entry("pow", torch.pow, lambda xp, x, y: xp.exp(y * xp.log(x)), positive("Ab"), normal("b")),
    entry(
        "remainder",
        torch.remainder,
        lambda xp, x, y: x - y * xp.floor(x / y),
        normal("Ab", 3.0),
        positive("Ab"),
    ),
    entry(
        "fmod",
        torch.fmod,
        lambda xp, x, y: x - y * xp.trunc(x / y),
        normal("Ab", 3.0),
        positive("Ab"),
    ),
    entry("frac", torch.frac, lambda xp, x: x - xp.trunc(x), normal("Ab", 3.0)),
    entry(
        "copysign",
        torch.copysign,
        lambda xp, x, y: xp.abs(x) * xp.sign(y),
        normal("Ab"),
        fixed(normal("Ab")),
    ),
    entry(
        "lerp",
        torch.lerp,
        lambda xp, x, y, w: (1 - w) * x + w * y,
        normal("Ab"),
        normal("Ab"),
        uniform("Ab", 0.0, 1.0),
    ),
    entry(
        "addcmul",
        lambda x, y, z: torch.addcmul(x, y, z, value=0.5),
        lambda xp, x, y, z: x + y * z / 2,
        normal("Ab"),
        normal("Ab"),
        normal("b"),
    ),
    entry(
        "addcdiv",
        torch.addcdiv,
        lambda xp, x, y, z: x + y / z,
        normal("Ab"),
        normal("Ab"),
        positive("b"),
    ),
)

REDUCTIONS = (
    entry("logsumexp", lambda x: torch.logsumexp(x, -1), f.logsumexp, normal("Ab")),
    entry(
        "var",
        lambda x: torch.var(x, -1),
        lambda xp, x: (
            xp.sum((x - xp.mean(x, axis=-1, keepdims=True)) ** 2, axis=-1) / (x.shape[-1] - 1)
        ),
        normal("Ab"),
    ),
    entry(
        "std",
        lambda x: torch.std(x, -1, correction=0),
        lambda xp, x: xp.sqrt(xp.mean(x * x, axis=-1) - xp.mean(x, axis=-1) ** 2),
        normal("Ab"),
    ),
    entry(
        "prod",
        lambda x: torch.prod(x, -1),
        lambda xp, x: f.cumulative_products(xp, x)[..., -1],
        normal("Ab"),
    ),
    entry(
        "cumsum",
        lambda x: torch.cumsum(x, -1),
        lambda xp, x: x @ xp.triu(xp.ones((x.shape[-1], x.shape[-1]), dtype=x.dtype)),
        normal("Ab"),
    ),
    entry("cumprod", lambda x: torch.cumprod(x, -1), f.cumulative_products, normal("Ab")),
    entry(
        "logcumsumexp",
        lambda x: torch.logcumsumexp(x, -1),
        f.cumulative_logsumexp,
        normal("Ab"),
        defect=(
            "forward mode divides by the sum + 1e-13: the derivative along ones is 1 - 1e-13, "
            "torch 2.13"
        ),
    ),
    entry("cummax", lambda x: torch.cummax(x, -1).values, f.cumulative_max, normal("Ab")),
    entry("median", lambda x: torch.median(x, -1).values, f.lower_median, normal("Ab")),
    entry(
        "quantile",
        lambda x: torch.quantile(x, 0.3, dim=-1),
        lambda xp, x: f.quantile(xp, x, 0.3),
        normal("Ab"),
    ),
    entry(
        "kthvalue",
        lambda x: torch.kthvalue(x, 2, -1).values,
        lambda xp, x: xp.sort(x, axis=-1)[..., 1],
        normal("Ab"),
    ),
    entry("amax", lambda x: torch.amax(x, -1), lambda xp, x: xp.max(x, axis=-1), normal("Ab")),
    entry("amin", lambda x: torch.amin(x, (0, 1)), lambda xp, x: -xp.max(-x), normal("Ab")),
    entry(
        "max_with_indices",
        lambda x: torch.max(x, -1).values,
        lambda xp, x: xp.sort(x, axis=-1)[..., -1],
        normal("Ab"),
    ),
    entry(
        "nanmean", lambda x: torch.nanmean(x, -1), lambda xp, x: xp.mean(x, axis=-1), normal("Ab")
    ),
    entry(
        "dist",
        lambda x, y: torch.dist(x, y, 3),
        lambda xp, x, y: xp.sum(xp.abs(x - y) ** 3) ** (1 / 3),
        normal("ab"),
        normal("ab"),
    ),
    entry(
        "renorm",
        lambda x: torch.renorm(x, 2, 0, 0.01),
        lambda xp, x: 0.01 * x / (xp.sqrt(xp.sum(x * x, axis=-1, keepdims=True)) + 1e-7),
        normal("ab"),
    ),
    entry("trapezoid", lambda y, x: torch.trapezoid(y, x), f.trapezoid, normal("b"), normal("b")),
    entry("diff", torch.diff, lambda xp, x: x[..., 1:] - x[..., :-1], normal("Ab")),
    entry(
        "maximum",
        torch.maximum,
        lambda xp, x, y: xp.where(x > y, x, y),
        normal("Ab"),
        normal("b"),
    ),
)

INDEXING = (
    entry(
        "gather", lambda x, i: torch.gather(x, 1, i), f.along_last, normal("ab"), labels("ac", "b")
    ),
    entry(
        "take_along_dim",
        lambda x, i: torch.take_along_dim(x, i, -1),
        f.along_last,
        normal("ab"),
        labels("ac", "b"),
    ),
    entry(
        "scatter_add",
        lambda x, y, i: torch.scatter_add(x, 0, i[:, None].expand_as(y), y),
        lambda xp, x, y, i: f.added_at(xp, x, y, i),
        normal("ab"),
        normal("cb"),
        labels("c", "a"),
    ),
    entry(
        "index_add",
        lambda x, y, i: torch.index_add(x, 0, i, y, alpha=2.0),
        lambda xp, x, y, i: f.added_at(xp, x, 2 * y, i),
        normal("ab"),
        normal("cb"),
        labels("c", "a"),
    ),
    entry(
        "index_select",
        lambda x, i: torch.index_select(x, 0, i),
        lambda xp, x, i: f.one_hot(xp, i, x.shape[0], x) @ x,
        normal("ab"),
        labels("c", "a"),
    ),
    entry(
        "index_copy",
        lambda x, y, i: torch.index_copy(x, 0, i, y),
        lambda xp, x, y, i: f.one_hot(xp, i, x.shape[0], x).mT @ y + 0 * x,
        normal("ab"),
        normal("ab"),
        permutation("a"),
    ),
    entry(
        "scatter_reduce_amax",
        lambda x, y, i: torch.scatter_reduce(x, 0, i, y, "amax"),
        lambda xp, x, y, i: xp.max(
            xp.concat(
                [
                    x[:, None],
                    xp.where(
                        i[None, :] == xp.arange(x.shape[0])[:, None],
                        y[None, :],
                        0 * y[None, :] - 99,
                    ),
                ],
                axis=1,
            ),
            axis=1,
        ),
        normal("a"),
        normal("b"),
        labels("b", "a"),
    ),
    entry(
        "scatter_reduce_mean",
        lambda x, y, i: torch.scatter_reduce(x, 0, i, y, "mean"),
        lambda xp, x, y, i: (
            (x + f.one_hot(xp, i, x.shape[0], x).mT @ y)
            / (1 + xp.sum(f.one_hot(xp, i, x.shape[0], x), axis=0))
        ),
        normal("a"),
        normal("b"),
        labels("b", "a"),
    ),
    entry(
        "scatter_reduce_prod",
        lambda x, y, i: torch.scatter_reduce(x, 0, i, y, "prod"),
        lambda xp, x, y, i: (
            x
            * xp.prod(
                xp.where(
                    i[None, :] == xp.arange(x.shape[0])[:, None], y[None, :], 1 + 0 * y[None, :]
                ),
                axis=1,
            )
        ),
        normal("a"),
        normal("b"),
        labels("b", "a"),
        defect=(
            "forward mode gives 0, silently, torch 2.13: scatter_reduce_jvp has no case for prod"
        ),
    ),
    entry(
        "embedding",
        lambda w, i: F.embedding(i, w),
        lambda xp, w, i: f.one_hot(xp, i, w.shape[0], w) @ w,
        normal("ab"),
        labels("Cd", "a"),
    ),
    entry(
        "embedding_bag",
        lambda w, i: F.embedding_bag(i, w, mode="mean"),
        lambda xp, w, i: xp.mean(f.one_hot(xp, i, w.shape[0], w) @ w, axis=1),
        normal("ab"),
        labels("Cd", "a"),
    ),
    entry(
        "masked_fill",
        lambda x, m: torch.masked_fill(x, m, 3.0),
        lambda xp, x, m: xp.where(m, 0 * x + 3, x),
        normal("ab"),
        mask("ab"),
    ),
    entry(
        "where",
        lambda x, y, m: torch.where(m, x, y),
        lambda xp, x, y, m: xp.astype(m, x.dtype) * x + (1 - xp.astype(m, x.dtype)) * y,
        normal("ab"),
        normal("b"),
        mask("ab"),
    ),
    entry(
        "sort",
        lambda x: torch.sort(x, dim=-1).values,
        lambda xp, x: xp.sort(x, axis=-1),
        normal("Ab"),
    ),
    entry(
        "topk",
        lambda x: torch.topk(x, 2, -1).values,
        lambda xp, x: xp.sort(x, axis=-1, descending=True)[..., :2],
        normal("Ab"),
    ),
    entry("roll", lambda x: torch.roll(x, (1, -1), (0, 1)), f.rolled, normal("ab")),
    entry(
        "flip",
        lambda x: torch.flip(x, (1,)),
        lambda xp, x: xp.stack([x[:, k] for k in (2, 1, 0)], axis=1),
        normal("a3"),
    ),
    entry("rot90", torch.rot90, lambda xp, x: xp.flip(x.mT, axis=0), normal("ab")),
    entry(
        "tril",
        lambda x: torch.tril(x, -1),
        lambda xp, x: (
            xp.astype(xp.arange(x.shape[0])[:, None] > xp.arange(x.shape[1])[None], x.dtype) * x
        ),
        normal("ab"),
    ),
    entry(
        "diagonal",
        lambda x: torch.diagonal(x, 1),
        lambda xp, x: xp.stack([x[0, 1], x[1, 2]]),
        normal("33"),
    ),
    entry(
        "diag_embed",
        torch.diag_embed,
        lambda xp, x: x[..., None] * xp.eye(x.shape[-1], dtype=x.dtype),
        normal("Ab"),
    ),
    entry(
        "unfold_axis",
        lambda x: x.unfold(1, 2, 1),
        lambda xp, x: f.windows(xp, x, (2,)),
        normal("ab"),
    ),
    entry(
        "pad_constant",
        lambda x: F.pad(x, (1, 2), value=0.5),
        lambda xp, x: f.padded(xp, x - 0.5, 1, 2) + 0.5,
        normal("Ab"),
    ),
    entry(
        "pad_reflect",
        lambda x: F.pad(x, (1, 1), mode="reflect"),
        lambda xp, x: xp.concat([x[..., 1:2], x, x[..., -2:-1]], axis=-1),
        normal("ABc"),
    ),
    entry(
        "pad_replicate",
        lambda x: F.pad(x, (2, 1), mode="replicate"),
        lambda xp, x: xp.concat([x[..., :1], x[..., :1], x, x[..., -1:]], axis=-1),
        normal("ABc"),
    ),
    entry(
        "pad_circular",
        lambda x: F.pad(x, (1, 1), mode="circular"),
        lambda xp, x: xp.concat([x[..., -1:], x, x[..., :1]], axis=-1),
        normal("ABc"),
    ),
    entry(
        "repeat_interleave",
        lambda x: torch.repeat_interleave(x, 2, 0),
        lambda xp, x: xp.reshape(xp.stack([x, x], axis=1), (-1, x.shape[1])),
        normal("ab"),
    ),
    entry("tile", lambda x: torch.tile(x, (2, 1)), lambda xp, x: xp.concat([x, x]), normal("ab")),
    entry(
        "block_diag",
        torch.block_diag,
        lambda xp, x, y: xp.concat(
            [f.padded(xp, x, 0, y.shape[1], 1), f.padded(xp, y, x.shape[1], 0, 1)]
        ),
        normal("ab"),
        normal("cD"),
    ),
    entry(
        "pixel_shuffle",
        lambda x: F.pixel_shuffle(x, 2),
        lambda xp, x: xp.reshape(
            xp.permute_dims(xp.reshape(x, (x.shape[0], 2, 2, *x.shape[2:])), (0, 3, 1, 4, 2)),
            (x.shape[0], 1, 2 * x.shape[2], -1),
        ),
        normal("A4bc"),
    ),
    entry(
        "interpolate_linear",
        lambda x: F.interpolate(x, size=5, mode="linear"),
        lambda xp, x: f.stretched(xp, x, f.linear_weights(x.shape[-1], 5, corners=False), -1),
        normal("ABc"),
    ),
    entry(
        "interpolate_bilinear",
        lambda x: F.interpolate(x, size=(4, 5), mode="bilinear", align_corners=True),
        lambda xp, x: f.stretched(
            xp,
            f.stretched(xp, x, f.linear_weights(x.shape[-1], 5, corners=True), -1),
            f.linear_weights(x.shape[-2], 4, corners=True),
            -2,
        ),
        normal("ABcd"),
    ),
    entry(
        "interpolate_nearest",
        lambda x: F.interpolate(x, scale_factor=2),
        lambda xp, x: xp.reshape(xp.stack([x, x], axis=-1), (*x.shape[:2], -1)),
        normal("ABc"),
    ),
    entry(
        "grid_sample",
        lambda x, grid: F.grid_sample(x, grid, align_corners=True),
        f.bilinear_samples,
        normal("AB33"),
        uniform("A222", -1.2, 1.2),
    ),
    entry(
        "rnn_cell",
        lambda x, h, u, v: torch.rnn_tanh_cell(x, h, u, v),
        lambda xp, x, h, u, v: xp.tanh(x @ u.mT + h @ v.mT),
        normal("Ab"),
        normal("Ac"),
        normal("cb"),
        normal("cc"),
    ),
)

ENTRIES = (
    *ACTIVATIONS,
    *LOSSES,
    *NORMALISATIONS,
    *POOLINGS,
    *CONVOLUTIONS,
    *ATTENTION,
    *LINEAR_ALGEBRA,
    *SPECIAL,
    *REDUCTIONS,
    *INDEXING,
)
