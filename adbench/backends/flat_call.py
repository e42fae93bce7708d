"""A call as a function of a list of arrays that returns a list: what tracers take best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from adbench.backends.base import Answer, Call
from reference_ad.engine import tree

FlatFunction = Callable[..., Sequence[Any]]
"""`function(*arrays) -> arrays`."""


class FlatCall:
    """A call with its arguments and its answer laid out flat.

    An absent direction is no array. The structure of the answer is known once `function` has run.
    """

    def __init__(self, call: Call, active: Any, constants: tuple[Any, ...], direction: Any) -> None:
        """active, constants, direction: arguments like those of later calls."""
        leaves, self._structure = tree.flatten((active, constants, direction))
        self._call = call
        self._is_array = [leaf is not None for leaf in leaves]
        self._answer_structures: list[Any] = []
        self.arrays: list[Any] = [leaf for leaf in leaves if leaf is not None]
        """The arrays of the arguments given."""

    def function(self, *arrays: Any) -> list[Any]:
        """Return the arrays of the answer at other arrays."""
        remaining = iter(arrays)
        leaves = [next(remaining) if is_array else None for is_array in self._is_array]
        answer = self._call(*tree.unflatten(self._structure, leaves))
        answer_arrays, answer_structure = tree.flatten(answer)
        self._answer_structures[:] = [answer_structure]
        return answer_arrays

    def unflatten(self, compiled: FlatFunction) -> Call:
        """Return the call that a compiled form of `function` answers, whose structures are kept."""
        (answer_structure,) = self._answer_structures

        def staged(active: Any, constants: tuple[Any, ...], direction: Any) -> Answer:
            leaves = tree.leaves((active, constants, direction))
            arrays = [leaf for leaf in leaves if leaf is not None]
            return tree.unflatten(answer_structure, list(compiled(*arrays)))

        return staged
