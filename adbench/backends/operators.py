"""Every operator in every mode, written once as a composition of six transformations.

The table `COMPOSITIONS` names for each the transformations that it nests, the outer one first, and
the function that does it. A backend may answer an operator in a mode in a way of its own, see
`base.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from adbench.backends import fallbacks
from adbench.cases.operators import Mode, Operator
from reference_ad.engine import tree

Function = Callable[[Any], Any]
Answer = Any


class Transformations(Protocol):
    """What the compositions need of a backend."""

    @property
    def xp(self) -> Any: ...
    def jvp(self, function: Function, active: Any, tangent: Any, /) -> tuple[Any, Any]: ...
    def vjp(self, function: Function, active: Any, /) -> tuple[Any, Function]: ...
    def grad(self, function: Function, /) -> Function: ...
    def jacfwd(self, function: Function, /) -> Function: ...
    def jacrev(self, function: Function, /) -> Function: ...
    @property
    def vmap(self) -> Callable[[Function], Function] | None: ...
    @property
    def jet(self) -> Callable[[Function, Any, list[Any]], tuple[Any, list[Any]]] | None: ...


def pushforward(on: Transformations, function: Function, tangent: Any) -> Function:
    """Return x -> J(x) tangent."""
    return lambda x: on.jvp(function, x, tangent)[1]


def value(on: Transformations, function: Function, active: Any, direction: None) -> Answer:
    return function(active)


def derivative_forward(on: Transformations, function: Function, active: Any, order: int) -> Answer:
    unit_tangent = on.xp.ones_like(active)
    for _ in range(order):
        function = pushforward(on, function, unit_tangent)
    return function(active)


def derivative_reverse(on: Transformations, function: Function, active: Any, order: int) -> Answer:
    for _ in range(order):
        function = on.grad(function)
    return function(active)


def derivative_taylor(on: Transformations, function: Function, active: Any, order: int) -> Answer:
    assert on.jet is not None
    straight_path = [on.xp.ones_like(active), *[None] * (order - 1)]
    return on.jet(function, active, straight_path)[1][-1]


def value_and_gradient_reverse(
    on: Transformations, function: Function, active: Any, direction: None
) -> Answer:
    output, pullback = on.vjp(function, active)
    return output, pullback(on.xp.ones_like(output))


def jvp_reverse(on: Transformations, function: Function, active: Any, tangent: Any) -> Answer:
    # u -> J'u is linear, so pulling v back through it gives J v, at whatever u.
    output, pullback = on.vjp(function, active)
    _, transposed = on.vjp(pullback, on.xp.ones_like(output))
    return transposed(tangent)


def vjp_forward(on: Transformations, function: Function, active: Any, cotangent: Any) -> Answer:
    return on.jacfwd(lambda x: on.xp.sum(function(x) * cotangent))(active)


def hvp_reverse_over_reverse(
    on: Transformations, function: Function, active: Any, tangent: Any
) -> Answer:
    # The Hessian is symmetric, so a cotangent pulled back through the gradient is the product.
    return on.vjp(on.grad(function), active)[1](tangent)


def entries_of(on: Transformations, product: Function, direction: Any) -> Answer:
    """Return entries of a sparse matrix, from its products with seeds.

    product: of one seed. direction: the seeds, stacked, and where each entry is among the products.
    """
    seeds, places = direction

    def in_a_row(seed: Any) -> Any:
        parts = [on.xp.reshape(part, (-1,)) for part in tree.leaves(product(seed))]
        return parts[0] if len(parts) == 1 else on.xp.concat(parts)

    compressed = fallbacks.map_over(in_a_row, seeds, on.xp, on.vmap)
    return on.xp.take(on.xp.reshape(compressed, (-1,)), places, axis=0)


def sparse_jacobian_reverse(
    on: Transformations, function: Function, active: Any, direction: Any
) -> Answer:
    _, pullback = on.vjp(function, active)
    return entries_of(on, pullback, direction)


def sparse_hessian_forward_over_reverse(
    on: Transformations, function: Function, active: Any, direction: Any
) -> Answer:
    gradient = on.grad(function)
    return entries_of(on, lambda seed: on.jvp(gradient, active, seed)[1], direction)


def sparse_hessian_reverse_over_reverse(
    on: Transformations, function: Function, active: Any, direction: Any
) -> Answer:
    _, pullback = on.vjp(on.grad(function), active)
    return entries_of(on, pullback, direction)


def mapped(on: Transformations, function: Function, stacked: Any) -> Answer:
    """Return the values of a function at trees that are stacked, by the framework's own vmap."""
    assert on.vmap is not None
    return on.vmap(function)(stacked)


def per_sample_gradient_forward(
    on: Transformations, function: Function, active: Any, samples: Any
) -> Answer:
    return mapped(on, lambda sample: on.jacfwd(lambda x: function((x, sample)))(active), samples)


def per_sample_gradient_reverse(
    on: Transformations, function: Function, active: Any, samples: Any
) -> Answer:
    # The function takes the active argument with the arguments that hold samples.
    return mapped(on, lambda sample: on.grad(lambda x: function((x, sample)))(active), samples)


def batched_vjp_reverse(
    on: Transformations, function: Function, active: Any, cotangents: Any
) -> Answer:
    _, pullback = on.vjp(function, active)
    return mapped(on, pullback, cotangents)


@dataclass(frozen=True)
class Composition:
    """How an operator is made of transformations."""

    transformations: tuple[str, ...]
    """Those that are nested, the outer one first."""
    answer: Callable[[Any, Function, Any, Any], Answer]
    """`answer(backend, function, active, direction)`, with the direction of `base.py`."""

    def name(self, order: int) -> str:
        """Return the composition as it stands in a row.

        `jacfwd(grad)`; for a derivative of order 3 `grad^3`, nested, and `jet(order=3)`, at once.
        """
        if not self.transformations:
            return "value"
        if self.transformations == ("jet",):
            return f"jet(order={order})"
        name = "(".join(self.transformations) + ")" * (len(self.transformations) - 1)
        return name if order == 1 else f"{name}^{order}"


COMPOSITIONS: dict[tuple[Operator, Mode], Composition] = {
    (Operator.VALUE, Mode.NONE): Composition((), value),
    (Operator.DERIVATIVE, Mode.FORWARD): Composition(("jvp",), derivative_forward),
    (Operator.DERIVATIVE, Mode.REVERSE): Composition(("grad",), derivative_reverse),
    (Operator.DERIVATIVE, Mode.TAYLOR): Composition(("jet",), derivative_taylor),
    (Operator.GRADIENT, Mode.FORWARD): Composition(
        ("jacfwd",), lambda on, f, x, direction: on.jacfwd(f)(x)
    ),
    (Operator.GRADIENT, Mode.REVERSE): Composition(
        ("grad",), lambda on, f, x, direction: on.grad(f)(x)
    ),
    (Operator.VALUE_AND_GRADIENT, Mode.FORWARD): Composition(
        ("jacfwd",), lambda on, f, x, direction: (f(x), on.jacfwd(f)(x))
    ),
    (Operator.VALUE_AND_GRADIENT, Mode.REVERSE): Composition(("vjp",), value_and_gradient_reverse),
    (Operator.JVP, Mode.FORWARD): Composition(("jvp",), lambda on, f, x, v: on.jvp(f, x, v)[1]),
    (Operator.JVP, Mode.REVERSE): Composition(("vjp", "vjp"), jvp_reverse),
    (Operator.VJP, Mode.FORWARD): Composition(("jacfwd",), vjp_forward),
    (Operator.VJP, Mode.REVERSE): Composition(("vjp",), lambda on, f, x, u: on.vjp(f, x)[1](u)),
    (Operator.JACOBIAN, Mode.FORWARD): Composition(
        ("jacfwd",), lambda on, f, x, direction: on.jacfwd(f)(x)
    ),
    (Operator.JACOBIAN, Mode.REVERSE): Composition(
        ("jacrev",), lambda on, f, x, direction: on.jacrev(f)(x)
    ),
    (Operator.HVP, Mode.FORWARD_OVER_REVERSE): Composition(
        ("jvp", "grad"), lambda on, f, x, v: on.jvp(on.grad(f), x, v)[1]
    ),
    (Operator.HVP, Mode.REVERSE_OVER_FORWARD): Composition(
        ("grad", "jvp"), lambda on, f, x, v: on.grad(pushforward(on, f, v))(x)
    ),
    (Operator.HVP, Mode.REVERSE_OVER_REVERSE): Composition(
        ("vjp", "grad"), hvp_reverse_over_reverse
    ),
    (Operator.HVP, Mode.FORWARD_OVER_FORWARD): Composition(
        ("jacfwd", "jvp"), lambda on, f, x, v: on.jacfwd(pushforward(on, f, v))(x)
    ),
    (Operator.HESSIAN, Mode.FORWARD_OVER_REVERSE): Composition(
        ("jacfwd", "grad"), lambda on, f, x, direction: on.jacfwd(on.grad(f))(x)
    ),
    (Operator.HESSIAN, Mode.REVERSE_OVER_FORWARD): Composition(
        ("jacrev", "jacfwd"), lambda on, f, x, direction: on.jacrev(on.jacfwd(f))(x)
    ),
    (Operator.HESSIAN, Mode.REVERSE_OVER_REVERSE): Composition(
        ("jacrev", "grad"), lambda on, f, x, direction: on.jacrev(on.grad(f))(x)
    ),
    (Operator.HESSIAN, Mode.FORWARD_OVER_FORWARD): Composition(
        ("jacfwd", "jacfwd"), lambda on, f, x, direction: on.jacfwd(on.jacfwd(f))(x)
    ),
    (Operator.SPARSE_JACOBIAN, Mode.FORWARD): Composition(
        ("jvp",),
        lambda on, f, x, seeds: entries_of(on, lambda seed: on.jvp(f, x, seed)[1], seeds),
    ),
    (Operator.SPARSE_JACOBIAN, Mode.REVERSE): Composition(("vjp",), sparse_jacobian_reverse),
    (Operator.SPARSE_HESSIAN, Mode.FORWARD_OVER_REVERSE): Composition(
        ("jvp", "grad"), sparse_hessian_forward_over_reverse
    ),
    (Operator.SPARSE_HESSIAN, Mode.REVERSE_OVER_FORWARD): Composition(
        ("grad", "jvp"),
        lambda on, f, x, seeds: entries_of(
            on, lambda seed: on.grad(pushforward(on, f, seed))(x), seeds
        ),
    ),
    (Operator.SPARSE_HESSIAN, Mode.REVERSE_OVER_REVERSE): Composition(
        ("vjp", "grad"), sparse_hessian_reverse_over_reverse
    ),
    (Operator.PER_SAMPLE_GRADIENT, Mode.FORWARD): Composition(
        ("vmap", "jacfwd"), per_sample_gradient_forward
    ),
    (Operator.PER_SAMPLE_GRADIENT, Mode.REVERSE): Composition(
        ("vmap", "grad"), per_sample_gradient_reverse
    ),
    (Operator.BATCHED_JVP, Mode.FORWARD): Composition(
        ("vmap", "jvp"),
        lambda on, f, x, tangents: mapped(on, lambda v: on.jvp(f, x, v)[1], tangents),
    ),
    (Operator.BATCHED_VJP, Mode.REVERSE): Composition(("vmap", "vjp"), batched_vjp_reverse),
}
"""The answer to every operator in every mode."""
