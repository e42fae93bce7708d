"""Numerical differentiation: a model as a function of one vector, and its Jacobian by differences.

A forward difference errs by about h |f''| / 2 + 2 eps |f| / h, a central one by h^2 |f'''| / 6 +
eps |f| / h (Nocedal and Wright, Numerical Optimization, 2nd ed., section 8.1): the error over h has
the shape of a V, and its lowest point is far above the rounding error of one evaluation.
Derivatives computed by the chain rule have no step to choose.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from adbench.cases.inputs import Array
from adbench.cases.question import Question
from adbench.namespaces.frozen import frozen_function
from reference_ad.engine import tree

STEPS = tuple(10.0 ** (-k / 2) for k in range(33))
"""The steps h, from 1 to 1e-16, two a decade."""


class FlatFunction:
    """A model as a function of one vector, shapes (n,) -> (m,), which counts its evaluations.

    What passes `stop_gradient` is everywhere what it is at the point of the question.
    """

    def __init__(self, question: Question) -> None:
        """question: whose model at which point, in the dtype to evaluate in."""
        self._function = frozen_function(
            question.model.output, question.inputs.xp, question.inputs.arguments
        )
        self._inputs = question.inputs
        leaves, self._structure = tree.flatten(self._inputs.arguments[self._inputs.active])
        self._shapes = [leaf.shape for leaf in leaves]
        self._ends = np.cumsum([leaf.size for leaf in leaves])[:-1]
        self.point: Array = np.concatenate([leaf.ravel() for leaf in leaves])
        self.evaluations = 0

    def __call__(self, x: Array) -> Array:
        self.evaluations += 1
        # Whatever dtype a library computes its points in, the function is of this one.
        x = x.astype(self.point.dtype)
        pieces = np.split(x, self._ends)
        leaves = [piece.reshape(shape) for piece, shape in zip(pieces, self._shapes, strict=True)]
        arguments = list(self._inputs.arguments)
        arguments[self._inputs.active] = tree.unflatten(self._structure, leaves)
        with np.errstate(all="ignore"):
            value = self._function(*arguments)
        return np.atleast_1d(np.asarray(value)).ravel()


def forward(f: FlatFunction, h: float) -> Array:
    """Return the Jacobian, shape (m, n), by (f(x + h e_i) - f(x)) / h, from n + 1 evaluations.

    The step divided by is the one really taken, between two representable points; where it
    vanishes, so does the quotient.
    """
    value = f(f.point)

    def column(i: int) -> Array:
        up = f.point.copy()
        up[i] += up.dtype.type(h)
        return _quotient(f(up), value, up[i], f.point[i])

    return np.stack([column(i) for i in range(len(f.point))], axis=1)


def central(f: FlatFunction, h: float) -> Array:
    """Return the Jacobian, shape (m, n), by (f(x + h e_i) - f(x - h e_i)) / 2h.

    It takes 2n evaluations; steps as in `forward`.
    """

    def column(i: int) -> Array:
        up = f.point.copy()
        down = f.point.copy()
        up[i] += up.dtype.type(h)
        down[i] -= down.dtype.type(h)
        return _quotient(f(up), f(down), up[i], down[i])

    return np.stack([column(i) for i in range(len(f.point))], axis=1)


def _quotient(value_up: Array, value_down: Array, up: Any, down: Any) -> Array:
    step = up - down  # exact where the two are near each other (Sterbenz)
    if not step:
        return np.zeros_like(value_up)
    with np.errstate(all="ignore"):
        return (value_up - value_down) / step


STEPPED_METHODS: dict[str, Callable[[FlatFunction, float], Array]] = {
    "forward": forward,
    "central": central,
}
"""What computes a Jacobian with a given step, by name."""


def adaptive_methods() -> dict[str, Callable[[FlatFunction], Array]]:
    """Return what computes a Jacobian with steps of its own choice, by name.

    SciPy, and numdifftools where it is installed.
    """
    methods: dict[str, Callable[[FlatFunction], Array]] = {"scipy": _scipy}
    if find_spec("numdifftools") is not None:
        methods["numdifftools"] = _numdifftools
    return methods


def _scipy(f: FlatFunction) -> Array:
    from scipy.differentiate import jacobian

    def vectorized(x: Array) -> Array:
        # SciPy asks for many points at once: x has shape (n, ...), and the answer (m, ...).
        points = x.reshape(len(f.point), -1)
        values = np.stack([f(points[:, i]) for i in range(points.shape[1])], axis=-1)
        return values.reshape(-1, *x.shape[1:])

    with np.errstate(all="ignore"):
        return np.asarray(jacobian(vectorized, f.point).df)


def _numdifftools(f: FlatFunction) -> Array:
    import numdifftools

    with np.errstate(all="ignore"):
        return np.asarray(numdifftools.Jacobian(f)(f.point)).reshape(-1, len(f.point))
