"""The namespace of plain NumPy, without derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from adbench.namespaces.namespace import LOOPS, Namespace, missing


class _SpecialFunctions:
    """Those of SciPy, imported when the first is looked up: it takes as long as all of adbench."""

    __name__ = "scipy.special"

    def __getattr__(self, name: str) -> Any:
        if name in LOOPS:  # a namespace has its own
            raise AttributeError(name)
        from scipy import special

        return getattr(special, name)


_special = _SpecialFunctions()

# ---- what plain NumPy lacks of the standard


def _argsort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    if not descending:
        return np.argsort(x, axis=axis, stable=stable)
    # Equal elements keep their order: they are sorted from the end, and counted from there.
    return np.flip(x.shape[axis] - 1 - np.argsort(np.flip(x, axis), axis=axis, stable=stable), axis)


def _sort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    ascending = np.sort(x, axis=axis, stable=stable)
    return np.flip(ascending, axis) if descending else ascending


def _clip(x: Any, /, min: Any = None, max: Any = None) -> Any:
    return np.clip(x, min, max)


def _finfo(type: Any, /) -> Any:
    return np.finfo(type.dtype if isinstance(type, np.ndarray | np.generic) else type)


def _softplus(x: Any) -> Any:
    return np.logaddexp(x, x.dtype.type(0))


def _polygamma(n: int, x: Any) -> Any:
    return _special.polygamma(n, x).astype(x.dtype)  # SciPy's is float64 always


def _gammainc(a: Any, x: Any) -> Any:
    return _special.gammainc(a, x).astype(np.result_type(a, x))  # as of `_xlogy`


def _gammaincc(a: Any, x: Any) -> Any:
    return _special.gammaincc(a, x).astype(np.result_type(a, x))


def _xlogy(x: Any, y: Any) -> Any:
    return _special.xlogy(x, y).astype(
        np.result_type(x, y, np.float16)
    )  # a Python number makes SciPy's float64


def _fftfreq(n: int, /, *, d: float = 1.0, dtype: Any = None) -> Any:
    return np.fft.fftfreq(n, d).astype(dtype or np.float64)


def _rfftfreq(n: int, /, *, d: float = 1.0, dtype: Any = None) -> Any:
    return np.fft.rfftfreq(n, d).astype(dtype or np.float64)


def _set_at(x: Any, index: Any, value: Any, /) -> Any:
    copy = np.array(x)
    copy[index] = value
    return copy


def _add_at(x: Any, index: Any, value: Any, /) -> Any:
    copy = np.array(x)
    np.add.at(copy, index, value)
    return copy


numpy = Namespace(
    np,
    Namespace(
        _special,
        None,
        gammainc=_gammainc,
        gammaincc=_gammaincc,
        polygamma=_polygamma,
        softplus=_softplus,
        xlogy=_xlogy,
    ),
    add_at=_add_at,
    argsort=_argsort,
    clip=_clip,
    fft=Namespace(np.fft, None, fftfreq=_fftfreq, rfftfreq=_rfftfreq),
    finfo=_finfo,
    grad=missing("NumPy", "derivatives"),
    set_at=_set_at,
    sort=_sort,
    stop_gradient=lambda x: x,
)
"""Plain NumPy, without derivatives."""
