"""A program: a graph compiled for arguments of one structure, with these shapes and dtypes."""

from __future__ import annotations

import builtins
import functools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..engine import tree
from ..engine.nodes import ArrayType
from .codegen import SourceWriter, aligned, empty, named
from .graph import Graph
from .lower import lowered

MISS: Any = object()
"""What a program answers where the arguments are not those that it was made for."""


class Program:
    """A function compiled for arguments of one structure, with these shapes and dtypes."""

    def __init__(
        self,
        graph: Graph,
        structure: tree.Structure,
        leaf_types: Sequence[Any],
        result: tree.Structure,
    ) -> None:
        self.graph = graph
        """What it computes."""
        self.structure = structure
        """The structure of its arguments."""
        self.leaf_types = leaf_types
        """For each leaf of the arguments its `ArrayType`, or the type and value that it must be."""
        self.result = result
        """The structure of its results."""
        self.source, self.enter = self._build(scalars=True)
        """How, as Python with NumPy; and that, compiled: ``enter(args, kwargs)``, which gives
        `MISS` for other arguments than those that it was made for."""

    @functools.cached_property
    def exact(self) -> Any:
        """The same with arrays alone.

        These go on with inf or nan where Python's floats raise an error.
        """
        return self._build(scalars=False)[1]

    def free_buffers(self) -> None:
        """Free the memory that intermediate results lie in; the next call takes some anew."""
        for enter in (self.enter, self.__dict__.get("exact")):
            if enter is not None:
                enter.__globals__["pool"].clear()

    def _build(self, scalars: bool) -> tuple[str, Any]:
        signature = _Signature(self.structure, self.leaf_types)
        names = signature.names
        body = SourceWriter(lowered(self.graph), signature.inputs, scalars, names)
        lines = body.lines
        if body.buffers:
            names["aligned"] = aligned
            allocate = _listed(
                [empty(buffer, names, "aligned") for buffer in body.buffers.values()]
            )
            take = _attempt(["buffers = pool.pop()"], "IndexError", [f"buffers = ({allocate})"])
            buffers = _listed(list(body.buffers))
            lines = [*take, f"{buffers} = buffers", *lines, "pool.append(buffers)"]
        lines = [*lines, f"return {_expression(self.result, iter(body.results), names)}"]
        if body.scalar:
            names["exact"] = lambda args, kwargs: self.exact(args, kwargs)
            lines = _attempt(lines, "(ArithmeticError, ValueError)", ["return exact(args, kwargs)"])
        source = "\n".join(["def enter(args, kwargs):", *_indented([*signature.lines(), *lines])])
        exec(builtins.compile(source, "<compiled by reference_ad>", "exec"), names)
        return source, names["enter"]


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _attempt(lines: Sequence[str], errors: str, otherwise: Sequence[str]) -> list[str]:
    return ["try:", *_indented(lines), f"except {errors}:", *_indented(otherwise)]


def _listed(parts: Sequence[str]) -> str:
    """The inside of a tuple, which needs a comma if it has one part."""
    return f"{parts[0]}," if len(parts) == 1 else ", ".join(parts)


class _Signature:
    """The code that takes the arguments apart and sees whether they are the right ones."""

    def __init__(self, structure: tree.Structure, leaf_types: Sequence[Any]) -> None:
        self.taking: list[str] = []
        """The lines that give each part of the arguments a name."""
        self.checks: list[str] = []
        """Conditions on these."""
        self.inputs: list[str] = []
        """The names of arrays and numbers, in the order of the graph's inputs."""
        self.names: dict[str, Any] = {
            "np": np,
            "math": math,
            "inf": np.inf,
            "nan": np.nan,
            "MISS": MISS,
            "pool": [],
            "ndarray": np.ndarray,
            "generic": np.generic,
        }
        """The objects that are mentioned."""
        self._leaf_types = iter(leaf_types)
        assert structure is not None
        positional, keywords = structure.children
        self._take_apart("args", "x", positional)
        self._take_apart("kwargs", "k", keywords)

    def lines(self) -> list[str]:
        checks = [self.checks[0], *[f"and {check}" for check in self.checks[1:]]]
        taking = [*self.taking, "if not (", *_indented(checks), "):", "    return MISS"]
        return _attempt(
            taking, "(AttributeError, KeyError, TypeError, ValueError)", ["return MISS"]
        )

    def _take_apart(self, name: str, stem: str, structure: tree.Structure) -> None:
        """Give every part of a container a name. stem: what these names begin with."""
        if structure is None:
            self.checks.append(self._check_leaf(name))
            return
        parts = [f"{stem}{k}" for k in range(len(structure.children))]
        if structure.keys:
            self.checks.append(f"len({name}) == {len(parts)}")
            for part, key in zip(parts, structure.keys, strict=True):
                self.taking.append(f"{part} = {name}[{self._key(key)}]")
        elif parts:
            self.taking.append(f"{_listed(parts)} = {name}")
        else:
            self.checks.append(f"not {name}")
        for part, child in zip(parts, structure.children, strict=True):
            if child is not None:
                # at once: to take another kind of container apart could do anything
                self._check_container(part, child.kind)
            self._take_apart(part, f"{part}_", child)

    def _key(self, key: Any) -> str:
        if type(key) in (str, int):
            return repr(key)
        return named("key", key, self.names)

    def _check_container(self, name: str, kind: Any) -> None:
        container = kind.__name__
        if kind not in (tuple, list, dict):
            container = named("container", kind, self.names)
        self.taking += [f"if type({name}) is not {container}:", "    return MISS"]

    def _check_leaf(self, name: str) -> str:
        """The condition that a leaf is what the program was made for."""
        leaf_type = next(self._leaf_types)
        if not isinstance(leaf_type, ArrayType):
            _, value = leaf_type
            return f"type({name}) is type({value!r}) and {name} == {value!r}"
        self.inputs.append(name)
        if leaf_type.weak:
            number = "complex" if leaf_type.dtype.kind == "c" else "float"
            return f"type({name}) is {number}"
        return self._check_array(name, leaf_type)

    def _check_array(self, name: str, array_type: ArrayType) -> str:
        dtype = array_type.dtype
        dtype_name = named(f"dtype_{dtype.name}", dtype, self.names)
        is_canonical = dtype is np.dtype(dtype.char)
        has_dtype = f"{name}.dtype {'is' if is_canonical else '=='} {dtype_name}"
        is_array = f"isinstance({name}, (ndarray, generic))"
        if array_type.shape:
            is_array = f"type({name}) is ndarray"
        return f"{is_array} and {name}.shape == {array_type.shape} and {has_dtype}"


def _expression(structure: tree.Structure, results: Iterator[str], names: dict[str, Any]) -> str:
    """The tree of results as Python writes it."""
    if structure is None:
        return next(results)
    parts = [_expression(child, results, names) for child in structure.children]
    if structure.kind is list:
        return f"[{', '.join(parts)}]"
    if structure.kind is tuple:
        return f"({_listed(parts)})"
    shallow = structure._replace(children=(None,) * len(parts))
    return (
        f"{named('build', functools.partial(tree.unflatten, shallow), names)}(({_listed(parts)}))"
    )
