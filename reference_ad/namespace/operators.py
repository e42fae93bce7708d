"""Python's operators on tracers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.core import Primitive, Tracer
from ..engine.elements import OBJECT
from ..rules import elementwise as table
from ..rules.contraction import matmul
from ..rules.structural import indexed, matrix_transpose, permute_dims
from .elementwise import pow

_BINARY = {
    "__add__": table.add,
    "__sub__": table.subtract,
    "__mul__": table.multiply,
    "__truediv__": table.divide,
    "__floordiv__": table.floor_divide,
    "__mod__": table.remainder,
    "__matmul__": matmul,
    "__and__": table.bitwise_and,
    "__or__": table.bitwise_or,
    "__xor__": table.bitwise_xor,
    "__lshift__": table.bitwise_left_shift,
    "__rshift__": table.bitwise_right_shift,
}
_COMPARISONS = {
    "__eq__": table.equal,
    "__ne__": table.not_equal,
    "__lt__": table.less,
    "__le__": table.less_equal,
    "__gt__": table.greater,
    "__ge__": table.greater_equal,
}


def _attach(name: str, primitive: Primitive) -> None:
    setattr(Tracer, name, lambda self, other: primitive(self, other))
    if name in _BINARY:
        reflected = f"__r{name.removeprefix('__')}"
        setattr(Tracer, reflected, lambda self, other: primitive(_operand(other, self), self))


def _operand(number: Any, array: Tracer) -> Any:
    """What stands left of an array.

    A complex number takes a dtype at once: Python would compute with it and a NumPy float itself,
    and give a number without one.
    """
    if type(number) is complex and array.dtype != OBJECT:
        return np.result_type(array.dtype, np.complex64).type(number)
    return number


def _absent(self: Tracer, name: str) -> Any:
    raise AttributeError(
        f"A traced array, or one of balls, has no attribute {name!r}: use the functions of "
        "reference_ad.numpy, such as sum(x) for x.sum()."
    )


def attach() -> None:
    """Give `Tracer` its operators."""
    for name, primitive in (_BINARY | _COMPARISONS).items():
        _attach(name, primitive)
    tracer: Any = Tracer
    tracer.__getattr__ = _absent
    tracer.__pow__ = pow
    tracer.__rpow__ = lambda self, other: pow(other, self)
    tracer.__neg__ = lambda self: table.negative(self)
    tracer.__pos__ = lambda self: table.positive(self)
    tracer.__invert__ = lambda self: table.bitwise_invert(self)
    tracer.__abs__ = lambda self: table.abs(self)
    tracer.__getitem__ = lambda self, index: indexed(self, index)
    tracer.mT = property(lambda self: matrix_transpose(self))
    tracer.T = property(lambda self: permute_dims(self, axes=tuple(range(self.ndim))[::-1]))


attach()
