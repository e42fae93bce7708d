"""From a graph to the lines of NumPy that an expert would write for it.

What was measured, and is done therefore (times for arrays of 8 x 16, in ns):
  a result goes into an array that is there already               tanh 416 -> 382, dot 453 -> 382
  a product of matrices is a method's, not np.dot's               dot 438 -> 292
  a number is given to a ufunc as an array of no dimensions       multiply 366 -> 238
  numbers and arrays of one element are Python floats             a multiplication 240 -> 20
  a buffer begins where a cache line does (32 x 64)               add 1100 -> 640, dot 4360 -> 3670

Every result is an array of its own. Intermediate ones live in buffers, which are lent to one call
at a time.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..rules.structural import ARRAY
from .graph import ArrayType, Graph, Node
from .lower import UFUNCS

OPERATORS = {
    "add": "{} + {}",
    "subtract": "{} - {}",
    "multiply": "{} * {}",
    "divide": "{} / {}",
    "negative": "-{}",
}
_OUT = dict.fromkeys(
    ["maximum", "minimum"], "out="
)  # the others take it by position, which is faster
_IN_NAMES = str.maketrans({".": "_", "-": "m", "+": "p", "(": None, ")": None})
_VIEWS = {"reshape", "permute_dims", "getitem"}
"""Primitives that show the memory of their argument and have none of their own."""
VIEWS_LIMIT = 200
"""Up to this many characters views of views are written as one expression: Python cannot read any
depth."""
_ALWAYS_NEW = (
    "sum matmul broadcast_to where scatter_add concat stack max min cumulative_sum "
    "softmax log_softmax expit"
)
_FRESH = UFUNCS | {"inner product", *_ALWAYS_NEW.split()}
"""Primitives that give new arrays. Those in neither set may do either."""
_FUNCTIONS = (
    "exp expm1 log log1p log2 log10 sqrt sin cos tan asin acos atan sinh cosh tanh asinh "
    "acosh atanh erf erfc"
)

SCALARS = {
    **OPERATORS,
    **{name: f"math.{name}({{}})" for name in _FUNCTIONS.split()},
    **dict.fromkeys(
        ["reshape", "broadcast_to", "permute_dims", "sum", "max", "min", "cumulative_sum"], "{}"
    ),
    **{"equal": "{} == {}", "not_equal": "{} != {}", "less": "{} < {}", "less_equal": "{} <= {}"},
    **{
        "greater": "{} > {}",
        "greater_equal": "{} >= {}",
        "isnan": "{0} != {0}",
        "logical_not": "not {}",
    },
    "abs": "abs({})",
    "atan2": "math.atan2({}, {})",
    "expit": "1.0 / (1.0 + math.exp(-{}))",
    "constant_power": "math.pow({}, {exponent})",
    "hypot": "math.hypot({}, {})",
    "matmul": "{} * {}",
    "maximum": "({0} if {0} >= {1} or {0} != {0} else {1})",
    "minimum": "({0} if {0} <= {1} or {0} != {0} else {1})",
    "power": "math.pow({}, {})",
    "divide_or_zero": "{0} / ({1} if {0} or {1} else 1.0)",
    "reciprocal": "1.0 / {}",
    "sign": "({0} if {0} == 0 or {0} != {0} else math.copysign(1.0, {0}))",
    "square": "{0} * {0}",
    "where": "({1} if {0} else {2})",
}
"""Primitives on Python floats. Where these raise (overflow, say), the arrays' program gives the
answer."""


def aligned(shape: tuple[int, ...], dtype: Any = np.float64) -> Any:
    """A new array that begins where a cache line does, as NumPy's own do not."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size].view(dtype).reshape(shape)


def empty(kind: ArrayType, names: dict[str, Any], function: str = "np.empty") -> str:
    """An expression for a new array, with its dtype among the `names`."""
    if kind.dtype == np.dtype(np.float64):
        return f"{function}({kind.shape})"
    return f"{function}({kind.shape}, {named('dtype_' + kind.dtype.name, kind.dtype, names)})"


def named(stem: str, value: Any, names: dict[str, Any]) -> str:
    """A name for an object that the source mentions."""
    number = 0
    while names.setdefault(name := f"{stem}_{number}" if number else stem, value) is not value:
        number += 1
    return name


class SourceWriter:
    """The body of a program that computes a graph.

    lines, results: the statements, and an expression for each output
    buffers:        the kinds of the buffers, by their names
    scalar:         the nodes that are Python floats, whose arithmetic may raise errors

    roots: whose memory a node may show               last:     where memory is used for the last
    time
    text:  what a node is called                      boxed:    what it is called as an array, if it
    is a float
    free:  the buffers that are not in use            storage:  the names of memory that is in use
    uses:  how often a node is needed                 returned: whose memory goes to the caller
    """

    def __init__(
        self, graph: Graph, inputs: Sequence[str], scalars: bool, names: dict[str, Any]
    ) -> None:
        """Write the body.

        inputs:  what the graph's inputs are called
        scalars: whether Python floats may be used
        names:   the objects that the source mentions, to which others are added
        """
        self.graph = graph
        self.lines: list[str] = []
        self.names = names
        self.buffers: dict[str, ArrayType] = {}
        self.free: dict[ArrayType, list[str]] = defaultdict(list)
        self.storage: dict[int, str] = {}
        self.text = {id(node): name for node, name in zip(graph.inputs, inputs, strict=True)}
        self.boxed: dict[int, str] = {}
        self.uses = Counter(
            id(node)
            for needed in (graph.outputs, *[n.args for n in graph.nodes])
            for node in needed
        )
        self.scalar = self._find_scalars() if scalars else set()
        self._find_lifetimes()
        for position, node in enumerate(graph.nodes):
            if node.value is None:
                self.position = position
                self._write_node(node)
                for root in self._shown(node.args):
                    if self.last[root] == position and root in self.storage:
                        name = self.storage.pop(root)
                        if name in self.buffers:
                            self.free[self.buffers[name]].append(name)
        claimed: set[int] = set()
        self.results = [self._result(node, claimed) for node in graph.outputs]

    # ---- what is known before a line is written

    def _find_scalars(self) -> set[int]:
        scalar = {id(node) for node in self.graph.inputs if node.kind.weak}
        for node in self.graph.nodes:
            arrays = [arg for arg in node.args if arg.value is None and id(arg) not in scalar]
            possible = node.name in SCALARS and all(
                _may_be_scalar(part) for part in (node, *node.args)
            )
            if possible and all(arg.kind.dtype.kind != "b" for arg in arrays):
                scalar.add(id(node))
        return scalar

    def _shown(self, nodes: Sequence[Node]) -> frozenset[int]:
        """All whose memory these nodes may show."""
        return frozenset[int]().union(*[self.roots[id(node)] for node in nodes])

    def _find_lifetimes(self) -> None:
        self.roots: dict[int, frozenset[int]] = {
            id(node): frozenset([id(node)]) for node in self.graph.inputs
        }
        self.last: dict[int, int] = {}
        for position, node in enumerate(self.graph.nodes):
            own, shown = frozenset([id(node)]), self._shown(node.args)
            self.last.update(dict.fromkeys(shown, position))
            if node.value is not None or id(node) in self.scalar or node.name in _FRESH:
                self.roots[id(node)] = own
            else:
                self.roots[id(node)] = shown if node.name in _VIEWS else own | shown
        results = self._shown(self.graph.outputs)
        self.last.update(dict.fromkeys(results, len(self.graph.nodes)))
        self.returned = {
            id(node) for node in self.graph.nodes if id(node) in results and node.value is None
        }
        for node in self.graph.nodes:
            rows = [
                arg for arg in node.args if arg.name == "broadcast_to" and arg.kind == node.kind
            ]
            if (
                id(node) in self.returned and node.name in UFUNCS
            ):  # a row is spread over the array that is returned
                self.returned.update(map(id, rows))

    # ---- writing

    def _write_node(self, node: Node) -> None:
        name, args, params = node.name, node.args, node.params
        if id(node) in self.scalar:
            text = SCALARS[name].format(*[self._number(arg) for arg in args], **params)
            if SCALARS[name] == "{}":
                self.text[id(node)] = text
            else:
                self._assign(node, text)
        elif name in UFUNCS:
            operands = [self._operand(arg, node) for arg in args]
            if (
                name == "divide" and node.kind.weak
            ):  # Python's numbers would raise where NumPy's go on
                self._assign(
                    node, f"(np.{node.kind.dtype.name}({operands[0]}) / {operands[1]}).item()"
                )
            elif node.kind.shape == () and name in OPERATORS:
                self._assign(node, OPERATORS[name].format(*operands))
            else:
                self._into(node, f"np.{name}({', '.join(operands)}", in_place=True)
        elif name in ("matmul", "inner product"):
            plain = all(
                len(arg.kind.shape) <= 2 and arg.kind.dtype == node.kind.dtype for arg in args
            )
            left, right = map(self._array, args)
            if name == "matmul" and plain:
                self._into(node, f"{left}.dot({right}")
            else:
                self._into(node, f"np.{'matmul' if name == 'matmul' else 'vdot'}({left}, {right}")
        elif name == "sum" and not params["keepdims"]:
            self._into(node, f"np.add.reduce({self._array(args[0])}, {params['axis']}, None")
        elif name == "broadcast_to" and node.kind.size:
            if self._target(node) is None:
                self._assign(node, empty(node.kind, self.names), fresh=True)
            self.lines.append(f"{self.text[id(node)]}[...] = {self._array(args[0])}")
        elif name in _VIEWS:
            self._write_view(node)
        else:
            weak = not all(
                arg.kind.weak for arg in args
            )  # there is a dtype that Python numbers take on
            parts = [self._array(arg, weak) for arg in args]
            parts += [f"{key}={self._param(param)}" for key, param in params.items()]
            assert node.primitive is not None
            function = named(
                f"{name}_" if name.isidentifier() else "custom_",
                node.primitive.implementation,
                self.names,
            )
            self._assign(node, f"{function}({', '.join(parts)})", fresh=name in _FRESH)

    def _write_view(self, node: Node) -> None:
        array, *indices = map(self._array, node.args)
        if node.name == "reshape":
            text = f"{array}.reshape({node.kind.shape})"
        elif node.name == "permute_dims":
            axes = node.params["axes"]
            text = array + (
                ".T" if axes == tuple(range(len(axes)))[::-1] else f".transpose({axes})"
            )
        else:
            parts = [
                indices.pop(0) if part == ARRAY else _literal(part) for part in node.params["index"]
            ]
            text = f"{array}[{', '.join(parts) or '()'}]"
        if (
            self.uses[id(node)] == 1 and len(text) <= VIEWS_LIMIT
        ):  # it costs nothing much, so it is written where it is used
            self.text[id(node)] = text
        else:
            self._assign(node, text)

    # ---- where results go

    def _into(self, node: Node, call: str, in_place: bool = False) -> None:
        """Write a call that takes an array for its result as the last argument; `call` lacks that
        and the bracket."""
        target = self._target(node, in_place) if node.kind.shape else None
        if target is None:
            self._assign(node, f"{call})", fresh=True)
        else:
            self.lines.append(f"{call}, {_OUT.get(node.name, '')}{target})")

    def _target(self, node: Node, in_place: bool = False) -> str | None:
        """The array for the result: an operand's that is not needed any more, or a buffer. None: a
        new one is due."""
        kind, returned = ArrayType(node.kind.shape, node.kind.dtype), id(node) in self.returned
        unneeded = [
            arg
            for arg in node.args
            if id(arg) in self.storage and self.last[id(arg)] == self.position
        ]
        for arg in unneeded if in_place else ():
            if arg.kind[:2] == kind[:2] and not (
                returned and self.storage[id(arg)] in self.buffers
            ):
                name = self.storage.pop(id(arg))
                break
        else:
            if returned or kind.dtype.kind == "O":
                return None
            name = self.free[kind].pop() if self.free[kind] else f"b{len(self.buffers)}"
            self.buffers[name] = kind
        self.storage[id(node)] = self.text[id(node)] = name
        return name

    def _assign(self, node: Node, expression: str, fresh: bool = False) -> None:
        name = self.text[id(node)] = f"v{len(self.lines)}"
        self.lines.append(f"{name} = {expression}")
        if fresh and node.kind.shape:
            self.storage[id(node)] = name

    # ---- what operands are called

    def _number(self, node: Node) -> str:
        """A node of one element as a Python float."""
        if node.value is not None:
            number = node.value if node.kind.weak else node.value.item()
            return f"({number!r})" if number < 0 else repr(number)
        if id(node) in self.scalar or _is_number(node):
            return self.text[id(node)]
        name = f"i{len(self.lines)}"
        self.lines.append(f"{name} = {self.text[id(node)]}.item()")
        self.scalar.add(id(node))
        self.boxed[id(node)] = self.text[id(node)]
        self.text[id(node)] = name
        return name

    def _array(self, node: Node, weak: bool = False) -> str:
        """A node as an array (or a NumPy number, if it has no dimensions); a Python number stays
        one if `weak`."""
        if node.value is not None:
            if id(node) not in self.text:
                ones = f"ones_{'x'.join(map(str, node.kind.shape))}"
                stem = ones if node.kind.shape and np.all(node.value == 1) else "c_"
                self.text[id(node)] = named(stem, node.value, self.names)
            return self.text[id(node)]
        text = self.text[id(node)]
        if node.kind.weak:
            return text if weak else f"np.{node.kind.dtype.name}({text})"
        if id(node) not in self.scalar:
            return text
        if id(node) not in self.boxed:
            self.boxed[id(node)] = self._box(node)
        return self.boxed[id(node)]

    def _box(self, node: Node) -> str:
        """A Python number as an array."""
        number = self.text[id(node)]
        if node.kind.shape == ():
            return f"np.{'bool_' if node.kind.dtype.kind == 'b' else 'float64'}({number})"
        name = f"a{len(self.lines)}"
        self.lines.append(f"{name} = {empty(node.kind, self.names)}")
        self.lines.append(f"{name}[{', '.join('0' * len(node.kind.shape))}] = {number}")
        return name

    def _operand(self, node: Node, consumer: Node) -> str:
        """A node as an operand of a ufunc."""
        others = [arg for arg in consumer.args if arg is not node]
        if (
            node.value is not None
            and node.kind.shape == ()
            and others
            and consumer.kind.shape != ()
        ):
            dtype = (
                np.result_type(others[0].kind.dtype, node.value)
                if node.kind.weak
                else node.kind.dtype
            )
            value = np.asarray(node.value, dtype)
            text = f"c{value.item()}{'' if dtype == np.float64 else f'_{dtype.name}'}".translate(
                _IN_NAMES
            )
            self.names.setdefault(text, value)
            return text
        if id(node) in self.scalar and node.value is None and node.kind.dtype.kind == "f":
            full = others and all(
                arg.kind.dtype == node.kind.dtype and id(arg) not in self.scalar for arg in others
            )
            if (
                full
                and np.broadcast_shapes(*[arg.kind.shape for arg in others]) == consumer.kind.shape
            ):
                return self.text[id(node)]
        return self._array(node, weak=True)

    def _param(self, param: Any) -> str:
        literal = type(param) in (bool, int, float, str, tuple, type(None))
        return repr(param) if literal else named("p", param, self.names)

    # ---- what is returned

    def _result(self, node: Node, claimed: set[int]) -> str:
        """An expression for an output: an array that belongs to the caller alone."""
        if node.value is not None:
            return self._array(node) + (".copy()" if isinstance(node.value, np.ndarray) else "")
        if id(node) in self.scalar and node.primitive is not None:
            return self._box(node)
        text, roots = self._array(node), self.roots[id(node)]
        if node.kind.weak:
            return text
        own = len(roots) == 1 and roots <= self.returned and not roots & claimed
        claimed.update(roots)
        return text if own or _is_number(node) else f"{text}.copy()"


def _literal(part: Any) -> str:
    """A part of an index as Python writes it; the ends of a slice may be NumPy's integers."""
    if isinstance(part, slice):
        part = slice(
            *[end if end is None else int(end) for end in (part.start, part.stop, part.step)]
        )
    return repr(part)


def _is_number(node: Node) -> bool:
    """Whether the result is one of NumPy's numbers, which nobody can write to."""
    return node.kind.shape == () and node.name in UFUNCS | {"sum", "matmul", "inner product"}


def _may_be_scalar(node: Node) -> bool:
    exact = node.kind.dtype in (np.float64, np.bool_) or (
        node.kind.weak and node.kind.dtype.kind in "if"
    )
    return exact and node.kind.size == 1
