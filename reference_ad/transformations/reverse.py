"""Reverse mode: cotangents travel back along the tape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..engine import tree
from ..engine.arguments import (
    Argnums,
    active_leaves,
    as_argument_tuple,
    copy_if_shared,
    fill,
    matching_leaves,
    scalar_one,
    select,
)
from ..engine.core import Array
from ..engine.tape import Tape, record
from ..engine.transposition import pull
from .batching import over_basis
from .forward import Blocks, jacfwd, jacobian, jvp


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Value of f, and its pullback.

    primals: f's arguments, pytrees of floating-point arrays

    Returns ``(f(*primals), pullback)``; ``pullback(cotangent)``, whose argument is like the output
    in structure, shapes and dtypes, gives a tuple with one cotangent per primal. It can be called
    again and again, and differentiated. Raises TypeError for leaves without derivatives; the
    pullback, ValueError where the cotangent does not fit.
    """
    leaves, structure = active_leaves(primals, "vjp")
    tape, outputs, indices, output_structure = record(
        lambda primals: f(*primals), leaves, structure, "vjp"
    )

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        cotangents = matching_leaves(
            cotangent, output_structure, outputs, "The pullback", "cotangent", "output"
        )
        cotangents = [
            g.copy() if type(g) is np.ndarray else g for g in cotangents
        ]  # the caller may write to his
        return tree.unflatten(structure, _pulled(tape, indices, cotangents, leaves))

    return tree.unflatten(output_structure, outputs), pullback


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., tuple[Any, Any]]:
    """A function that gives f's value and its gradient.

    f: returns one real scalar (shape ()); its other arguments may be anything
    argnums: which positional argument to differentiate: a pytree of floating-point arrays. A tuple
    for several

    The gradient has the structure, shapes and dtypes of the active argument (a tuple of them if
    `argnums` is a tuple). Raises TypeError for leaves without derivatives or an output that is not
    a real scalar, ValueError for argnums out of range.
    """

    def evaluate(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        active, call = select(f, argnums, args, kwargs, "grad")
        leaves, structure = active_leaves(active, "grad")
        tape, outputs, indices, output_structure = record(call, leaves, structure, "grad")
        if (
            output_structure is not None
            or outputs[0].shape != ()
            or outputs[0].dtype.kind not in "fO"
        ):
            arrays = [
                f"an array of shape {output.shape}, dtype {output.dtype}" for output in outputs
            ]
            description = arrays[0] if output_structure is None else output_structure.kind.__name__
            raise TypeError(
                "grad needs a function that returns one real scalar, and it returned "
                f"{description}: reduce it (with sum or mean, say), or use jacrev or vjp."
            )
        return outputs[0], tree.unflatten(
            structure, _pulled(tape, indices, [scalar_one(outputs[0])], leaves)
        )

    return evaluate


def grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """A function that gives f's gradient: see `value_and_grad`."""
    evaluate = value_and_grad(f, argnums)
    return lambda *args, **kwargs: evaluate(*args, **kwargs)[1]


def jacrev(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The Jacobian of f by reverse mode.

    A cotangent for each output scalar, all of them in one batch.

    The result is as that of `jacfwd`.
    Raises TypeError for leaves without derivatives and complex results of real arguments,
    ValueError for argnums out of range.
    """

    def blocks(tape: Tape, leaves: list[Array], outputs: list[Array], indices: list[int]) -> Blocks:
        rows = []
        for output, index in zip(outputs, indices, strict=True):

            def pull_units(units: Array, index: int = index) -> list[Array | None]:
                return pull(tape, [index], [units])[: len(leaves)]

            columns = over_basis(output, tape, pull_units) if index >= 0 else []
            rows.append(columns or [None] * len(leaves))
        return rows

    return jacobian(f, argnums, "jacrev", blocks)


def hessian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The Hessian of f, forward over reverse.

    The Jacobian of the gradient, with the structure that `jacfwd` gives it.

    Raises what `grad` raises where f does not return one real scalar.
    """
    return jacfwd(grad(f, argnums), argnums)


def hvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian of f times a vector, forward over reverse, at a small multiple of the cost of f.

    primals:  a tuple or list with f's arguments, all of them active: pytrees of floating-point
    arrays
    tangents: the vector; the same structure, shapes and dtypes

    The result is like `primals[0]` if there is one primal, else a tuple with one entry per primal.
    Raises what `grad` and `jvp` raise.
    """
    argnums: Argnums = (
        0 if len(as_argument_tuple(primals, "hvp", "primals")) == 1 else tuple(range(len(primals)))
    )
    return jvp(grad(f, argnums), primals, tangents)[1]


def _pulled(
    tape: Tape, indices: Sequence[int], cotangents: Sequence[Array], leaves: Sequence[Array]
) -> list[Array]:
    """The cotangents of the leaves from which the tape starts; zeros where there is none."""
    pulled = pull(tape, indices, cotangents)
    return copy_if_shared([fill(pulled[position], leaf) for position, leaf in enumerate(leaves)])
