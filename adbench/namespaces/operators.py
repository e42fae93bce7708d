"""The operators of Python on arrays whose functions stand in a table, by the standard's names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from adbench.namespaces.namespace import MissingFunction


class Operators:
    """What an array of expressions has of Python, but for its form and its entries.

    A subclass sets `functions` and `title`, has a `shape`, and says what an index gives.
    """

    __array_ufunc__ = None  # so that NumPy leaves an operation with its arrays to this class
    __hash__ = None  # type: ignore[assignment]
    functions: ClassVar[Mapping[str, Callable[..., Any]]]
    """What the operators call."""
    title: ClassVar[str]
    """What the framework is called."""
    shape: tuple[int, ...]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def T(self) -> Any:
        """The array with its axes in the other order."""
        return self.functions["permute_dims"](self, tuple(range(self.ndim))[::-1])

    @property
    def mT(self) -> Any:
        """The array with its last two axes exchanged."""
        return self.functions["matrix_transpose"](self)

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("An array without axes has no length.")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))

    def _unknown(self) -> Any:
        raise MissingFunction(f"{self.title} has no value of an array while its graph is built.")

    __bool__ = __float__ = __int__ = __index__ = _unknown

    def _call(self, name: str, *arguments: Any) -> Any:
        if name not in self.functions:
            raise MissingFunction(f"{self.title} has no {name}.")
        return self.functions[name](*arguments)

    def __neg__(self) -> Any:
        return self._call("negative", self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self._call("abs", self)

    def __invert__(self) -> Any:
        return self._call("bitwise_invert", self)

    def __eq__(self, other: object) -> Any:
        return self._call("equal", self, other)

    def __ne__(self, other: object) -> Any:
        return self._call("not_equal", self, other)


BINARY = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "pow",
    "matmul": "matmul",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    "lshift": "bitwise_left_shift",
    "rshift": "bitwise_right_shift",
}
"""The operators that have a reflected form, by Python's names for them."""

COMPARISONS = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}


def _operator(name: str) -> Callable[[Any, Any], Any]:
    return lambda self, other: self._call(name, self, other)


def _reflected(name: str) -> Callable[[Any, Any], Any]:
    return lambda self, other: self._call(name, other, self)


for _python, _standard in (BINARY | COMPARISONS).items():
    setattr(Operators, f"__{_python}__", _operator(_standard))
for _python, _standard in BINARY.items():
    setattr(Operators, f"__r{_python}__", _reflected(_standard))
