"""Calls of ATen operations: what the reader of PyTorch must give the value of.

A sample is the operation with its overload, and its operands as Python writes them, of the arrays
that `arrays` makes.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def arrays(dtype: str) -> dict[str, Any]:
    """Arrays by the names that the samples call them."""
    rng = np.random.default_rng(12)
    normal = rng.standard_normal
    square = normal((3, 3)) + 3 * np.eye(3)
    numbers = {
        "x": normal((3, 4)),
        "y": normal((3, 4)),
        "p": rng.uniform(0.5, 2.5, (3, 4)),
        "u": rng.uniform(-0.9, 0.9, (3, 4)),
        "row": normal((4,)),
        "col": normal((3, 1)),
        "s": normal(()),
        "t": normal((2, 3, 4)),
        "r": normal((2, 4, 3)),
        "a": square,
        "b": normal((3, 2)),
        "d": square @ square.T,
        "e": np.stack([square, square.T + np.eye(3)]),
        "image": normal((2, 4, 6, 5)),
        "line": normal((2, 4, 7)),
        "cube": normal((1, 2, 4, 5, 4)),
        "kernel": normal((6, 2, 3, 2)),
        "thin": normal((4, 2, 3)),
        "whole": normal((6, 4, 3, 2)),
        "back": normal((4, 3, 3, 2)),
        "channels": rng.uniform(0.5, 1.5, (4,)),
        "six": normal((6,)),
        "grid": rng.uniform(-1.7, 1.7, (2, 3, 4, 2)),
        "solid": rng.uniform(-1.7, 1.7, (1, 2, 3, 2, 3)),
        "edges": np.sort(normal((4,))),
    }
    cast = {name: np.asarray(array, dtype) for name, array in numbers.items()}
    cast["c"] = cast["x"] + 1j * cast["y"]
    return cast | {
        "i": np.asarray([0, 2]),
        "j": np.asarray([[0, 2, 1, 0], [2, 0, 2, 1]]),
        "k": np.asarray([[0, 1, 0, 3], [2, 0, 1, 1], [0, 0, 3, 2]]),
        "n": rng.integers(-5, 6, (3, 4)),
        "m": normal((3, 4)) > 0,
        "o": normal((3, 4)) > 0.5,
    }


UNARY = (
    "abs asinh atan ceil cos cosh erf erfc exp exp2 expm1 floor i0 isinf isnan neg relu round "
    "sgn sigmoid sign signbit sin sinh special_bessel_j0 special_bessel_j1 special_i0e special_i1 "
    "special_i1e tan tanh trunc"
).split()

OF_POSITIVE = "digamma lgamma log log10 log1p log2 reciprocal rsqrt sqrt".split()

BINARY = (
    "atan2 copysign.Tensor fmax fmin hypot logaddexp maximum minimum mul.Tensor add.Tensor "
    "sub.Tensor div.Tensor eq.Tensor ne.Tensor lt.Tensor le.Tensor gt.Tensor ge.Tensor"
).split()

OF_SCALAR = "add mul sub div eq ne lt le gt ge".split()

REDUCTIONS = "amax amin all.dims any.dims logsumexp mean.dim sum.dim_IntList".split()

ALONG_ONE = "argmax argmin all.dim any.dim cummax cummin cumsum cumprod logcumsumexp".split()

SAMPLES: dict[str, list[str]] = {
    **{name: ["x", "s", "t"] for name in UNARY},
    **{name: ["p", "col * col + 1"] for name in OF_POSITIVE},
    **{name: ["u"] for name in ("acos", "asin", "atanh")},
    **{name: ["x, y", "x, row", "col, row", "x, s"] for name in BINARY},
    **{f"{name}.Scalar": ["x, 0.75", "n, 2", "s, -1.5"] for name in OF_SCALAR},
    **{name: ["x, [0]", "t, [-1, 0], True", "t, [1]", "s, [0]"] for name in REDUCTIONS},
    **{name: ["x, 0", "t, -1", "s, 0"] for name in ALONG_ONE},
    "acosh": ["p + 1"],
    "_adaptive_avg_pool2d": ["image, [3, 2]", "image, [6, 5]", "image, [4, 4]"],
    "_adaptive_avg_pool3d": ["cube, [2, 2, 3]"],
    "_cdist_forward": ["t, t + 1, 2.0, None", "x, y, 1.0, None", "x, y, 3.0, None"],
    "_conj": ["c"],
    "_conj_physical": ["c"],
    "_euclidean_dist": ["x, y"],
    "_fft_c2c": ["c, [1], 0, True", "c, [0, 1], 1, True", "c, [0], 2, False"],
    "_fft_c2r": ["c, [1], 2, 6", "c, [0, 1], 1, 7"],
    "_fft_r2c": ["x, [1], 0, True", "x, [0, 1], 1, True", "x, [0], 2, False"],
    "_linalg_det": ["a", "e"],
    "_linalg_eigh": ["d", "d, 'U'", "e"],
    "_linalg_slogdet": ["a", "-e"],
    "_linalg_solve_ex": ["a, b", "a, col[:, 0]", "a, x.mT[:2, :3], left=False"],
    "_linalg_svd": ["x", "a, True", "t"],
    "_log_softmax": ["x, 0, False", "t, -1, False", "s, 0, False"],
    "_native_batch_norm_legit": [
        "image, channels, row, row.clone(), channels.clone(), False, 0.1, 1e-5"
    ],
    "_native_batch_norm_legit_functional": [
        "image, channels, row, row, channels, False, 0.1, 1e-5",
        "image, channels, row, row, channels, True, 0.1, 1e-5",
    ],
    "_native_batch_norm_legit.no_stats": ["line, channels, row, True, 0.1, 1e-5"],
    "_native_batch_norm_legit_no_training": ["line, channels, row, row, channels, 0.1, 1e-3"],
    "_neg_view": ["x"],
    "_pdist_forward": ["x, 2.0", "x, 1.0"],
    "_reshape_alias": ["x, [4, 3], [3, 1]"],
    "_safe_softmax": ["x, 1", "torch.where(m, x, -torch.inf), -1", "x - torch.inf, 1"],
    "_scaled_dot_product_flash_attention_for_cpu": [
        "image, image + 1, image * 2",
        "image, image, image, 0.0, True",
        "image, image, image, attn_mask=image @ image.mT",
        "image, image, image, scale=0.3",
    ],
    "_softmax": ["x, 0, False", "t, -1, False", "s, 0, False"],
    "_to_copy": ["n, dtype=x.dtype", "x, dtype=torch.int64", "m, dtype=x.dtype", "x, dtype=torch.bool"],
    "_trilinear": ["x, y, x, [], [], [], [1]", "x, y, t, [0], [0], [], [0, 2]"],
    "_unsafe_index.Tensor": ["x, [i, None]", "t, [None, j]"],
    "_unsafe_index_put": ["x, [i], y[:2]"],
    "_unsafe_view": ["x, [2, 6]"],
    "adaptive_max_pool2d": ["image, [3, 2]"],
    "adaptive_max_pool3d": ["cube, [2, 2, 3]"],
    "add.Tensor": ["x, y", "x, row, alpha=2", "n, k", "x, n", "m, x"],
    "addbmm": ["x[:, :3], t, r, beta=2, alpha=0.5", "a, t, r"],
    "addmm": ["x, a, y", "row, a, y, beta=2, alpha=0.5", "row, a, y, beta=0"],
    "addmv": ["col[:, 0], a, b[:, 0], beta=2, alpha=3"],
    "addr": ["x, col[:, 0], row, beta=2, alpha=3"],
    "alias": ["x"],
    "all": ["m", "x", "n"],
    "any": ["m", "x", "n"],
    "angle": ["x", "c"],
    "arange": ["5", "5, dtype=x.dtype"],
    "arange.start_step": ["2, 9, 3", "0, 1, 0.25", "5, 0, -2", "2, 9, 3, dtype=x.dtype"],
    "argmax": ["x", "x, 1, True", "t, 0", "x, None, True"],
    "argmin": ["x", "x, 1, True", "t, 0"],
    "as_strided": ["x, [2, 2], [4, 2]", "x, [3], [5], 1"],
    "avg_pool2d": [
        "image, [2, 3]",
        "image, [3], [2], [1]",
        "image, [3, 2], [2, 1], [1, 0], True, False",
        "image, [2], [2], [1], True, True",
        "image, [2], divisor_override=3",
    ],
    "avg_pool3d": ["cube, [2], [1], [1], False, False"],
    "baddbmm": ["t @ r, t, r, beta=0.5, alpha=2"],
    "bitwise_and.Tensor": ["n, k", "m, o"],
    "bitwise_left_shift.Tensor": ["k, k"],
    "bitwise_not": ["n", "m"],
    "bitwise_or.Tensor": ["n, k", "m, o"],
    "bitwise_right_shift.Tensor": ["k, k"],
    "bitwise_xor.Tensor": ["n, k", "m, o"],
    "bmm": ["t, r"],
    "bucketize.Tensor": ["x, edges", "x, edges, right=True"],
    "cat": ["[x, y]", "[x, col], 1", "[t, t], -1", "[x, n]"],
    "cholesky_inverse": ["torch.linalg.cholesky(d)", "torch.linalg.cholesky(d).mT, True"],
    "cholesky_solve": ["b, torch.linalg.cholesky(d)", "b, torch.linalg.cholesky(d).mT, True"],
    "clamp": ["x, -0.5, 0.5", "x, None, 0.5", "x, 0", "n, -2, 2"],
    "clamp.Tensor": ["x, -p, p", "x, None, row", "x, col, None"],
    "clamp_max": ["x, 0.5"],
    "clamp_min": ["x, 0.5"],
    "clone": ["x"],
    "complex": ["x, y"],
    "constant_pad_nd": ["x, [1, 2]", "x, [1, 0, 2, 1], 3.0", "image, [-1, 2, 0, -2]"],
    "convolution": [
        "line, thin[:, :2].repeat(1, 2, 1), row, [1], [0], [1], False, [0], 1",
        "line, thin, None, [2], [2], [2], False, [0], 2",
        "image, whole, six, [2, 1], [1, 0], [1, 2], False, [0, 0], 1",
        "image, kernel, six, [1, 1], [1, 1], [1, 1], False, [0, 0], 2",
        "image, back, None, [2, 1], [1, 0], [1, 2], True, [1, 0], 1",
        "image, back, None, [2, 2], [0, 1], [1, 1], True, [0, 1], 2",
        "line, thin, None, [2], [1], [1], True, [1], 1",
        "cube, cube[:, :, :2, :2, :2], None, [1, 2, 1], [0, 1, 0], [1, 1, 1], False, [0, 0, 0], 1",
    ],
    "copy": ["x, y", "x, row"],
    "cummax": ["x, 0", "t, -1", "s, 0", "torch.zeros_like(x), 1"],
    "detach": ["x"],
    "diagonal": ["x", "x, 1", "x, -1", "t, 0, 1, 2", "t, 1, -1, 0"],
    "diagonal_scatter": ["x, row[:3]", "x, row[:3], 1", "t, x[:2, :3], 0, 1, 2"],
    "div.Tensor": ["x, y", "x, row", "n, k + 1", "1.0 + x, col"],
    "div.Tensor_mode": [
        "x, p, rounding_mode='floor'",
        "x, p, rounding_mode='trunc'",
        "n, k + 2, rounding_mode='floor'",
        "n, k + 2, rounding_mode='trunc'",
        "x, p, rounding_mode=None",
    ],
    "dot": ["row, row + 1"],
    "elu": ["x", "x, 0.7, 1.2, 0.8", "1e3 * x"],
    "embedding": ["x, i", "x, j, 0"],
    "empty": [],
    "empty_like": [],
    "empty_permuted": [],
    "expand": ["row, [3, 4]", "col, [-1, 4]", "s, [2, 2]"],
    "eye": ["3"],
    "eye.m": ["3, 2"],
    "flip": ["x, [0]", "t, [0, -1]", "x, []"],
    "floor_divide": ["x, p", "n, k + 2"],
    "fmod.Scalar": ["x, 0.7"],
    "fmod.Tensor": ["x, p", "x, -p", "n, k + 2"],
    "full": ["[2, 3], 1.5", "[], 2"],
    "full_like": ["x, 1.5", "n, 2"],
    "gather": ["x, 0, j", "x, 1, k", "x, -1, k[:2, :1]", "s, 0, i[0]"],
    "gelu": ["x", "4 * x, approximate='tanh'"],
    "glu": ["x", "t, -1", "image, 1"],
    "grid_sampler_2d": [
        f"image, grid, {mode}, {padding}, {align}"
        for mode in (0, 1, 2)
        for padding in (0, 1, 2)
        for align in (True, False)
    ],
    "grid_sampler_3d": [
        f"cube, solid, {mode}, {padding}, {align}"
        for mode in (0, 1)
        for padding in (0, 1, 2)
        for align in (True, False)
    ],
    "hardtanh": ["x", "x, -0.3, 0.6"],
    "index.Tensor": [
        "x, [i]",
        "x, [None, i]",
        "x, [i, i]",
        "t, [i[:1], None, i]",
        "t, [None, i, i]",
        "x, [j]",
        "x, [-i - 1]",
        "image, [None, i[:, None], i]",
    ],
    "index_add": ["x, 0, i, y[:2]", "x, 1, i, y[:, :2], alpha=2", "x, 0, i * 0, y[:2]"],
    "index_copy": ["x, 0, i, y[:2]", "x, -1, i, y[:, :2]"],
    "index_fill.int_Scalar": ["x, 0, i, 1.5"],
    "index_fill.int_Tensor": ["x, 1, i, s"],
    "index_put": [
        "x, [i], y[:2]",
        "x, [i], s",
        "x, [None, i], y[:, :2]",
        "x, [i, i], row[:2], True",
        "x, [i * 0], y[:2], True",
        "t, [i[:1], None, i], t[:1, :, 0].repeat(2, 1)",
        "x, [m], s",
        "x, [m], s, True",
    ],
    "index_select": ["x, 0, i", "t, -1, i", "x, 1, i * 0"],
    "leaky_relu": ["x", "x, 0.3"],
    "lift_fresh_copy": ["x"],
    "linalg_cholesky_ex": ["d", "d, upper=True"],
    "linalg_cross": ["a, b @ b.mT", "a, a.mT + 1, dim=0"],
    "linalg_inv_ex": ["a", "e"],
    "linalg_pinv.atol_rtol_tensor": ["x", "t"],
    "linalg_qr": ["x.mT", "a", "x"],
    "linalg_solve_triangular": [
        "a, b, upper=True",
        "a, b, upper=False",
        "a, x[:2, :3], upper=True, left=False",
        "a, b, upper=False, unitriangular=True",
        "a, b, upper=True, unitriangular=True",
    ],
    "linalg_vector_norm": ["x", "x, 1, [0]", "t, 3, [1, 2], True", "x, float('inf'), [1]", "x, 0", "s"],
    "linspace": ["0, 1, 5", "-1, 2, 1"],
    "log_sigmoid_forward": ["x", "40 * x"],
    "logical_and": ["m, o", "n, k"],
    "logical_not": ["m", "n"],
    "logical_or": ["m, o", "n, k"],
    "logical_xor": ["m, o", "n, k"],
    "max": ["x"],
    "max.dim": ["x, 0", "t, -1, True", "s, 0"],
    "max_pool2d_with_indices": [
        "image, [2, 3]",
        "image, [3], [2], [1]",
        "image, [2], [2], [1], [2]",
        "image, [3, 2], [2, 2], [1, 1], [1, 1], True",
        "image[0], [2]",
    ],
    "max_pool3d_with_indices": ["cube, [2]", "cube, [3], [2], [1]"],
    "mean": ["x", "s"],
    "median": ["x", "row"],
    "median.dim": ["x, 1", "x, 0, True", "s, 0"],
    "min": ["x"],
    "min.dim": ["x, 0", "t, -1, True"],
    "mm": ["a, b"],
    "mul.Tensor": ["x, y", "x, row", "m, x", "n, x", "n, k", "c, x"],
    "multilabel_margin_loss_forward": [
        "x, k - 1, 1",
        "x, torch.tensor([[0, -1, 1, 1], [3, 1, -1, 2], [-1, 0, 0, 0]]), 0",
        "row, torch.tensor([2, 0, -1, 1]), 2",
    ],
    "mv": ["a, b[:, 0]"],
    "native_batch_norm": [
        "image, channels, row, row.clone(), channels.clone(), False, 0.1, 1e-5",
        "image, channels, row, None, None, True, 0.1, 1e-5",
        "line, None, None, None, None, True, 0.1, 1e-5",
    ],
    "native_group_norm": [
        "image, channels, row, 2, 4, 30, 2, 1e-5",
        "line, None, None, 2, 4, 7, 4, 1e-5",
    ],
    "native_layer_norm": ["x, [4], row, channels, 1e-5", "t, [3, 4], None, None, 1e-3"],
    "ones": ["[2, 3]"],
    "ones_like": ["x"],
    "permute": ["t, [2, 0, 1]", "t, [-1, 1, 0]", "s, []"],
    "polar": ["p, x"],
    "polygamma": ["1, p", "2, p"],
    "pow.Scalar": ["2, x", "1.5, x"],
    "pow.Tensor_Scalar": ["x, 3", "p, 0.5", "x, -2", "n, 2"],
    "pow.Tensor_Tensor": ["p, x", "p, row", "n, k"],
    "prod": ["x", "s"],
    "prod.dim_int": ["x, 0", "t, -1, True", "n, 1"],
    "put": ["x, i, row[:2]", "x, i, row[:2], True"],
    "remainder.Scalar": ["x, 0.7", "n, 3"],
    "remainder.Tensor": ["x, p", "x, -p", "n, k + 2"],
    "repeat": ["x, [2, 3]", "row, [2, 1, 2]"],
    "roll": ["x, [1]", "x, [2, -1], [0, 1]", "t, [5], [-1]"],
    "round.decimals": ["x, decimals=1", "100 * x, decimals=-1"],
    "rrelu_with_noise_functional": ["x, torch.zeros_like(x)", "x, torch.zeros_like(x), 0.2, 0.5"],
    "scalar_tensor": ["1.5", "2"],
    "scatter.src": ["x, 0, j, y", "x, 1, k[:, :2] * 0 + i, y", "x, -1, k[:1], y"],
    "scatter.value": ["x, 0, j, 2.0"],
    "scatter_add": ["x, 0, j, y", "x, 1, k, y", "x, -1, k[:2, :3], y"],
    "scatter_reduce.two": [
        f"x, 0, j, y, '{how}', include_self={own}"
        for how in ("sum", "prod", "mean", "amax", "amin")
        for own in (True, False)
    ],
    "searchsorted.Tensor": [
        "edges, x",
        "edges, x, right=True",
        "torch.sort(x)[0], y",
        "edges, x, side='right', out_int32=True",
        "row, x, sorter=torch.argsort(row)",
    ],
    "select.int": ["x, 0, 1", "t, -1, -2"],
    "select_scatter": ["x, row, 0, 1", "x, col[:, 0], 1, -1"],
    "slice.Tensor": ["x, 0, 1, 3", "t, -1, None, None, 2", "x, 1, -3, 100", "x, 0, 2, 1"],
    "slice_scatter": ["x, y[:1], 0, 1, 2", "x, y[:, :2], -1, 0, 4, 2", "x, y, 1"],
    "sort": ["x", "x, 0", "t, 1, True", "s"],
    "sort.stable": ["x, stable=True, dim=0, descending=False"],
    "split.Tensor": ["x, 2", "t, 3, -1"],
    "split_with_sizes": ["x, [1, 3], 1", "x, [2, 1]"],
    "squeeze": ["col", "x"],
    "squeeze.dim": ["col, 1", "col, 0", "s, 0"],
    "squeeze.dims": ["col, [1]", "col, [0, -1]"],
    "stack": ["[x, y]", "[x, y], -1", "[s, s]"],
    "sub.Tensor": ["x, y", "x, row, alpha=2", "n, k"],
    "sum": ["x", "m", "n", "c", "s"],
    "t": ["x", "row"],
    "take": ["x, i", "x, j", "x, -i - 1"],
    "topk": ["x, 2", "x, 2, 0", "t, 2, -1, False", "s, 1"],
    "kthvalue": ["x, 2", "x, 1, 0, True", "s, 1"],
    "trace": ["a", "x"],
    "transpose.int": ["x, 0, 1", "t, -1, 0", "s, 0, -1"],
    "triangular_solve": ["b, a", "b, a, False, True", "b, a, True, False, True"],
    "tril": ["x", "x, 1", "t, -1"],
    "triu": ["x", "x, 1", "t, -1"],
    "unbind.int": ["x", "t, -1"],
    "unfold": ["row, 0, 2, 1", "t, -1, 3, 1", "x, 0, 2, 2", "s, 0, 1, 1"],
    "unsqueeze": ["x, 0", "x, -1", "s, 0"],
    "var.correction": ["x", "x, [0], correction=0", "t, [1, 2], correction=2, keepdim=True", "c"],
    "var_mean.correction": ["x", "x, [0], correction=0", "t, [1, 2], keepdim=True"],
    "vdot": ["c[0], c[1]", "row, row"],
    "view": ["x, [2, 6]", "x, [-1]", "s, [1, 1]"],
    "view_as_complex": ["b", "image[..., :2].contiguous()"],
    "view_as_real": ["c"],
    "where.self": ["m, x, y", "m, x, s", "m, row, col", "m, n, k"],
    "xlogy.Tensor": ["x, p", "p - p, p", "x, row * row"],
    "xlogy.Scalar_Other": ["x, 2.0"],
    "xlogy.Scalar_Self": ["1.5, p"],
    "zeros": ["[2, 3]"],
    "zeros_like": ["x"],
}
"""By operation, with its overload unless that is the default one, the operands of some calls."""
