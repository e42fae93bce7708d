"""Compilation.

A function is traced once for each kind of arguments, and runs as NumPy source from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..engine import tree
from ..engine.core import Tracer
from ..engine.elements import OBJECT
from ..engine.nodes import ArrayType
from .program import MISS, Program
from .trace import STATIC, trace


class Compiled:
    """A function that is compiled when it is called: see `compile`."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.function = f
        self.programs: dict[Any, Program] = {}
        self._latest: Callable[[Any, Any], Any] = lambda args, kwargs: MISS
        self.__doc__ = f.__doc__
        self.__name__ = getattr(f, "__name__", "compiled")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        answer = self._latest(args, kwargs)
        return self._dispatch(args, kwargs) if answer is MISS else answer

    def free_buffers(self) -> None:
        """Free the memory that is kept from call to call; the next call takes some anew."""
        for program in self.programs.values():
            program.free_buffers()

    graph = property(
        lambda self: self._last_program().graph,
        doc="The graph of the program that was compiled last.",
    )
    source = property(
        lambda self: self._last_program().source,
        doc="The source of the program that was compiled last.",
    )

    def _last_program(self) -> Program:
        if not self.programs:
            raise RuntimeError(
                "Nothing is compiled yet: call the function once with the arguments that you mean."
            )
        return next(reversed(self.programs.values()))

    def _dispatch(self, args: Any, kwargs: Any) -> Any:
        """Find the program for these arguments, or make it."""
        leaves, structure = tree.flatten((args, kwargs))
        if any(isinstance(leaf, Tracer) and leaf.dtype == OBJECT for leaf in leaves):
            return self.function(*args, **kwargs)  # balls: there is no NumPy to write
        leaves = [_normal(leaf) for leaf in leaves]
        program = self._program_for(leaves, structure)
        if any(isinstance(leaf, Tracer) for leaf in leaves):
            arrays = [leaf for leaf in leaves if type(leaf) not in STATIC]
            return tree.unflatten(program.result, program.graph.evaluate(arrays))
        self._latest = program.enter
        answer = program.enter(*tree.unflatten(structure, leaves))
        assert answer is not MISS, program.source
        return answer

    def _program_for(self, leaves: Sequence[Any], structure: tree.Structure) -> Program:
        """The program for arguments of this structure with these leaves, made if there is none."""
        leaf_types = tuple([_leaf_type(leaf) for leaf in leaves])
        program = self.programs.get((structure, leaf_types))
        if program is None:
            examples = [peeled(leaf) for leaf in leaves]
            graph, result = trace(self.function, examples, structure)
            program = Program(graph, structure, leaf_types, result)
            self.programs[structure, leaf_types] = program
        return program


def _leaf_type(leaf: Any) -> Any:
    """The `ArrayType` of a leaf, or the type and value of one that the function is compiled for."""
    if type(leaf) in STATIC:
        return type(leaf), leaf
    return ArrayType.of(leaf)


def _normal(leaf: Any) -> Any:
    """A leaf as a plain array or number.

    That is, if it is no tracer and nothing that the function is compiled for.
    """
    if isinstance(leaf, (np.ndarray, np.generic)) and leaf.dtype.kind in "biufc":
        # of dtypes that are equal, the one that a program knows
        canonical = np.dtype(leaf.dtype.str)
        if leaf.dtype is not canonical:
            return np.asarray(leaf).view(canonical)
        return leaf if isinstance(leaf, np.generic) else np.asarray(leaf)
    if type(leaf) in (*STATIC, float, complex) or isinstance(leaf, Tracer):
        return leaf
    raise TypeError(
        f"A compiled function was given {type(leaf).__name__} {leaf!r}: give arrays of numbers, "
        "numbers, strings or None, in lists, tuples and dicts, and let the function find "
        "everything else around it."
    )


def peeled(leaf: Any) -> Any:
    """An example of what a tracer stands for."""
    shape = getattr(leaf, "shape", ())
    while isinstance(leaf, Tracer):
        leaf = leaf.primal
    while getattr(leaf, "shape", ()) != shape:
        leaf = leaf[0]
    return leaf


def compile(f: Callable[..., Any]) -> Compiled:
    """Return f, run as NumPy source.

    It is traced once for each structure, shapes and dtypes of its arguments, and runs as that
    source from then on.

    f: a function of arrays, in pytrees, written with `reference_ad.numpy`; it may use every
    transformation of this package, and every transformation may be applied to what is returned
    here. Arguments that are ints, bools, strings or None are part of what it is compiled for; so is
    everything that f finds around it, at its first call.

    The results are arrays of the caller's own. `.graph` and `.source` show what was compiled last.
    Several threads may call it at once.
    Raises TypeError where f branches on the numbers in its arguments, and for arguments of other
    types.
    """
    return Compiled(f)
