"""TensorFlow: GradientTape for reverse mode, ForwardAccumulator for forward mode.

Calls run eagerly here; `tensorflow_graph.py` makes graphs of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import accumulate
from math import prod
from typing import Any

import numpy as np

from adbench.backends import operators
from adbench.backends.base import Answer, Backend, Unsupported, routed
from adbench.namespaces.tensorflow import namespace, numpy_behaviour
from adbench.namespaces.tensorflow_loops import FORWARD, REVERSE, differentiated
from reference_ad.engine import tree

import tensorflow as tf  # isort: skip
import tensorflow.experimental.numpy as tnp  # isort: skip

Apply = Callable[[Any], Any]
ZERO = tf.UnconnectedGradients.ZERO

EAGER_COLUMNS = 16
EAGER_ROWS = 64
"""Below so many passes a loop is faster than a batch in eager staging, where each batch is traced
anew (0.1 s)."""

FORWARD_ORDERS = 3
"""How deep accumulators nest: the first call takes 10 s at order 3 for two lines of tanh, 100 s at
order 4."""


LACKS_RULE = (
    "gradient registry has no entry for",
    "`dtype` <dtype: 'variant'> is not compatible",
    "Attempted to stack a variant-dtype tensor",
    "/pfor/",
    "while vectorizing the jacobian computation",
    "No gradient defined for",
)
"""What TensorFlow says where an operation cannot be differentiated in this mode, or not for all
unit vectors at once."""


class Eager(Backend):
    """TensorFlow as it runs by default, one operation at a time."""

    framework = "tensorflow"
    conjugates = True
    xp = namespace
    array_type = tf.Tensor
    array_name = "tf.Tensor"

    def modes(self) -> AbstractContextManager[Any]:
        return numpy_behaviour()

    def modes_of_calls(self, native_dtype: str = "") -> AbstractContextManager[Any]:
        # Switching the behaviour of NumPy on and off changes 20 methods of all tensors, in 35 us.
        return nullcontext() if native_dtype else self.modes()

    # ---- arrays

    def asarray(self, array: np.ndarray[Any, Any]) -> tf.Tensor:
        # An eager tensor may share its memory with the NumPy array that it is made from.
        return tf.constant(np.array(array))

    def to_numpy(self, array: tf.Tensor) -> np.ndarray[Any, Any]:
        return np.array(array)

    def is_out_of_memory(self, error: BaseException) -> bool:
        return isinstance(error, MemoryError | tf.errors.ResourceExhaustedError)

    def unreached(self, function: Apply, active: Any) -> list[str]:
        leaves = tree.leaves(active)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(leaves)
            output = function(active)
        gradients = tape.gradient(output, leaves)
        pairs = zip(tree.paths(active), gradients, strict=True)
        return [path for path, gradient in pairs if gradient is None]

    def lacks_rule(self, error: BaseException) -> bool:
        # An operation whose gradient has none itself, which forward mode differentiates; loops of
        # TensorFlow, whose stacks have no tangent; operations that cannot be batched.
        return any(words in str(error) for words in LACKS_RULE)

    # ---- transformations

    def jvp(self, function: Apply, active: Any, tangent: Any) -> tuple[Any, Any]:
        with (
            differentiated(FORWARD),
            tf.autodiff.ForwardAccumulator(
                tree.leaves(active), tree.leaves(tangent)
            ) as accumulator,
        ):
            output = _without_custom_gradient(function, active)
        return output, tree.map(lambda y: _dense(accumulator.jvp(y, ZERO), y), output)

    def vjp(self, function: Apply, active: Any) -> tuple[Any, Any]:
        leaves, structure = tree.flatten(active)
        with _taping(persistent=True) as tape:
            tape.watch(leaves)
            output = function(active)

        def pullback(cotangent: Any) -> Any:
            return tree.unflatten(
                structure, _pull(tape, tree.leaves(output), leaves, tree.leaves(cotangent))
            )

        return output, pullback

    def grad(self, function: Apply) -> Apply:
        return lambda active: _value_and_pullback(function, active)[1]

    def jacfwd(self, function: Apply) -> Apply:
        return lambda active: _along_units(lambda unit: self.jvp(function, active, unit)[1], active)

    def jacrev(self, function: Apply) -> Apply:
        return _jacrev(function)

    def vmap(self, function: Apply) -> Apply:
        return lambda stacked: tf.vectorized_map(function, stacked)

    # ---- what deviates from the compositions

    @routed("jvp, nested")
    def derivative_forward(self, function: Apply, active: Any, order: int) -> Answer:
        if order > FORWARD_ORDERS:
            raise Unsupported(
                f"ForwardAccumulator nests {FORWARD_ORDERS} deep at most here, not {order}: "
                "TensorFlow traces the derivative of every operation anew at each level, which "
                "takes ten times longer a level."
            )
        return operators.derivative_forward(self, function, active, order)

    # A tape for one pullback alone costs less than the persistent one of `vjp`.

    @routed("GradientTape")
    def value_and_gradient_reverse(self, function: Apply, active: Any, direction: None) -> Answer:
        return _value_and_pullback(function, active)

    @routed("GradientTape")
    def vjp_reverse(self, function: Apply, active: Any, cotangent: Any) -> Answer:
        return _value_and_pullback(function, active, cotangent)[1]

    @routed("GradientTape(grad)")
    def hvp_reverse_over_reverse(self, function: Apply, active: Any, tangent: Any) -> Answer:
        return _value_and_pullback(self.grad(function), active, tangent)[1]

    @routed("grad(jvp), by columns")
    def hessian_reverse_over_forward(self, function: Apply, active: Any, direction: None) -> Answer:
        # One column is the gradient of J(x) e; the Jacobian of all columns at once would be traced
        # ten times longer.
        def column(unit: Any) -> Any:
            return self.grad(operators.pushforward(self, function, unit))(active)

        return _along_units(column, active)


# ---- transformations


@contextmanager
def _taping(*, persistent: bool = False) -> Iterator[Any]:
    """A tape for what is watched alone."""
    tape = tf.GradientTape(persistent=persistent, watch_accessed_variables=False)
    with differentiated(REVERSE), tape:
        yield tape


def _without_custom_gradient(function: Apply, active: Any) -> Any:
    """Return f(x). Raises Unsupported where forward mode would ignore a gradient written by hand.

    In a graph `tf.custom_gradient` leaves an IdentityN with the name of its gradient, which
    accumulators take for the identity: they differentiate what is inside.
    """
    if tf.executing_eagerly():
        return function(active)
    graph = tf.compat.v1.get_default_graph()
    before = len(graph.get_operations())
    output = function(active)
    for operation in graph.get_operations()[before:]:
        if operation.type == "IdentityN" and "_gradient_op_type" in operation.node_def.attr:
            raise Unsupported(
                "Forward mode ignores tf.custom_gradient in a graph, and differentiates what is "
                "inside of it."
            )
    return output


def _dense(tangent: Any, output: Any) -> Any:
    """A tangent as a tensor of the shape of an output.

    That of a gather's gradient is an IndexedSlices, as the gradient is; whoever batches forgets its
    shape. What the output of a segment sum has for a length, its indices say at the call.
    """
    if not isinstance(tangent, tf.IndexedSlices):
        return tangent
    return tf.reshape(tangent, _lengths_of(output))


def _lengths_of(tensor: Any) -> list[Any]:
    """The lengths of a tensor along its axes, scalar tensors where the call alone knows them."""
    if tensor.shape.is_fully_defined():
        return list(tensor.shape)
    return tf.unstack(tf.shape(tensor), num=tensor.shape.rank)


def _value_and_pullback(function: Apply, active: Any, cotangent: Any = None) -> tuple[Any, Any]:
    """Return f(x) and cotangent' J(x).

    Without a cotangent that is the gradient of a scalar function.
    """
    leaves, structure = tree.flatten(active)
    with _taping() as tape:
        tape.watch(leaves)
        output = function(active)
    cotangents = None if cotangent is None else tree.leaves(cotangent)
    return output, tree.unflatten(structure, _pull(tape, tree.leaves(output), leaves, cotangents))


def _pull(
    tape: Any, outputs: list[Any], leaves: list[Any], cotangents: list[Any] | None
) -> list[Any]:
    if len(outputs) == len(leaves) == 1:  # TensorFlow takes 6 us for each list
        cotangent = None if cotangents is None else cotangents[0]
        gradients = [tape.gradient(outputs[0], leaves[0], cotangent, ZERO)]
    else:
        gradients = tape.gradient(outputs, leaves, cotangents, ZERO)
    # The gradient of a gather is an IndexedSlices, which no operator takes.
    return [tf.convert_to_tensor(g) if isinstance(g, tf.IndexedSlices) else g for g in gradients]


def _along_units(column: Apply, active: Any) -> Any:
    """Return the values of `column` at all unit vectors of the space of `active`.

    They stand on trailing axes: a tree of trees.
    """
    leaves, structure = tree.flatten(active)
    sizes = [prod(leaf.shape) for leaf in leaves]
    stops = list(accumulate(sizes))
    n = stops[-1]
    spans = [slice(stop - size, stop) for stop, size in zip(stops, sizes, strict=True)]
    # Row k of these, one array a leaf, is the k-th unit vector.
    units = [
        tf.reshape(tf.eye(n, dtype=leaf.dtype)[:, span], (n, *leaf.shape))
        for leaf, span in zip(leaves, spans, strict=True)
    ]
    output_structure: Any = None

    def flat_column(unit: list[Any]) -> list[Any]:
        nonlocal output_structure
        values, output_structure = tree.flatten(column(tree.unflatten(structure, unit)))
        return values

    if tf.executing_eagerly() and n < EAGER_COLUMNS:
        columns = [flat_column([unit[k] for unit in units]) for k in range(n)]
        stacked = [tf.stack(parts) for parts in zip(*columns, strict=True)]
    else:
        stacked = tf.vectorized_map(flat_column, units)

    def blocks(columns: Any) -> Any:
        last = tnp.moveaxis(columns, 0, -1)
        outer = _lengths_of(last)[:-1]
        parts = [
            tf.reshape(last[..., span], (*outer, *leaf.shape))
            for leaf, span in zip(leaves, spans, strict=True)
        ]
        return tree.unflatten(structure, parts)

    return tree.unflatten(output_structure, [blocks(columns) for columns in stacked])


def _jacrev(function: Apply) -> Apply:
    """x -> the Jacobian, one row a pass."""

    def jacobian(active: Any) -> Any:
        leaves, structure = tree.flatten(active)
        with _taping(persistent=True) as tape:
            tape.watch(leaves)
            outputs, output_structure = tree.flatten(function(active))
            loop = tf.executing_eagerly() and sum(prod(y.shape) for y in outputs) < EAGER_ROWS
            scalars = [tf.unstack(tf.reshape(y, [-1])) if loop else [] for y in outputs]

        def blocks(output: Any, entries: list[Any]) -> Any:
            if not loop:
                return tape.jacobian(output, leaves, unconnected_gradients=ZERO)
            rows = [_pull(tape, [entry], leaves, None) for entry in entries]
            return [
                tf.reshape(tf.stack(parts), (*output.shape, *leaf.shape))
                for parts, leaf in zip(zip(*rows, strict=True), leaves, strict=True)
            ]

        rows = [
            tree.unflatten(structure, blocks(y, s)) for y, s in zip(outputs, scalars, strict=True)
        ]
        return tree.unflatten(output_structure, rows)

    return jacobian
