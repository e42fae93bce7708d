"""Numerical differentiation against the truth: the error of differences over the step, and what
they cost.

A forward difference errs by about h |f''| / 2 + 2 eps |f| / h, a central one by h^2 |f'''| / 6 +
eps |f| / h (Nocedal and Wright, Numerical Optimization, 2nd ed., section 8.1): the error over h has
the shape of a V, and its lowest point is far above the rounding error of one evaluation.
Derivatives computed by the chain rule have no step to choose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from adbench.cases.answer import Answer, relative_error
from adbench.cases.inputs import Array, Inputs
from adbench.cases.model import Model
from adbench.cases.operators import Operator
from adbench.namespaces import numpy as namespace
from reference_ad.engine import tree

STEPS = tuple(10.0 ** (-k / 2) for k in range(33))
"""The steps h, from 1 to 1e-16, two a decade."""


@dataclass(frozen=True)
class Attempt:
    """One Jacobian by one method: its relative error, and how often the function was evaluated for
    it.

    step: h, or nan where the method chooses its own steps.
    """

    method: str
    step: float
    relative_error: float
    evaluations: int


class Flat:
    """A model at a point as a function of one vector, shapes (n,) -> (m,), which counts its
    evaluations."""

    def __init__(self, model: Model, inputs: Inputs) -> None:
        self._model = model
        self._inputs = inputs
        leaves, self._structure = tree.flatten(inputs.arguments[inputs.active])
        self._shapes = [leaf.shape for leaf in leaves]
        self.point: Array = np.concatenate([leaf.ravel() for leaf in leaves])
        self.evaluations = 0

    def __call__(self, x: Array) -> Array:
        self.evaluations += 1
        x = x.astype(
            self.point.dtype
        )  # whatever a library computes its points in, the function is of this dtype
        ends = np.cumsum([int(np.prod(shape)) for shape in self._shapes])[:-1]
        pieces = [
            piece.reshape(shape)
            for piece, shape in zip(np.split(x, ends), self._shapes, strict=True)
        ]
        arguments = list(self._inputs.arguments)
        arguments[self._inputs.active] = tree.unflatten(self._structure, pieces)
        with np.errstate(all="ignore"):
            return np.atleast_1d(
                np.asarray(self._model.function(namespace.numpy, *arguments))
            ).ravel()


def question(inputs: Inputs) -> Operator:
    """Return the operator whose answer is the Jacobian of the function at hand."""
    if inputs.is_scalar_to_scalar:
        return Operator.DERIVATIVE
    return Operator.GRADIENT if inputs.cotangent.shape == () else Operator.JACOBIAN


def as_matrix(answer: Answer, m: int) -> Array:
    """Return a derivative, gradient or Jacobian as a matrix of shape (m, n)."""
    return np.concatenate([array.reshape(m, -1) for array in answer.arrays], axis=1)


def sweep(model: Model, inputs: Inputs, true: Array) -> Iterator[Attempt]:
    """Yield the attempts by forward and by central differences at every step, in the dtype of the
    inputs.

    true: the Jacobian, shape (m, n), in extended precision.
    """
    for method, quotients in (("forward", forward), ("central", central)):
        for step in STEPS:
            yield _attempt(method, step, Flat(model, inputs), true, partial(quotients, h=step))


def adaptive(model: Model, inputs: Inputs, true: Array) -> Iterator[Attempt]:
    """Yield the attempts of libraries that choose their own steps: SciPy, and numdifftools where it
    is installed."""
    for method, jacobian in (("scipy", _scipy), ("numdifftools", _numdifftools)):
        try:
            yield _attempt(method, float("nan"), Flat(model, inputs), true, jacobian)
        except ModuleNotFoundError:
            continue


def forward(f: Flat, h: float) -> Array:
    """Return the Jacobian by (f(x + h e_i) - f(x)) / h, from n + 1 evaluations.

    The step divided by is the one really taken, between two representable points; where it
    vanishes, so does the quotient.
    """
    start = f(f.point)

    def column(i: int) -> Array:
        up = f.point.copy()
        up[i] += up.dtype.type(h)
        return _quotient(f(up), start, up[i], f.point[i])

    return np.stack([column(i) for i in range(len(f.point))], axis=1)


def central(f: Flat, h: float) -> Array:
    """Return the Jacobian by (f(x + h e_i) - f(x - h e_i)) / 2h, from 2n evaluations; steps as in
    `forward`."""

    def column(i: int) -> Array:
        up, down = f.point.copy(), f.point.copy()
        up[i] += up.dtype.type(h)
        down[i] -= down.dtype.type(h)
        return _quotient(f(up), f(down), up[i], down[i])

    return np.stack([column(i) for i in range(len(f.point))], axis=1)


def _quotient(above: Array, below: Array, up: Any, down: Any) -> Array:
    step = up - down  # exact where the two are near each other (Sterbenz)
    with np.errstate(all="ignore"):
        return (above - below) / step if step else np.zeros_like(above)


def _scipy(f: Flat) -> Array:
    from scipy.differentiate import jacobian

    def vectorized(x: Array) -> Array:
        # SciPy asks for many points at once: x has shape (n, ...), and the answer (m, ...).
        points = x.reshape(len(f.point), -1)
        values = np.stack([f(points[:, i]) for i in range(points.shape[1])], axis=-1)
        return values.reshape(-1, *x.shape[1:])

    with np.errstate(all="ignore"):
        return np.asarray(jacobian(vectorized, f.point).df)


def _numdifftools(f: Flat) -> Array:
    import numdifftools

    with np.errstate(all="ignore"):
        return np.asarray(numdifftools.Jacobian(f)(f.point)).reshape(-1, len(f.point))


def _attempt(
    method: str, step: float, f: Flat, true: Array, jacobian: Callable[[Flat], Array]
) -> Attempt:
    found = jacobian(f)
    error = relative_error(Answer(("",), (found,)), Answer(("",), (true,)))
    return Attempt(method, step, error, f.evaluations)
