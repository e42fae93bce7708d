"""What identities of algebra are made of. Each primitive's are declared beside it, with `simplify`.

They hold exactly, rounding included, so that a simpler graph gives the same numbers.

"Exactly" is for finite numbers in the range of the dtype: a product with a power of two is exact,
but for underflow and overflow, and so may change its place; a product with the identity matrix is
exact, but for inf and nan.

An identity is called ``identity(make, array_type, *args, **params)`` with `Builder.make`, and an
application's type and arguments. It returns a node that is equal to the application, or None where
it does not apply.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from ..engine.core import Primitive
from ..engine.nodes import ArrayType, Node

Make = Callable[..., Node]
"""``make(array_type, primitive, *args, **params)``: the node of an application; among the arguments
may be numbers."""

Identity = Callable[..., Node | None]


class Build(Protocol):
    """What a lowering is given to make nodes with: the `Builder` of the compiler."""

    def make(self, array_type: ArrayType, primitive: Primitive, *args: Any, **params: Any) -> Node:
        """The node of an application, simplified; among the arguments may be numbers."""

    def apply_as_is(
        self,
        primitive: Primitive,
        args: tuple[Node, ...],
        params: dict[str, Any],
        array_type: ArrayType,
    ) -> Node:
        """The node of this very application, not simplified."""

    def intern(self, key: Any, node: Node) -> Node:
        """The node that goes by this key: from now on this one, if there is none."""


def simplify(primitive: Primitive, *identities: Identity) -> None:
    """Declare the identities that an application of a primitive is tried for, in their order."""
    primitive.simplifications = identities


def constant_number(node: Node) -> Any:
    """The value of a constant real scalar, else None."""
    array_type = node.array_type
    if node.value is None or array_type.shape != () or array_type.dtype.kind not in "fi":
        return None
    return node.value if array_type.weak else node.value.item()


def argument_of_same_type(make: Make, array_type: ArrayType, x: Node, **params: Any) -> Node | None:
    """The argument, if it is of the result's type."""
    return x if x.array_type == array_type else None


def fits(number: Any, dtype: Any) -> bool:
    """Whether a factor neither overflows nor underflows in this dtype."""
    form = np.finfo(dtype)
    return float(form.tiny) <= abs(number) <= float(form.max)


def is_power_of_two(number: Any) -> bool:
    """Whether a product with a number is exact."""
    return bool(np.isfinite(number)) and bool(abs(np.frexp(number)[0]) == 0.5)
