"""Every backend's namespace has what models may use and agrees with NumPy and SciPy on samples."""

# ruff: noqa: SIM905
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special
from frameworks import CUSTOMARY, load

from adbench.spec.namespace import SPECIAL

NAMES = """
astype broadcast_arrays broadcast_to can_cast finfo isdtype result_type e inf nan newaxis pi arange asarray empty
empty_like eye full full_like linspace meshgrid ones ones_like tril triu zeros zeros_like bool float32 float64 int32
int64 abs acos acosh add asin asinh atan atan2 atanh ceil clip copysign cos cosh divide equal exp expm1 floor
floor_divide greater greater_equal hypot isfinite isinf isnan less less_equal log log1p log2 log10 logaddexp
logical_and logical_not logical_or logical_xor maximum minimum multiply negative not_equal positive pow reciprocal
remainder round sign signbit sin sinh square sqrt subtract tan tanh trunc take take_along_axis matmul matrix_transpose
tensordot vecdot concat expand_dims flip moveaxis permute_dims repeat reshape roll squeeze stack tile unstack argmax
argmin count_nonzero searchsorted where argsort sort cumulative_prod cumulative_sum max mean min prod std sum var all
any diff
""".split()
"""The standard's names, edition 2024.12, less those that no model can use: what has a shape that depends on values
(nonzero, unique_*), integers' bits, complex parts, interchange and inspection."""

X = np.array([[0.3, -0.7, 1.2], [0.9, 0.1, -0.4]])
Y = np.array([[1.3, 0.2, -0.5], [0.4, 2.1, 0.6]])

LACKING: dict[str, list[str]] = {}
"""What a namespace does not have yet; a name that appears there must be taken out here."""

SAMPLES: dict[str, Any] = {
    **{
        name: (lambda xp, x, y, name=name: getattr(xp, name)(x))
        for name in "abs asinh atan ceil cos cosh exp expm1 floor negative positive reciprocal round sign sin sinh "
        "square tan tanh trunc isnan isfinite signbit matrix_transpose sum mean max min prod argmax argmin all "
        "std var ones_like zeros_like sort argsort flip".split()
    },
    **{
        name: (lambda xp, x, y, name=name: getattr(xp, name)(xp.abs(x) + 0.05))
        for name in "log log1p log2 log10 sqrt".split()
    },
    **{
        name: (lambda xp, x, y, name=name: getattr(xp, name)(x, y))
        for name in "add subtract multiply divide atan2 copysign hypot logaddexp maximum minimum remainder greater "
        "less equal vecdot".split()
    },
    "acosh": lambda xp, x, y: xp.acosh(xp.abs(x) + 1.0),
    "atanh": lambda xp, x, y: xp.atanh(x / 2.0),
    "pow": lambda xp, x, y: xp.pow(xp.abs(x), y),
    "pow with a scalar": lambda xp, x, y: x**3 + x**2.0,
    "matmul of a vector": lambda xp, x, y: x @ y[0, :],
    "matmul": lambda xp, x, y: x @ xp.permute_dims(y, (1, 0)),
    "T and mT": lambda xp, x, y: x.T @ y + x.mT @ y,
    "concat": lambda xp, x, y: xp.concat([x, y], axis=1),
    "concat flat": lambda xp, x, y: xp.concat([x, y], axis=None),
    "stack": lambda xp, x, y: xp.stack([x, y], axis=-1),
    "unstack": lambda xp, x, y: xp.unstack(x)[1],
    "sum over axes": lambda xp, x, y: xp.sum(x, axis=(0, 1), keepdims=True),
    "mean over an axis": lambda xp, x, y: xp.mean(x, axis=-1, keepdims=True),
    "var corrected": lambda xp, x, y: xp.var(x, axis=1, correction=1),
    "std corrected": lambda xp, x, y: xp.std(x, axis=0, correction=1, keepdims=True),
    "argmax kept": lambda xp, x, y: xp.argmax(x, axis=1, keepdims=True),
    "clip": lambda xp, x, y: xp.clip(x, -0.5, 0.5),
    "clip by name": lambda xp, x, y: xp.clip(x, min=0.0),
    "where": lambda xp, x, y: xp.where(x > 0.0, x, 0.0),
    "maximum with a scalar": lambda xp, x, y: xp.maximum(x, 0.0),
    "cumulative_sum": lambda xp, x, y: xp.cumulative_sum(x, axis=1, include_initial=True),
    "cumulative_prod": lambda xp, x, y: xp.cumulative_prod(x, axis=0),
    "diff": lambda xp, x, y: xp.diff(x, axis=1),
    "take": lambda xp, x, y: xp.take(x, xp.asarray([2, 0]), axis=1),
    "take_along_axis": lambda xp, x, y: xp.take_along_axis(x, xp.argsort(x, axis=1), axis=1),
    "tensordot": lambda xp, x, y: xp.tensordot(x, y, axes=2),
    "expand_dims": lambda xp, x, y: xp.expand_dims(x, axis=1),
    "squeeze": lambda xp, x, y: xp.squeeze(xp.expand_dims(x, axis=0), axis=0),
    "moveaxis": lambda xp, x, y: xp.moveaxis(x, 0, 1),
    "repeat": lambda xp, x, y: xp.repeat(x, 2, axis=1),
    "reshape": lambda xp, x, y: xp.reshape(x, (-1,)),
    "roll": lambda xp, x, y: xp.roll(x, 1, axis=1),
    "tile": lambda xp, x, y: xp.tile(x, (2, 1)),
    "tril": lambda xp, x, y: xp.tril(x) + xp.triu(y, k=1),
    "broadcast_to": lambda xp, x, y: xp.broadcast_to(x[0, :], (2, 3)),
    "eye": lambda xp, x, y: xp.eye(2, 3) * x,
    "arange": lambda xp, x, y: xp.arange(3, dtype=xp.float64) * x,
    "linspace": lambda xp, x, y: xp.linspace(0.0, 1.0, 3) * x,
    "astype": lambda xp, x, y: xp.astype(x > 0, xp.float64),
    "indexing": lambda xp, x, y: x[..., 1:] * x[:, :1] + x[1, None, 2],
    "floor_divide": lambda xp, x, y: x // y,
}


@pytest.mark.parametrize("framework", CUSTOMARY)
def test_namespace_has_every_name(framework: str) -> None:
    xp = load(framework).xp
    assert [name for name in NAMES if not hasattr(xp, name)] == LACKING.get(framework, [])
    assert [name for name in SPECIAL if not hasattr(xp.special, name)] == []


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("framework", CUSTOMARY)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_namespace_agrees_with_numpy(framework: str, sample: str, dtype: Any) -> None:
    if sample in LACKING.get(framework, []):
        pytest.skip(f"{framework} lacks {sample}")
    backend = load(framework)
    x, y = X.astype(dtype), Y.astype(dtype)
    expected = SAMPLES[sample](np, x, y)
    found = backend.to_numpy(SAMPLES[sample](backend.xp, backend.asarray(x), backend.asarray(y)))
    assert found.shape == np.shape(expected)
    assert found.dtype.kind == np.asarray(expected).dtype.kind
    if sample not in ("eye", "arange", "linspace", "astype") and found.dtype.kind == "f":
        assert found.dtype == dtype
    tolerance = 4e-15 if dtype == np.float64 else 4e-6
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", SPECIAL)
@pytest.mark.parametrize("framework", CUSTOMARY)
def test_special_agrees_with_scipy(framework: str, name: str) -> None:
    backend = load(framework)
    arguments = [np.abs(X) + 0.05] * (2 if name == "xlogy" else 1)
    options = [{"axis": None}, {"axis": 1}] if name in ("softmax", "log_softmax", "logsumexp") else [{}]
    for option in options:
        expected = getattr(scipy.special, name)(*arguments, **option)
        found = backend.to_numpy(getattr(backend.xp.special, name)(*map(backend.asarray, arguments), **option))
        np.testing.assert_allclose(found, expected, rtol=2e-14, atol=2e-14)
