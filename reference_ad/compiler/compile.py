"""Compilation: a function is traced once for each kind of arguments, and runs as NumPy source from
then on."""

from __future__ import annotations

import builtins
import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..engine import tree
from ..engine.arguments import output_leaves
from ..engine.core import Array, Level, Primitive, Tracer
from ..engine.elements import OBJECT
from ..engine.nodes import ArrayType, Node
from ..engine.numpy_source import source_of
from .builder import Builder
from .codegen import SourceWriter, aligned, empty, named
from .graph import Graph
from .lower import lowered

_STATIC = (bool, int, str, type(None))
_MISS: Any = object()


class TraceTracer(Tracer):
    """A value of a program that is being traced: a node of the graph, and an example of it, which
    gives the shape."""

    __slots__ = ("example", "node")

    def __init__(self, level: Trace, example: Any, node: Node) -> None:
        self.level = level
        self.example = example
        self.primal = np.asarray(example) if node.array_type.weak else example
        self.node = node

    def __bool__(self) -> bool:
        raise TypeError(
            "A compiled function branched on a traced value: what it does must not depend on the "
            "numbers in its "
            "arguments. Choose between two values with where, or leave this part out of compile."
        )

    def __index__(self) -> int:
        raise TypeError(
            "A compiled function used a traced value as a Python number: give the number as an int "
            "argument, for "
            "which the function is compiled anew, or leave this part out of compile."
        )

    __float__ = __int__ = __complex__ = __index__


class Trace(Level):
    """The level that writes down what is done."""

    __slots__ = ("build",)

    def __init__(self) -> None:
        Level.__init__(self)
        self.build = Builder()

    def variable(self, example: Any) -> TraceTracer:
        """A new input."""
        return TraceTracer(self, example, self.build.input(ArrayType.of(example)))

    def process(
        self, primitive: Primitive, args: tuple[Array, ...], params: dict[str, Any]
    ) -> Array:
        nodes = [self.node_of(arg) for arg in args]
        examples = [arg.example if isinstance(arg, TraceTracer) else arg for arg in args]
        if all(node.array_type.weak for node in nodes) and not source_of(primitive).operator:
            examples = [
                np.asarray(example)[()] for example in examples
            ]  # no dtype to take on: as NumPy has them
        with np.errstate(all="ignore"):  # the example's numbers are not the caller's business
            try:
                example = primitive.implementation(*examples, **params)
            except (
                ZeroDivisionError
            ):  # Python's numbers divide by 0 as NumPy's do, and stay Python's
                example = primitive.implementation(*map(np.asarray, examples), **params).item()
        node = self.build.apply_simplified(primitive, tuple(nodes), params, ArrayType.of(example))
        same = [arg for arg in args if isinstance(arg, TraceTracer) and arg.node is node]
        return same[0] if same else TraceTracer(self, example, node)

    def node_of(self, value: Any) -> Node:
        """The node of a value of this trace, or of a constant."""
        if isinstance(value, TraceTracer) and value.level is self:
            return value.node
        if isinstance(value, Tracer):
            raise TypeError(
                "A compiled function uses a traced array from around it: give it as an argument, "
                "so that its "
                "derivative is known."
            )
        constant = np.asarray(value) if isinstance(value, (list, tuple)) else value
        if not isinstance(constant, (np.ndarray, np.generic, int, float, complex)):
            raise TypeError(
                f"A compiled function uses {type(value).__name__} {value!r}: give numbers or "
                "arrays."
            )
        return self.build.constant(constant)


class Program:
    """A function compiled for arguments of one structure, with these shapes and dtypes.

    graph:  what it computes
    source: how, as Python with NumPy
    enter:  ``enter(args, kwargs)``; gives `_MISS` for other arguments than those that it was made
    for
    """

    def __init__(
        self, graph: Graph, structure: tree.Structure, kinds: Sequence[Any], result: tree.Structure
    ) -> None:
        self.graph = graph
        self.structure = structure
        self.kinds = kinds
        self.result = result
        self.source, self.enter = self._build(scalars=True)

    @functools.cached_property
    def exact(self) -> Any:
        """The same with arrays alone: these go on with inf or nan where Python's floats raise an
        error."""
        return self._build(scalars=False)[1]

    def _build(self, scalars: bool) -> tuple[str, Any]:
        signature = _Signature(self.structure, self.kinds)
        names = signature.names
        body = SourceWriter(lowered(self.graph), signature.inputs, scalars, names)
        lines = body.lines
        if body.buffers:
            names["aligned"] = aligned
            allocate = _listed([empty(kind, names, "aligned") for kind in body.buffers.values()])
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
    """The code that takes the arguments apart and sees whether they are the right ones.

    taking: the lines that give each part of them a name
    checks: conditions on these
    inputs: the names of arrays and numbers, in the order of the graph's inputs
    names:  the objects that are mentioned
    """

    def __init__(self, structure: tree.Structure, kinds: Sequence[Any]) -> None:
        self.taking: list[str] = []
        self.checks: list[str] = []
        self.inputs: list[str] = []
        self.names: dict[str, Any] = {
            "np": np,
            "math": math,
            "inf": np.inf,
            "nan": np.nan,
            "MISS": _MISS,
            "pool": [],
        }
        self.names |= {"ndarray": np.ndarray, "generic": np.generic}
        self.kinds = iter(kinds)
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
        if structure is None:
            self.checks.append(self._check(name))
            return
        parts = [f"{stem}{k}" for k in range(len(structure.children))]
        if structure.keys:
            self.checks.append(f"len({name}) == {len(parts)}")
            keys = [
                repr(key) if type(key) in (str, int) else named("key", key, self.names)
                for key in structure.keys
            ]
            self.taking += [
                f"{part} = {name}[{key}]" for part, key in zip(parts, keys, strict=True)
            ]
        elif parts:
            self.taking.append(f"{_listed(parts)} = {name}")
        else:
            self.checks.append(f"not {name}")
        for part, child in zip(parts, structure.children, strict=True):
            if (
                child is not None
            ):  # at once: to take another kind of container apart could do anything
                plain = child.kind in (tuple, list, dict)
                kind = child.kind.__name__ if plain else named("container", child.kind, self.names)
                self.taking += [f"if type({part}) is not {kind}:", "    return MISS"]
            self._take_apart(part, f"{part}_", child)

    def _check(self, name: str) -> str:
        kind = next(self.kinds)
        if not isinstance(kind, ArrayType):
            return f"type({name}) is type({kind[1]!r}) and {name} == {kind[1]!r}"
        self.inputs.append(name)
        if kind.weak:
            return f"type({name}) is {'complex' if kind.dtype.kind == 'c' else 'float'}"
        dtype = named(f"dtype_{kind.dtype.name}", kind.dtype, self.names)
        same = "is" if kind.dtype is np.dtype(kind.dtype.char) else "=="
        array = (
            f"type({name}) is ndarray" if kind.shape else f"isinstance({name}, (ndarray, generic))"
        )
        return f"{array} and {name}.shape == {kind.shape} and {name}.dtype {same} {dtype}"


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


class Compiled:
    """A function that is compiled when it is called: see `compile`."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.function = f
        self.programs: dict[Any, Program] = {}
        self._latest: Callable[[Any, Any], Any] = lambda args, kwargs: _MISS
        self.__doc__ = f.__doc__
        self.__name__ = getattr(f, "__name__", "compiled")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        answer = self._latest(args, kwargs)
        return self._dispatch(args, kwargs) if answer is _MISS else answer

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
        kinds = tuple(
            [(type(leaf), leaf) if type(leaf) in _STATIC else ArrayType.of(leaf) for leaf in leaves]
        )
        program = self.programs.get((structure, kinds))
        if program is None:
            graph, result = _trace(self.function, [_peeled(leaf) for leaf in leaves], structure)
            program = self.programs[structure, kinds] = Program(graph, structure, kinds, result)
        if any(isinstance(leaf, Tracer) for leaf in leaves):
            arrays = [leaf for leaf in leaves if type(leaf) not in _STATIC]
            return tree.unflatten(program.result, program.graph.evaluate(arrays))
        self._latest = program.enter
        answer = program.enter(*tree.unflatten(structure, leaves))
        assert answer is not _MISS, program.source
        return answer


def _normal(leaf: Any) -> Any:
    """A leaf as a plain array or number, if it is no tracer and nothing that the function is
    compiled for."""
    if isinstance(leaf, (np.ndarray, np.generic)) and leaf.dtype.kind in "biufc":
        canonical = np.dtype(
            leaf.dtype.str
        )  # of dtypes that are equal, the one that a program knows
        plain = leaf if isinstance(leaf, np.generic) else np.asarray(leaf)
        return plain if leaf.dtype is canonical else np.asarray(leaf).view(canonical)
    if type(leaf) in (*_STATIC, float, complex) or isinstance(leaf, Tracer):
        return leaf
    raise TypeError(
        f"A compiled function was given {type(leaf).__name__} {leaf!r}: give arrays of numbers, "
        "numbers, strings or "
        "None, in lists, tuples and dicts, and let the function find everything else around it."
    )


def _peeled(leaf: Any) -> Any:
    """An example of what a tracer stands for."""
    shape = getattr(leaf, "shape", ())
    while isinstance(leaf, Tracer):
        leaf = leaf.primal
    while getattr(leaf, "shape", ()) != shape:
        leaf = leaf[0]
    return leaf


def _trace(
    f: Callable[..., Any], leaves: Sequence[Any], structure: tree.Structure
) -> tuple[Graph, tree.Structure]:
    with Trace() as level:
        traced = [leaf if type(leaf) in _STATIC else level.variable(leaf) for leaf in leaves]
        args, kwargs = tree.unflatten(structure, traced)
        outputs, result = output_leaves(f(*args, **kwargs), "compile")
        nodes = [level.node_of(output) for output in outputs]
    inputs = [leaf.node for leaf in traced if isinstance(leaf, TraceTracer)]
    return Graph(inputs, nodes, level.build.nodes), result


def compile(f: Callable[..., Any]) -> Compiled:
    """f, traced once for each structure, shapes and dtypes of its arguments, and from then on run
    as NumPy source.

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
