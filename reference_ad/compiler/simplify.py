"""How a graph is simplified as it grows, by the identities that primitives declare beside them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.core import Primitive
from ..engine.declaring import broadcast_to
from ..engine.nodes import ArrayType, Node
from ..rules.identities import Make


def simplified(
    apply: Make,
    make: Make,
    primitive: Primitive,
    args: tuple[Node, ...],
    params: dict[str, Any],
    array_type: ArrayType,
) -> Node | None:
    """A node equal to this application by an identity; None where there is none.

    apply, make: `apply_simplified` and `make` of the `Builder`, which make the nodes that are put
    in place
    """
    if primitive.elementwise:
        lean_args = _without_broadcasting(args, array_type)
        if lean_args is not None:
            return apply(primitive, lean_args, params, array_type)
    if array_type.dtype.kind not in "fc":
        return None
    orders = [args]
    if primitive.commutative:
        orders.append(args[::-1])
    for identity in primitive.simplifications:
        for ordered_args in orders:
            node: Node | None = identity(make, array_type, *ordered_args, **params)
            if node is not None:
                return node
    return None


def _without_broadcasting(args: tuple[Node, ...], array_type: ArrayType) -> tuple[Node, ...] | None:
    """The arguments, one of them before it was broadcast; None where there is no such.

    They must broadcast by themselves.
    """
    for position, arg in enumerate(args):
        if arg.primitive is not broadcast_to or arg.args[0].array_type.weak:
            continue  # a Python number would take another dtype
        lean_args = (*args[:position], arg.args[0], *args[position + 1 :])
        shapes = [lean.array_type.shape for lean in lean_args]
        if np.broadcast_shapes(*shapes) == array_type.shape:
            return lean_args
    return None
