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

from ..engine.declaring import broadcast_to, reshape, sum
from ..engine.nodes import ArrayType, Node
from ..engine.numpy_source import Memory, gives_new_memory, is_ufunc, source_of
from ..rules.contraction import inner_product, matmul
from ..rules.elementwise import divide
from ..rules.structural import ARRAY, permute_dims
from .graph import Graph

VIEWS_LIMIT = 200
"""Up to this many characters views of views are written as one expression: Python cannot read any
depth."""

_IN_NAMES = str.maketrans({".": "_", "-": "m", "+": "p", "(": None, ")": None})


def aligned(shape: tuple[int, ...], dtype: Any = np.float64) -> Any:
    """A new array that begins where a cache line does, as NumPy's own do not."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size].view(dtype).reshape(shape)


def empty(array_type: ArrayType, names: dict[str, Any], function: str = "np.empty") -> str:
    """An expression for a new array, with its dtype among the `names`."""
    if array_type.dtype == np.dtype(np.float64):
        return f"{function}({array_type.shape})"
    dtype = named(f"dtype_{array_type.dtype.name}", array_type.dtype, names)
    return f"{function}({array_type.shape}, {dtype})"


def named(stem: str, value: Any, names: dict[str, Any]) -> str:
    """A name for an object that the source mentions."""
    name = stem
    number = 0
    while names.setdefault(name, value) is not value:
        number += 1
        name = f"{stem}_{number}"
    return name


class SourceWriter:
    """The body of a program that computes a graph."""

    def __init__(
        self, graph: Graph, inputs: Sequence[str], scalars: bool, names: dict[str, Any]
    ) -> None:
        """Write the body.

        inputs:  what the graph's inputs are called
        scalars: whether Python floats may be used
        names:   the objects that the source mentions, to which others are added
        """
        self.graph = graph
        self.names = names
        self.lines: list[str] = []
        """The statements."""
        self.buffers: dict[str, ArrayType] = {}
        """The types of the buffers, by their names."""
        self.scalar: set[int] = set()
        """The nodes that are Python floats, whose arithmetic may raise errors."""
        self._text = {id(node): name for node, name in zip(graph.inputs, inputs, strict=True)}
        """What a node is called."""
        self._boxed: dict[int, str] = {}
        """What a node that is a Python float is called as an array."""
        self._free: dict[ArrayType, list[str]] = defaultdict(list)
        """The buffers that are not in use."""
        self._storage: dict[int, str] = {}
        """The names of memory that is in use."""
        self._uses = _count_uses(graph)
        """How often a node is needed."""
        self._roots: dict[int, frozenset[int]] = {}
        """Whose memory a node may show."""
        self._last: dict[int, int] = {}
        """Where memory is used for the last time."""
        self._returned: set[int] = set()
        """Whose memory goes to the caller."""
        if scalars:
            self._find_scalars()
        self._find_roots()
        self._find_returned()
        self._write_nodes()
        claimed: set[int] = set()
        self.results = [self._result(node, claimed) for node in graph.outputs]
        """An expression for each output."""

    # ---- what is known before a line is written

    def _find_scalars(self) -> None:
        self.scalar.update(id(node) for node in self.graph.inputs if node.array_type.weak)
        for node in self.graph.nodes:
            if not source_of(node.primitive).number:
                continue
            if not all(_may_be_scalar(part) for part in (node, *node.args)):
                continue
            arrays = [arg for arg in node.args if arg.value is None and id(arg) not in self.scalar]
            if all(arg.array_type.dtype.kind != "b" for arg in arrays):
                self.scalar.add(id(node))

    def _memory_of(self, nodes: Sequence[Node]) -> frozenset[int]:
        """All whose memory these nodes may show."""
        return frozenset[int]().union(*[self._roots[id(node)] for node in nodes])

    def _find_roots(self) -> None:
        for node in self.graph.inputs:
            self._roots[id(node)] = frozenset([id(node)])
        for position, node in enumerate(self.graph.nodes):
            roots = self._memory_of(node.args)
            self._last.update(dict.fromkeys(roots, position))
            self._roots[id(node)] = self._roots_of(node, roots)

    def _roots_of(self, node: Node, argument_roots: frozenset[int]) -> frozenset[int]:
        """Whose memory a node may show. argument_roots: whose its arguments may."""
        itself = frozenset([id(node)])
        if node.value is not None or id(node) in self.scalar or gives_new_memory(node.primitive):
            return itself
        if source_of(node.primitive).memory is Memory.VIEW:
            return argument_roots
        return itself | argument_roots

    def _find_returned(self) -> None:
        results = self._memory_of(self.graph.outputs)
        self._last.update(dict.fromkeys(results, len(self.graph.nodes)))
        for node in self.graph.nodes:
            if id(node) in results and node.value is None:
                self._returned.add(id(node))
        for node in self.graph.nodes:
            if id(node) in self._returned and is_ufunc(node.primitive):
                # a row is spread over the array that is returned
                rows = [arg for arg in node.args if arg.primitive is broadcast_to]
                same = [id(arg) for arg in rows if arg.array_type == node.array_type]
                self._returned.update(same)

    # ---- writing

    def _write_nodes(self) -> None:
        for position, node in enumerate(self.graph.nodes):
            if node.value is None:
                self._position = position
                self._write_node(node)
                self._release(node, position)

    def _release(self, node: Node, position: int) -> None:
        """Give back the buffers that no later node needs."""
        unneeded = [root for root in self._memory_of(node.args) if self._last[root] == position]
        names = [self._storage.pop(root) for root in unneeded if root in self._storage]
        for name in sorted(names):  # so that the same graph is always written alike
            if name in self.buffers:
                self._free[self.buffers[name]].append(name)

    def _write_node(self, node: Node) -> None:
        primitive = node.primitive
        if id(node) in self.scalar:
            self._write_number(node)
        elif is_ufunc(primitive):
            self._write_ufunc(node)
        elif primitive is matmul or primitive is inner_product:
            self._write_product(node)
        elif primitive is sum and not node.params["keepdims"]:
            axis = node.params["axis"]
            self._into(node, f"np.add.reduce({self._array(node.args[0])}, {axis}, None")
        elif primitive is broadcast_to and node.array_type.size:
            self._write_broadcast(node)
        elif source_of(primitive).memory is Memory.VIEW:
            self._write_view(node)
        else:
            self._write_call(node)

    def _write_number(self, node: Node) -> None:
        template = source_of(node.primitive).number
        text = template.format(*[self._number(arg) for arg in node.args], **node.params)
        if template == "{}":
            self._text[id(node)] = text
        else:
            self._assign(node, text)

    def _write_ufunc(self, node: Node) -> None:
        operands = [self._operand(arg, node) for arg in node.args]
        operator = source_of(node.primitive).operator
        if node.primitive is divide and node.array_type.weak:
            # Python's numbers would raise where NumPy's go on
            dividend = f"np.{node.array_type.dtype.name}({operands[0]})"
            self._assign(node, f"({dividend} / {operands[1]}).item()")
        elif node.array_type.shape == () and operator:
            self._assign(node, operator.format(*operands))
        else:
            self._into(node, f"np.{node.name}({', '.join(operands)}", in_place=True)

    def _write_product(self, node: Node) -> None:
        left, right = [self._array(arg) for arg in node.args]
        if node.primitive is inner_product:
            self._into(node, f"np.vdot({left}, {right}")
        elif _is_plain_product(node):
            self._into(node, f"{left}.dot({right}")
        else:
            self._into(node, f"np.matmul({left}, {right}")

    def _write_broadcast(self, node: Node) -> None:
        if self._target(node) is None:
            self._assign(node, empty(node.array_type, self.names), fresh=True)
        self.lines.append(f"{self._text[id(node)]}[...] = {self._array(node.args[0])}")

    def _write_view(self, node: Node) -> None:
        array, *indices = [self._array(arg) for arg in node.args]
        text = _view(node, array, indices)
        # it costs nothing much, so it is written where it is used
        if self._uses[id(node)] == 1 and len(text) <= VIEWS_LIMIT:
            self._text[id(node)] = text
        else:
            self._assign(node, text)

    def _write_call(self, node: Node) -> None:
        """Write a call of the primitive's own implementation."""
        assert node.primitive is not None
        # there may be a dtype that Python numbers take on
        weak = not all(arg.array_type.weak for arg in node.args)
        parts = [self._array(arg, weak) for arg in node.args]
        parts += [f"{key}={self._param(param)}" for key, param in node.params.items()]
        stem = node.name if node.name.isidentifier() else "custom"
        function = named(f"{stem}_", node.primitive.implementation, self.names)
        call = f"{function}({', '.join(parts)}"
        if source_of(node.primitive).takes_out:
            self._into(node, call, in_place=node.primitive.elementwise)
        else:
            self._assign(node, f"{call})", fresh=gives_new_memory(node.primitive))

    # ---- where results go

    def _into(self, node: Node, call: str, in_place: bool = False) -> None:
        """Write a call that takes an array for its result as the last argument.

        `call` lacks that and the bracket.
        """
        target = None
        source = source_of(node.primitive)
        by_name = source.takes_out_by_name or source.takes_out
        if node.array_type.shape:
            target = self._target(node, in_place)
        if target is None:
            self._assign(node, f"{call})", fresh=True)
        elif by_name:
            self.lines.append(f"{call}, out={target})")
        else:
            self.lines.append(f"{call}, {target})")

    def _target(self, node: Node, in_place: bool = False) -> str | None:
        """The array for the result: an operand's that is not needed any more, or a buffer.

        None: a new one is due.
        """
        array_type = ArrayType(node.array_type.shape, node.array_type.dtype)
        name = self._unneeded_operand(node, array_type) if in_place else None
        if name is None:
            if id(node) in self._returned or array_type.dtype.kind == "O":
                return None
            free = self._free[array_type]
            name = free.pop() if free else f"b{len(self.buffers)}"
            self.buffers[name] = array_type
        self._storage[id(node)] = self._text[id(node)] = name
        return name

    def _unneeded_operand(self, node: Node, array_type: ArrayType) -> str | None:
        """Take over the memory of an operand that nobody needs after this node, if one fits."""
        for arg in node.args:
            name = self._storage.get(id(arg))
            if name is None or self._last[id(arg)] != self._position:
                continue
            lent = id(node) in self._returned and name in self.buffers
            if arg.array_type[:2] == array_type[:2] and not lent:
                del self._storage[id(arg)]
                return name
        return None

    def _assign(self, node: Node, expression: str, fresh: bool = False) -> None:
        name = f"v{len(self.lines)}"
        self._text[id(node)] = name
        self.lines.append(f"{name} = {expression}")
        if fresh and node.array_type.shape:
            self._storage[id(node)] = name

    # ---- what operands are called

    def _number(self, node: Node) -> str:
        """A node of one element as a Python float."""
        if node.value is not None:
            return self._literal_number(node)
        if id(node) in self.scalar or _is_number(node):
            return self._text[id(node)]
        name = f"i{len(self.lines)}"
        self.lines.append(f"{name} = {self._text[id(node)]}.item()")
        self.scalar.add(id(node))
        self._boxed[id(node)] = self._text[id(node)]
        self._text[id(node)] = name
        return name

    def _literal_number(self, node: Node) -> str:
        """A constant of one element as Python writes it, to be put into an expression."""
        number = node.value
        if not node.array_type.weak:
            number = number.item()
        if number < 0:
            return f"({number!r})"
        return repr(number)

    def _array(self, node: Node, weak: bool = False) -> str:
        """A node as an array (or a NumPy number, if it has no dimensions).

        A Python number stays one if `weak`.
        """
        if node.value is not None:
            return self._constant(node)
        text = self._text[id(node)]
        if node.array_type.weak and not weak:
            return f"np.{node.array_type.dtype.name}({text})"
        if node.array_type.weak or id(node) not in self.scalar:
            return text
        if id(node) not in self._boxed:
            self._boxed[id(node)] = self._box(node)
        return self._boxed[id(node)]

    def _constant(self, node: Node) -> str:
        """The name of a constant."""
        if id(node) not in self._text:
            stem = "c_"
            if node.array_type.shape and np.all(node.value == 1):
                stem = f"ones_{'x'.join(map(str, node.array_type.shape))}"
            self._text[id(node)] = named(stem, node.value, self.names)
        return self._text[id(node)]

    def _box(self, node: Node) -> str:
        """A Python number as an array."""
        number = self._text[id(node)]
        if node.array_type.shape == ():
            scalar_type = "bool_" if node.array_type.dtype.kind == "b" else "float64"
            return f"np.{scalar_type}({number})"
        name = f"a{len(self.lines)}"
        self.lines.append(f"{name} = {empty(node.array_type, self.names)}")
        self.lines.append(f"{name}[{', '.join('0' * len(node.array_type.shape))}] = {number}")
        return name

    def _operand(self, node: Node, consumer: Node) -> str:
        """A node as an operand of a ufunc."""
        other_operands = [arg for arg in consumer.args if arg is not node]
        is_constant_number = node.value is not None and node.array_type.shape == ()
        if is_constant_number and other_operands and consumer.array_type.shape != ():
            return self._constant_operand(node, other_operands[0].array_type.dtype)
        if self._stays_number(node, consumer, other_operands):
            return self._text[id(node)]
        return self._array(node, weak=True)

    def _constant_operand(self, node: Node, dtype_of_other: Any) -> str:
        """A constant number as an array of no dimensions."""
        dtype = node.array_type.dtype
        if node.array_type.weak:
            dtype = np.result_type(dtype_of_other, node.value)
        value = np.asarray(node.value, dtype)
        name = f"c{value.item()}"
        if dtype != np.float64:
            name += f"_{dtype.name}"
        name = name.translate(_IN_NAMES)
        self.names.setdefault(name, value)
        return name

    def _stays_number(self, node: Node, consumer: Node, other_operands: Sequence[Node]) -> bool:
        """Whether an operand may be a Python float.

        The others have the dtype and the shape of the result.
        """
        if id(node) not in self.scalar or node.value is not None or not other_operands:
            return False
        if node.array_type.dtype.kind != "f":
            return False
        for other in other_operands:
            if other.array_type.dtype != node.array_type.dtype or id(other) in self.scalar:
                return False
        shapes = [other.array_type.shape for other in other_operands]
        return np.broadcast_shapes(*shapes) == consumer.array_type.shape

    def _param(self, param: Any) -> str:
        if type(param) in (bool, int, float, str, tuple, type(None)):
            return repr(param)
        return named("p", param, self.names)

    # ---- what is returned

    def _result(self, node: Node, claimed: set[int]) -> str:
        """An expression for an output: an array that belongs to the caller alone."""
        if node.value is not None:
            constant = self._array(node)
            return f"{constant}.copy()" if isinstance(node.value, np.ndarray) else constant
        if id(node) in self.scalar and node.primitive is not None:
            return self._box(node)
        text = self._array(node)
        if node.array_type.weak:
            return text
        roots = self._roots[id(node)]
        belongs_to_caller = len(roots) == 1 and roots <= self._returned and not roots & claimed
        claimed.update(roots)
        if belongs_to_caller or _is_number(node):
            return text
        return f"{text}.copy()"


def _count_uses(graph: Graph) -> Counter[int]:
    uses = Counter(id(node) for node in graph.outputs)
    for node in graph.nodes:
        uses.update(id(arg) for arg in node.args)
    return uses


def _view(node: Node, array: str, indices: Sequence[str]) -> str:
    """An expression for a view of an array. indices: the names of the arrays in an index."""
    if node.primitive is reshape:
        return f"{array}.reshape({node.array_type.shape})"
    if node.primitive is permute_dims:
        axes = node.params["axes"]
        if axes == tuple(range(len(axes)))[::-1]:
            return f"{array}.T"
        return f"{array}.transpose({axes})"
    remaining = iter(indices)
    index = node.params["index"]
    parts = [next(remaining) if part == ARRAY else _literal(part) for part in index]
    return f"{array}[{', '.join(parts) or '()'}]"


def _literal(part: Any) -> str:
    """A part of an index as Python writes it; the ends of a slice may be NumPy's integers."""
    if isinstance(part, slice):
        ends = (part.start, part.stop, part.step)
        part = slice(*[end if end is None else int(end) for end in ends])
    return repr(part)


def _is_plain_product(node: Node) -> bool:
    """Whether the arguments are matrices or vectors of the dtype of the result."""
    types = [arg.array_type for arg in node.args]
    return all(len(a.shape) <= 2 and a.dtype == node.array_type.dtype for a in types)


def _is_number(node: Node) -> bool:
    """Whether the result is one of NumPy's numbers, which nobody can write to."""
    if node.array_type.shape != ():
        return False
    return is_ufunc(node.primitive) or any(
        node.primitive is primitive for primitive in (sum, matmul, inner_product)
    )


def _may_be_scalar(node: Node) -> bool:
    array_type = node.array_type
    if array_type.size != 1:
        return False
    if array_type.dtype in (np.float64, np.bool_):
        return True
    return array_type.weak and array_type.dtype.kind in "if"
