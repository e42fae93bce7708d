"""From a graph to the lines of NumPy that an expert would write for it.

What was measured, and is done therefore (times for arrays of 8 x 16, in ns):
  a result goes into an array that is there already               tanh 416 -> 382, dot 453 -> 382
  a number is given to a ufunc as an array of no dimensions       multiply 366 -> 238
  a row is spread over a matrix before it is added to it          611 -> 362
  a sum along an axis of a matrix is a product with ones          711 -> 430
  a sum of products is one inner product                          840 -> 428
  numbers and arrays of one element are Python floats             a multiplication 240 -> 20
  a buffer begins where a cache line does (32 x 64)               add 1100 -> 640, dot 4360 -> 3670

Every result is an array of its own. Intermediate ones live in buffers, which are lent to one call at a time.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .core import PRIMITIVES
from .graph import Graph, Kind, Node
from .rules_structural import ARRAY

SPREAD_LIMIT = 1 << 15
"""Up to this many elements spreading a row costs less than adding it with broadcasting."""
ONES_LIMIT = 1 << 12
"""Up to this many elements in a row are summed as a product with ones; beyond, by NumPy's pairwise sum."""

UFUNCS = {name for name in PRIMITIVES if PRIMITIVES[name].elementwise and isinstance(getattr(np, name, None), np.ufunc)}
OPERATORS = {"add": "{} + {}", "subtract": "{} - {}", "multiply": "{} * {}", "divide": "{} / {}", "negative": "-{}"}
_OUT = dict.fromkeys(["maximum", "minimum"], "out=")  # the others take it by position, which is faster
_FRESH = {"where", "scatter_add", "concat", "stack", "cumulative_sum", "softmax", "log_softmax", "max", "min", "expit"}
"""Other primitives whose implementations return new arrays; those not named may return views."""
_FUNCTIONS = "exp expm1 log log1p log2 log10 sqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc"

SCALARS = {
    **OPERATORS,
    **{name: f"math.{name}({{}})" for name in _FUNCTIONS.split()},
    **dict.fromkeys(["reshape", "broadcast_to", "permute_dims", "sum", "max", "min", "cumulative_sum"], "{}"),
    **{"equal": "{} == {}", "not_equal": "{} != {}", "less": "{} < {}", "less_equal": "{} <= {}"},
    **{"greater": "{} > {}", "greater_equal": "{} >= {}", "isnan": "{0} != {0}", "logical_not": "not {}"},
    "abs": "abs({})",
    "atan2": "math.atan2({}, {})",
    "expit": "1.0 / (1.0 + math.exp(-{}))",
    "constant_power": "math.pow({}, {exponent})",
    "hypot": "math.hypot({}, {})",
    "matmul": "{} * {}",
    "maximum": "({0} if {0} >= {1} or {0} != {0} else {1})",
    "minimum": "({0} if {0} <= {1} or {0} != {0} else {1})",
    "power": "math.pow({}, {})",
    "reciprocal": "1.0 / {}",
    "sign": "({0} if {0} == 0 or {0} != {0} else math.copysign(1.0, {0}))",
    "square": "{0} * {0}",
    "where": "({1} if {0} else {2})",
}
"""Primitives on Python floats. Where these raise (overflow, say), the arrays' program gives the answer."""


class Body(NamedTuple):
    """The lines of a program, an expression for each output, and the buffers; whether Python floats may raise."""

    lines: list[str]
    results: list[str]
    buffers: list[Kind]
    scalar: bool


class _Storage(NamedTuple):
    """Memory of an intermediate array: a buffer, or an array made in this call."""

    name: str
    kind: Kind
    is_buffer: bool


def write(graph: Graph, inputs: Sequence[str], scalars: bool, names: dict[str, Any]) -> Body:
    """The lines that compute a graph whose inputs are called so.

    scalars: whether Python floats may be used
    names:   the objects that the source mentions, to which others are added
    """
    return _Writer(graph, inputs, scalars, names).write()


def aligned(shape: tuple[int, ...], dtype: Any = np.float64) -> Any:
    """A new array that begins where a cache line does, as NumPy's own do not."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size].view(dtype).reshape(shape)


def empty(kind: Kind, names: dict[str, Any], function: str = "np.empty") -> str:
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


class _Writer:
    """One writing of a graph: what is known of its nodes, and what has been written so far.

    scalar:   the nodes that are Python floats          absorbed: those that are part of an inner product
    roots:    whose memory a node may show              last:     where memory is used for the last time
    storage:  the memory that is in use                 free:     buffers that are not
    text:     what a node is called                     boxed:    what it is called as an array, if it is a float
    """

    def __init__(self, graph: Graph, inputs: Sequence[str], scalars: bool, names: dict[str, Any]) -> None:
        self.graph = graph
        self.lines: list[str] = []
        self.names = names
        self.buffers: list[Kind] = []
        self.free: dict[Kind, list[_Storage]] = {}
        self.storage: dict[int, _Storage] = {}
        self.text = {id(node): name for node, name in zip(graph.inputs, inputs, strict=True)}
        self.boxed: dict[int, str] = {}
        self.uses = Counter(id(arg) for node in graph.nodes for arg in node.args)
        self.uses.update(id(node) for node in graph.outputs)
        self.scalar: set[int] = set()
        if scalars:
            self._find_scalars()
        self.absorbed = {id(node.args[0]) for node in graph.nodes if self._is_inner_product(node)}
        self._find_lifetimes()

    # ---- what is known before a line is written

    def _find_scalars(self) -> None:
        self.scalar.update(id(node) for node in self.graph.inputs if node.kind.weak)
        for node in self.graph.nodes:
            if node.name in SCALARS and all(_may_be_scalar(part) for part in (node, *node.args)):
                booleans = [arg for arg in node.args if arg.kind.dtype.kind == "b" and arg.value is None]
                if all(id(arg) in self.scalar for arg in booleans):
                    self.scalar.add(id(node))

    def _is_inner_product(self, node: Node) -> bool:
        """Whether this is the sum of all products of two arrays, and nothing else needs the products."""
        if not node.is_("sum") or id(node) in self.scalar or node.kind.shape or node.kind.dtype.kind != "f":
            return False
        (inner,) = node.args
        if self.uses[id(inner)] > 1 or not (inner.is_("multiply") or inner.is_("square")):
            return False
        return all(arg.kind[:2] == inner.kind[:2] for arg in inner.args)

    def _operands(self, node: Node) -> tuple[Node, ...]:
        return node.args[0].args if node.args and id(node.args[0]) in self.absorbed else node.args

    def _find_lifetimes(self) -> None:
        """For each node the arrays whose memory it may show, and when each is used for the last time."""
        self.roots: dict[int, frozenset[int]] = {id(node): frozenset([id(node)]) for node in self.graph.inputs}
        self.last: dict[int, int] = {}
        for position, node in enumerate(self.graph.nodes):
            shown = frozenset[int]().union(*[self.roots[id(arg)] for arg in self._operands(node)])
            own = frozenset([id(node)])
            for root in shown:
                self.last[root] = position
            if id(node) in self.scalar or _is_fresh(node):
                self.roots[id(node)] = own
            else:
                self.roots[id(node)] = shown if _is_view(node) else own | shown
        inputs = {id(node) for node in self.graph.inputs} | {id(n) for n in self.graph.nodes if n.value is not None}
        self.returned: set[int] = set()
        for node in self.graph.outputs:
            roots = self.roots[id(node)]
            if len(roots) == 1 and not roots & inputs:
                self.returned.update(roots)
            for root in roots:
                self.last[root] = len(self.graph.nodes)

    # ---- writing

    def write(self) -> Body:
        for position, node in enumerate(self.graph.nodes):
            if node.value is None and id(node) not in self.absorbed:
                self.position = position
                self.moved: set[int] = set()
                self._write_node(node)
                for arg in self._operands(node):
                    for root in self.roots[id(arg)] - self.moved:
                        if self.last.get(root) == position and root in self.storage:
                            storage = self.storage.pop(root)
                            if storage.is_buffer:
                                self.free.setdefault(storage.kind, []).append(storage)
        claimed: set[int] = set()
        results = [self._result(node, claimed) for node in self.graph.outputs]
        return Body(self.lines, results, self.buffers, bool(self.scalar))

    def _write_node(self, node: Node) -> None:
        if id(node) in self.scalar:
            self._write_scalar(node)
        elif node.name in UFUNCS and not node.params and not _has_objects(node):
            self._write_ufunc(node)
        elif node.is_("matmul") and not _has_objects(node):
            self._write_matmul(node)
        elif node.is_("sum") and not _has_objects(node):
            self._write_sum(node)
        elif node.is_("broadcast_to") and node.kind.size and not _has_objects(node):
            target = self._target(node, node.args, in_place=False) or self._allocate(node)
            self.lines.append(f"{target}[...] = {self._array(node.args[0])}")
        elif node.is_("reshape"):
            self._assign(node, f"{self._array(node.args[0])}.reshape({node.kind.shape})")
        elif node.is_("permute_dims"):
            axes = node.params["axes"]
            call = ".T" if axes == tuple(range(len(axes)))[::-1] else f".transpose({axes})"
            self._view(node, self._array(node.args[0]) + call)
        elif node.is_("getitem") and not _has_objects(node):
            array, *indices = [self._array(arg) for arg in node.args]
            parts = [indices.pop(0) if part == ARRAY else self._param(part) for part in node.params["index"]]
            self._view(node, f"{array}[{', '.join(parts) or '()'}]")
        else:
            weak = not all(arg.kind.weak for arg in node.args)  # there is a dtype that Python numbers take on
            parts = [self._array(arg, weak) for arg in node.args]
            parts += [f"{key}={self._param(param)}" for key, param in node.params.items()]
            self._assign(node, f"{self._name(node.name, node.primitive.implementation)}({', '.join(parts)})")  # type: ignore[union-attr]
            if _is_fresh(node):
                self.storage[id(node)] = _Storage(self.text[id(node)], node.kind, False)

    def _write_scalar(self, node: Node) -> None:
        template = SCALARS[node.name]
        line = template.format(*[self._number(arg) for arg in node.args], **node.params)
        if template == "{}":
            self.text[id(node)] = line
        else:
            self._assign(node, line)

    def _write_ufunc(self, node: Node) -> None:
        if node.kind.shape == () and node.name in OPERATORS:
            self._assign(node, OPERATORS[node.name].format(*[self._operand(arg, node) for arg in node.args]))
            return
        spread = self._to_spread(node)
        if spread is not None:
            target = self._target(node, node.args, in_place=False) or self._allocate(node)
            self.lines.append(f"{target}[...] = {self._operand(spread, node)}")
            parts = [target if arg is spread else self._operand(arg, node) for arg in node.args]
            self.lines.append(f"np.{node.name}({', '.join(parts)}, {_OUT.get(node.name, '')}{target})")
            return
        parts = [self._operand(arg, node) for arg in node.args]
        self._into(node, f"np.{node.name}({', '.join(parts)}", node.args, in_place=True)

    def _to_spread(self, node: Node) -> Node | None:
        """The row or column that is to be broadcast against an array of the full shape, if that is worth while."""
        if len(node.args) != 2 or node.kind.size > SPREAD_LIMIT or node.kind.dtype.kind != "f":
            return None
        for full, small in (node.args, node.args[::-1]):
            if full.kind[:2] == node.kind[:2] != small.kind[:2] and small.kind.dtype == node.kind.dtype:
                return small if small.kind.shape and id(small) not in self.scalar else None
        return None

    def _write_matmul(self, node: Node) -> None:
        parts = [self._array(arg) for arg in node.args]
        flat = all(len(arg.kind.shape) <= 2 for arg in node.args)
        if any(arg.kind.dtype != node.kind.dtype for arg in node.args):
            self._assign(node, f"np.matmul({', '.join(parts)})")
        else:
            self._into(node, f"np.{'dot' if flat else 'matmul'}({', '.join(parts)}", node.args, in_place=False)

    def _write_sum(self, node: Node) -> None:
        axes, keepdims = node.params["axis"], node.params["keepdims"]
        if id(node.args[0]) in self.absorbed:
            parts = self._operands(node)
            self._assign(node, f"np.vdot({self._array(parts[0])}, {self._array(parts[-1])})")
            return
        (x,) = node.args
        part, shape = self._array(x), x.kind.shape
        floats = x.kind.dtype == node.kind.dtype and node.kind.dtype.kind == "f" and not keepdims
        if floats and node.kind.shape == () and x.kind.size <= ONES_LIMIT:
            self._assign(node, f"np.vdot({part}, {self._ones(shape, x)})")
        elif floats and len(shape) == 2 and axes == (0,):
            self._into(node, f"np.dot({self._ones(shape[:1], x)}, {part}", node.args, in_place=False)
        elif floats and len(shape) == 2 and axes == (1,) and shape[1] <= ONES_LIMIT:
            self._into(node, f"np.dot({part}, {self._ones(shape[1:], x)}", node.args, in_place=False)
        else:
            axis = None if len(axes) == len(shape) else axes[0] if len(axes) == 1 else axes
            target = self._target(node, node.args, in_place=False) if node.kind.shape else None
            line = f"np.add.reduce({part}, {axis}, None, {target}, {keepdims})"
            if target is None:
                self._assign(node, line, fresh=True)
            else:
                self.lines.append(line)

    # ---- where results go

    def _into(self, node: Node, call: str, operands: Sequence[Node], in_place: bool) -> None:
        """Write a call that takes an array for its result as the last argument; `call` lacks that and the bracket."""
        target = self._target(node, operands, in_place) if node.kind.shape else None
        if target is None:
            self._assign(node, f"{call})", fresh=True)
        else:
            self.lines.append(f"{call}, {_OUT.get(node.name, '')}{target})")

    def _target(self, node: Node, operands: Sequence[Node], in_place: bool) -> str | None:
        """The array for the result: an operand's that is not needed any more, or a buffer. None: a new one is due."""
        returned = id(node) in self.returned
        found = None
        for arg in operands if in_place else ():
            candidate = self.storage.get(id(arg))
            if candidate and self.last[id(arg)] == self.position and candidate.kind[:2] == node.kind[:2]:
                if returned and candidate.is_buffer:
                    continue
                found = self.storage.pop(id(arg))
                self.moved.add(id(arg))
                break
        if found is None:
            if returned:
                return None
            kind = Kind(node.kind.shape, node.kind.dtype)
            waiting = self.free.get(kind)
            if waiting:
                found = waiting.pop()
            else:
                found = _Storage(f"b{len(self.buffers)}", kind, True)
                self.buffers.append(kind)
        self.storage[id(node)] = found
        self.text[id(node)] = found.name
        return found.name

    def _allocate(self, node: Node) -> str:
        """A new array, to be filled."""
        self._assign(node, empty(node.kind, self.names), fresh=True)
        return self.text[id(node)]

    def _assign(self, node: Node, expression: str, fresh: bool = False) -> None:
        name = self.text[id(node)] = f"v{len(self.lines)}"
        self.lines.append(f"{name} = {expression}")
        if fresh and node.kind.shape:
            self.storage[id(node)] = _Storage(name, node.kind, False)

    def _view(self, node: Node, expression: str) -> None:
        """A view costs nothing much: where it is used once it is written there."""
        if self.uses[id(node)] == 1 and not any(node is output for output in self.graph.outputs):
            self.text[id(node)] = expression
        else:
            self._assign(node, expression)

    # ---- what operands are called

    def _name(self, stem: str, value: Any) -> str:
        return named(f"{stem}_" if stem.isidentifier() else "custom_", value, self.names)

    def _constant(self, node: Node) -> str:
        if id(node) not in self.text:
            self.text[id(node)] = self._name("c", node.value)
        return self.text[id(node)]

    def _ones(self, shape: tuple[int, ...], like: Node) -> str:
        stem = f"ones_{'x'.join(map(str, shape))}{_suffix(like.kind.dtype)}"
        self.names.setdefault(stem, np.ones(shape, like.kind.dtype))
        return stem

    def _number(self, node: Node) -> str:
        """A node of one element as a Python float."""
        if node.value is not None:
            number = node.value if node.kind.weak else node.value.item()
            if isinstance(number, float) and not math.isfinite(number):
                return self._name("c", number)
            return f"({number!r})" if number < 0 else repr(number)
        if id(node) in self.scalar or (node.kind.shape == () and node.name in ("sum", "matmul")):
            return self.text[id(node)]
        name = f"i{len(self.lines)}"
        self.lines.append(f"{name} = {self.text[id(node)]}.item()")
        self.scalar.add(id(node))
        self.boxed[id(node)] = self.text[id(node)]
        self.text[id(node)] = name
        return name

    def _array(self, node: Node, weak: bool = False) -> str:
        """A node as an array (or a NumPy number, if it has no dimensions); a Python number stays one if `weak`."""
        if node.value is not None:
            return self._constant(node)
        if node.kind.weak:
            text = self.text[id(node)]
            return text if weak else f"np.{node.kind.dtype.name}({text})"
        if id(node) not in self.scalar:
            return self.text[id(node)]
        if id(node) not in self.boxed:
            self.boxed[id(node)] = self._box(node)
        return self.boxed[id(node)]

    def _box(self, node: Node) -> str:
        """A Python number as an array."""
        kind = "np.bool_" if node.kind.dtype.kind == "b" else "np.float64"
        number = self.text[id(node)]
        if node.kind.shape == ():
            return f"{kind}({number})"
        name = f"a{len(self.lines)}"
        self.lines.append(f"{name} = {empty(node.kind, self.names)}")
        self.lines.append(f"{name}[{', '.join('0' * len(node.kind.shape))}] = {number}")
        return name

    def _operand(self, node: Node, consumer: Node) -> str:
        """A node as an operand of a ufunc."""
        others = [arg for arg in consumer.args if arg is not node]
        if node.value is not None and node.kind.shape == () and others:
            if consumer.kind.shape == ():
                return self._constant(node)
            dtype = np.result_type(others[0].kind.dtype, node.value) if node.kind.weak else node.kind.dtype
            value = np.asarray(node.value, dtype)
            stem = f"c{value.item()!r}{_suffix(dtype)}".replace("-", "m").replace(".", "_").replace("+", "")
            if not stem.isidentifier():
                return self._name("c", value)
            self.names.setdefault(stem, value)
            return stem
        if id(node) in self.scalar and node.value is None and node.kind.dtype.kind == "f":
            full = others and all(arg.kind.dtype == node.kind.dtype for arg in others)
            if full and np.broadcast_shapes(*[arg.kind.shape for arg in others]) == consumer.kind.shape:
                return self.text[id(node)]
        return self._array(node, weak=True)

    def _param(self, param: Any) -> str:
        if type(param) is tuple:
            return f"({', '.join(self._param(part) for part in param)}{',' if len(param) == 1 else ''})"
        if type(param) is slice:
            return self._param_slice(param)
        if param is Ellipsis:
            return "..."
        return repr(param) if type(param) in (int, float, bool, str, type(None)) else self._name("p", param)

    def _param_slice(self, param: slice) -> str:
        parts = [param.start, param.stop, param.step]
        simple = all(type(part) in (int, type(None)) for part in parts)
        return f"slice({', '.join(map(repr, parts))})" if simple else self._name("p", param)

    # ---- what is returned

    def _result(self, node: Node, claimed: set[int]) -> str:
        """An expression for an output: an array that belongs to the caller alone."""
        if node.value is not None:
            return self._constant(node) + (".copy()" if isinstance(node.value, np.ndarray) else "")
        if id(node) in self.scalar and node.primitive is not None:
            return self._box(node)
        text, roots = self._array(node), self.roots[id(node)]
        if node.kind.weak:
            return text
        own = len(roots) == 1 and roots <= self.returned and not roots & claimed
        claimed.update(roots)
        immutable = node.kind.shape == () and (node.name in UFUNCS or node.name in ("sum", "matmul"))
        return text if own or immutable else f"{text}.copy()"


def _suffix(dtype: Any) -> str:
    return "" if dtype == np.float64 else f"_{dtype.name}"


def _may_be_scalar(node: Node) -> bool:
    if node.kind.size != 1:
        return False
    return node.kind.dtype in (np.float64, np.bool_) or (node.kind.weak and node.kind.dtype.kind in "if")


def _has_objects(node: Node) -> bool:
    return any(part.kind.dtype.kind == "O" for part in (node, *node.args))


def _is_view(node: Node) -> bool:
    """Whether the result shows the memory of its argument and has none of its own."""
    return node.name in ("reshape", "permute_dims", "getitem") and not _has_objects(node)


def _is_fresh(node: Node) -> bool:
    """Whether the result has memory of its own and shows no other."""
    if node.name in ("matmul", "sum", "broadcast_to") or node.name in UFUNCS and not node.params:
        return not _has_objects(node)
    return node.value is not None or node.name in _FRESH
