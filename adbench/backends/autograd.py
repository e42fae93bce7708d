"""HIPS autograd, define-by-run on NumPy arrays."""

from __future__ import annotations

from typing import Any

import autograd
import autograd.builtins
import numpy as np
from autograd.tracer import isbox

from adbench.backends.base import Function
from adbench.backends.numpy_arrays import NumPyBackend
from adbench.namespaces.autograd import namespace
from reference_ad.engine import tree


class Eager(NumPyBackend):
    """autograd as it runs by default.

    A graph in reverse mode, tangents beside values in forward mode.
    """

    framework = "autograd"
    xp = namespace

    # ---- transformations

    def jvp(self, function: Function, active: Any, tangent: Any) -> tuple[Any, Any]:
        leaves, output_of, unpack = _on_leaves(function, active)
        output, output_tangent = autograd.make_jvp(output_of)(leaves)(
            autograd.builtins.tuple(tree.leaves(tangent))
        )
        return unpack(output), unpack(output_tangent)

    def vjp(self, function: Function, active: Any) -> tuple[Any, Function]:
        leaves, output_of, unpack = _on_leaves(function, active)
        structure = tree.flatten(active)[1]
        pull, output = autograd.make_vjp(output_of)(leaves)

        def pullback(cotangent: Any) -> Any:
            cotangents = autograd.builtins.tuple(tree.leaves(cotangent))
            return tree.unflatten(structure, list(pull(cotangents)))

        return unpack(output), pullback

    def jacrev(self, function: Function) -> Function:
        native_jacobian = autograd.jacobian(function)
        fallback = super().jacrev(function)

        def jacobian(active: Any) -> Any:
            is_array = isinstance(active, np.ndarray) or isbox(active)
            return native_jacobian(active) if is_array else fallback(active)

        return jacobian


def _on_leaves(function: Function, active: Any) -> tuple[Any, Function, Function]:
    """Return leaves, the function of the leaves, and what rebuilds its tree.

    The leaves of `active` stand in a container of autograd's; the function takes them to the leaves
    of its output.

    autograd follows its own containers alone: a plain tuple of outputs would be a constant.
    """
    leaves, structure = tree.flatten(active)
    output_structures: list[Any] = []

    def output_of(boxed: Any) -> Any:
        output = function(tree.unflatten(structure, [boxed[k] for k in range(len(leaves))]))
        output_leaves, output_structure = tree.flatten(output)
        output_structures[:] = [output_structure]
        return autograd.builtins.tuple(output_leaves)

    def unpack(output: Any) -> Any:
        (output_structure,) = output_structures
        return tree.unflatten(output_structure, [output[k] for k in range(len(output))])

    return autograd.builtins.tuple(leaves), output_of, unpack
