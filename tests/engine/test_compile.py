"""Claims about compiled functions.

The same numbers, arrays of the caller's own, compiled once per kind of argument.
"""

from __future__ import annotations

import threading
from collections import namedtuple
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from primitive_samples import CASES, DIFFERENTIABLE, SAMPLES, Sample

import reference_ad as ad
from reference_ad.engine import tree
from reference_ad.engine.core import PRIMITIVES, UnlistedPrimitive
from reference_ad.engine.declaring import elementwise

xp = ad.numpy
RNG = np.random.default_rng(0)
W, B, X = RNG.standard_normal((4, 3)), RNG.standard_normal(3), RNG.standard_normal((5, 4))


def of_arrays(primitive: Any, sample: Sample) -> tuple[Any, tuple[Any, ...]]:
    """The primitive as a function of its arrays, and these."""
    positions = [k for k, a in enumerate(sample.args) if isinstance(a, np.ndarray)]

    def f(*values: Any) -> Any:
        args = list(sample.args)
        for position, value in zip(positions, values, strict=True):
            args[position] = value
        return primitive(*args, **sample.params)

    return f, tuple(sample.args[k] for k in positions)


def assert_same(found: Any, expected: Any, tolerance: float = 1e-13) -> None:
    assert tree.flatten(found)[1] == tree.flatten(expected)[1]
    for a, b in zip(tree.leaves(found), tree.leaves(expected), strict=True):
        assert np.shape(a) == np.shape(b)
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def arrays_of(answer: Any) -> list[Any]:
    return [leaf for leaf in tree.leaves(answer) if isinstance(leaf, np.ndarray)]


def assert_owned(f: Any, args: Any) -> None:
    """Answers stay what they are when they, later answers or arguments are written to."""
    first = f(*args)
    kept = [np.copy(leaf) for leaf in tree.leaves(first)]
    given = [np.copy(leaf) for leaf in tree.leaves(args)]
    second = f(*args)
    for array in arrays_of(second):
        array[...] = 1 if array.dtype.kind == "b" else 77
    for array, value in zip(tree.leaves(first), kept, strict=True):
        np.testing.assert_array_equal(array, value)
    for array, value in zip(tree.leaves(args), given, strict=True):
        np.testing.assert_array_equal(array, value)
    arrays = arrays_of(first)
    for position, array in enumerate(arrays):
        assert not any(np.shares_memory(array, other) for other in arrays[:position])
    assert_same(f(*args), tree.unflatten(tree.flatten(first)[1], tree.leaves(first)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("primitive", "sample"), CASES)
def test_every_primitive_compiles_to_the_same_values(
    primitive: Any, sample: Sample, dtype: Any
) -> None:
    f, args = of_arrays(primitive, sample.cast(dtype))
    compiled = ad.compile(f)
    assert_same(compiled(*args), f(*args), 100 * np.finfo(dtype).eps)
    assert_owned(compiled, args)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("primitive", "sample"), DIFFERENTIABLE)
def test_every_primitive_compiles_to_the_same_derivatives(
    primitive: Any, sample: Sample, dtype: Any
) -> None:
    f, args = of_arrays(primitive, sample.cast(dtype))
    active = tuple(k for k, a in enumerate(args) if a.dtype.kind == "f")
    cotangent = np.asarray(np.random.default_rng(1).uniform(0.5, 1, np.shape(f(*args)))).astype(
        dtype
    )

    def pulled(*values: Any) -> Any:
        def of_active(*chosen: Any) -> Any:
            complete = list(values)
            for position, value in zip(active, chosen, strict=True):
                complete[position] = value
            return f(*complete)

        chosen = tuple(values[k] for k in active)
        value, pullback = ad.vjp(of_active, *chosen)
        gradient = pullback(cotangent)
        return value, gradient, ad.jvp(of_active, chosen, gradient)[1]

    compiled = ad.compile(pulled)
    assert_same(compiled(*args), pulled(*args), 1000 * np.finfo(dtype).eps)
    assert_owned(compiled, args)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
@pytest.mark.parametrize(
    "name",
    [n for n, s in SAMPLES.items() if PRIMITIVES[n].elementwise and PRIMITIVES[n].jvp is not None],
)
def test_python_floats_give_what_arrays_give(name: str, shape: Any) -> None:
    sample = SAMPLES[name][0]
    args = tuple(np.reshape(a.flat[1 if a.size > 1 else 0], shape) for a in sample.args)
    active = tuple(k for k, a in enumerate(args) if a.dtype.kind == "f")

    def f(*values: Any) -> Any:
        return xp.sum(PRIMITIVES[name](*values, **sample.params))

    assert_same(
        ad.compile(ad.value_and_grad(f, active))(*args), ad.value_and_grad(f, active)(*args)
    )


OPERATIONS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / (b * b + 1),
    "matmul": lambda a, b: a @ b.T @ b if a.ndim == 2 and a.shape == b.shape else a * 2,
    "tanh": lambda a, b: xp.tanh(a),
    "negative": lambda a, b: -a,
    "mean of rows": lambda a, b: a - xp.mean(a, axis=0),
    "sum": lambda a, b: b * xp.sum(a),
    "square": lambda a, b: a**2,
    "index": lambda a, b: a[..., ::-1] * 0.5,
    "where": lambda a, b: xp.where(a > b, a, 3.0 * b),
    "stack": lambda a, b: xp.sum(xp.stack([a, a * b]), axis=0),
    "reshape": lambda a, b: xp.reshape(xp.reshape(a, (-1,)), a.shape),
    "transpose": lambda a, b: (a.T * 0.5).T - b,
    "concat": lambda a, b: xp.reshape(xp.concat([a, b], axis=None)[: a.size], a.shape),
    "expit": lambda a, b: xp.special.expit(-a) * xp.special.expit(a),
    "constants": lambda a, b: (a * 2.0 - 1.0) / -4.0 * 0.3,
    "maximum": lambda a, b: xp.maximum(a, 0.1) + xp.minimum(a, b),
    "softmax of rows": lambda a, b: xp.special.softmax(a, axis=-1) * b,
    "flip of rows": lambda a, b: xp.flip(a, axis=0) - xp.roll(b, 1, axis=-1),
    "running sum of rows": lambda a, b: xp.cumulative_sum(a, axis=0) * 0.1 + b,
    "largest of rows": lambda a, b: a - xp.max(b, axis=-1, keepdims=True),
    "order of rows": lambda a, b: xp.sort(a, axis=0) * b,
}


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(OPERATIONS)), st.integers(0, 9), st.integers(0, 9)),
        max_size=12,
    ),
    st.sampled_from([(3, 3), (2, 3), (1, 3), (1, 1), (3,), ()]),
)
def test_every_program_compiles_to_the_same_values_and_derivatives(
    program: Any, shape: Any
) -> None:
    rng = np.random.default_rng(3)
    first, second = (
        np.asarray(rng.uniform(-1, 1, shape)),
        np.asarray(rng.uniform(-1, 1, shape[-1:])),
    )

    def f(x: Any, y: Any) -> Any:
        values = [x, y + x, 0.3 * x]
        for name, left, right in program:
            if name == "index" and not shape:
                continue
            a, b = values[left % len(values)], values[right % len(values)]
            if "of rows" not in name or (a.ndim and b.ndim):
                values.append(xp.tanh(OPERATIONS[name](a, b)))
        return xp.sum(values[-1] * values[0])

    for transformed in [
        f,
        ad.value_and_grad(f, (0, 1)),
        ad.grad(lambda x, y: xp.sum(ad.grad(f)(x, y) ** 2)),
    ]:
        compiled = ad.compile(transformed)
        assert_same(compiled(first, second), transformed(first, second), 1e-11)
        assert_owned(compiled, (first, second))


def layer(w: Any, b: Any, x: Any) -> Any:
    return xp.tanh(x @ w + b)


def loss(w: Any, b: Any, x: Any) -> Any:
    return xp.mean(layer(w, b, x) ** 2)


@pytest.mark.parametrize(
    "transform", [ad.grad, ad.value_and_grad, ad.hessian, ad.jacfwd, ad.jacrev]
)
def test_transformations_of_compiled_and_compiled_transformations_agree(transform: Any) -> None:
    expected = transform(loss)(W, B, X)
    assert_same(ad.compile(transform(loss))(W, B, X), expected)
    assert_same(transform(ad.compile(loss))(W, B, X), expected)
    assert_same(ad.compile(transform(ad.compile(loss)))(W, B, X), expected)


def test_a_compiled_function_is_pushed_through_and_pulled_back() -> None:
    compiled = ad.compile(layer)
    directions = (W + 1, B - 1, X * 0)
    assert_same(ad.jvp(compiled, (W, B, X), directions), ad.jvp(layer, (W, B, X), directions))
    value, pullback = ad.vjp(compiled, W, B, X)
    assert_same(pullback(value), ad.vjp(layer, W, B, X)[1](value))


def test_it_is_traced_once_for_each_structure_shape_and_dtype() -> None:
    traced = []

    @ad.compile
    def f(p: Any, scale: int = 2) -> Any:
        traced.append(None)
        return p["a"] * scale

    x = np.arange(3.0)
    for _ in range(2):
        for arguments in [
            ({"a": x},),
            ({"a": x[:2]},),
            ({"a": x.astype(np.float32)},),
            ({"a": x}, 3),
        ]:
            answer = f(*arguments)
            np.testing.assert_array_equal(
                answer, arguments[0]["a"] * (3 if len(arguments) == 2 else 2)
            )
            assert answer.dtype == arguments[0]["a"].dtype
        np.testing.assert_array_equal(f({"a": x}, scale=5), 5 * x)
        np.testing.assert_array_equal(f(p={"a": x}, scale=2), 2 * x)
    assert len(traced) == 6
    assert ad.compile(lambda **given: given["a b"] * 2)(**{"a b": x})[1] == 2


@pytest.mark.parametrize(
    "x", [np.asarray(0.5), np.float64(0.5), np.float32(0.5), 0.5, np.asarray([0.5], np.float32)]
)
def test_numbers_keep_the_dtype_that_they_have_without_compilation(x: Any) -> None:
    def f(x: Any, y: Any) -> Any:
        return x * y, xp.exp(x) / 3

    for y in [np.ones(2, np.float32), np.ones(2), np.ones(1), np.asarray(1, np.float32)]:
        assert_same(ad.compile(f)(x, y), tree.map(np.asarray, f(x, y)), 1e-6)


OF_ONE_NUMBER = [
    name
    for name, samples in SAMPLES.items()
    if len(samples[0].args) == 1 and PRIMITIVES[name].elementwise and name != "bitwise_invert"
]


@pytest.mark.parametrize("name", OF_ONE_NUMBER)
@pytest.mark.parametrize("value", [0.5, 1.5])
def test_python_numbers_are_taken_like_arrays(name: str, value: float) -> None:
    def f(x: Any) -> Any:
        return PRIMITIVES[name](x * 1.0, **SAMPLES[name][0].params)

    with np.errstate(all="ignore"):
        if PRIMITIVES[name].jvp is not None:
            assert_same(ad.compile(ad.value_and_grad(f))(value), ad.value_and_grad(f)(value))
            assert_same(ad.compile(ad.jacfwd(ad.grad(f)))(value), ad.jacfwd(ad.grad(f))(value))
        assert_same(ad.compile(f)(value), np.asarray(f(np.float64(value))))


def test_containers_come_out_as_they_went_in() -> None:
    Pair = namedtuple("Pair", "left right")
    given_tree = {"p": Pair([X], ({"k": B},)), "e": (), "n": None, "s": "text", "i": 4}

    def f(t: Any) -> Any:
        return {"again": Pair(t["p"].left[0] * t["i"], [t["p"].right[0]["k"]]), "none": ()}

    assert_same(ad.compile(f)(given_tree), f(given_tree))
    assert isinstance(ad.compile(f)(given_tree)["again"], Pair)


def test_inputs_constants_and_repeated_results_are_copied() -> None:
    constant = np.arange(3.0)

    def f(x: Any) -> Any:
        y = x * 2
        return x, y, y, y.T, constant, x.T, xp.reshape(y, (4, 5)), xp.zeros((2,)), x[0]

    assert_same(ad.compile(f)(X), f(X))
    assert_owned(ad.compile(f), (X,))
    compiled = ad.compile(f)
    compiled(X)
    constant[0] = 9  # a compiled function keeps what it was compiled with
    assert compiled(X)[4][0] == 0


@pytest.mark.parametrize("argument", [800.0, -800.0, 0.0, np.inf, np.nan])
def test_where_python_floats_raise_the_answer_is_that_of_arrays(argument: float) -> None:
    def f(x: Any) -> Any:
        return xp.exp(x), 1 / x, xp.log(x), xp.sqrt(x), xp.sin(x), xp.maximum(x, 1.0)

    compiled, x = ad.compile(f), np.asarray(argument)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(compiled(x), f(x), rtol=1e-15)
    assert_same(compiled(np.asarray(0.7)), tree.map(np.asarray, f(np.asarray(0.7))))


@pytest.mark.parametrize(
    "transform", [lambda f: f, ad.grad, ad.jacfwd, lambda f: ad.grad(ad.grad(f))]
)
def test_branching_on_a_traced_value_says_what_to_do(transform: Any) -> None:
    def f(x: Any) -> Any:
        return x * x if x > 0 else -x

    with pytest.raises(TypeError, match="branched on a traced value.*where"):
        ad.compile(transform(f))(np.asarray(1.0))


def test_numbers_of_traced_values_and_foreign_objects_are_errors() -> None:
    with pytest.raises(TypeError, match="as an int argument"):
        ad.compile(lambda x: x * float(x[0, 0]))(X)
    with pytest.raises(TypeError, match="shape depends on the values"):
        ad.compile(lambda x: x[xp.nonzero(x)])(X)
    with pytest.raises(TypeError, match="choose with where"):
        ad.compile(lambda x: x[x > 0])(X)
    with pytest.raises(TypeError, match="set"):
        ad.compile(lambda x, s: x)(X, {1})
    with pytest.raises(TypeError, match="give it as an argument"):
        ad.grad(lambda a: ad.compile(lambda x: xp.sum(a * x))(X))(X)
    with pytest.raises(RuntimeError, match="call the function once"):
        _ = ad.compile(loss).source


def test_indices_may_be_arguments() -> None:
    labels = np.asarray([2, 0, 1, 1, 2])

    def f(w: Any, labels: Any) -> Any:
        logits = X @ w
        return -xp.mean(xp.special.log_softmax(logits, axis=1)[np.arange(5), labels])

    compiled = ad.compile(ad.grad(f))
    for shift in range(3):
        assert_same(compiled(W, (labels + shift) % 3), ad.grad(f)(W, (labels + shift) % 3))
    assert len(compiled.programs) == 1


def test_what_depends_on_the_order_of_elements_is_compiled_for_every_order() -> None:
    def f(x: Any) -> Any:
        ordered = xp.sort(x, axis=0) * np.arange(5.0)[:, None] + xp.take_along_axis(
            x, xp.argmax(x, axis=0)[None], axis=0
        )
        return xp.sum(xp.where(xp.any(x > 0, axis=0), ordered, 2 * x) ** 2) + xp.sum(
            xp.take(x, xp.argmin(x[:, 0]), axis=0)
        )

    compiled = ad.compile(ad.value_and_grad(f))
    for order in [slice(None), slice(None, None, -1)]:
        assert_same(compiled(X[order]), ad.value_and_grad(f)(X[order]))
        assert_same(ad.grad(ad.compile(f))(X[order]), ad.grad(f)(X[order]))
        assert_same(ad.compile(ad.jacfwd(ad.grad(f)))(X[order]), ad.jacfwd(ad.grad(f))(X[order]))
    assert len(compiled.programs) == 1


def test_users_own_rules_survive_compilation_and_batching() -> None:
    # named like a primitive, which it must not be taken for
    def add(x: Any) -> Any:
        return xp.sin(x) * 1.0

    doubled = ad.custom_jvp(add, lambda tangents, ans, x: 2 * tangents[0] * xp.cos(x))
    x = X[0]
    for transform in [ad.jacfwd, ad.jacrev]:
        assert_same(transform(doubled)(x), np.diag(2 * np.cos(x)))
        assert_same(ad.compile(transform(doubled))(x), np.diag(2 * np.cos(x)))
        assert_same(transform(ad.compile(doubled))(x), np.diag(2 * np.cos(x)))
    compiled = ad.compile(
        ad.value_and_grad(lambda x: xp.sum(ad.checkpoint(lambda x: xp.exp(xp.sin(x)))(x)))
    )
    assert_same(compiled(x), ad.value_and_grad(lambda x: xp.sum(xp.exp(xp.sin(x))))(x))
    assert_owned(compiled, (x,))


@pytest.mark.parametrize("name", ["tanh", "cbrt"])
def test_a_primitive_is_not_taken_for_the_ufunc_of_its_name(name: str) -> None:
    """tanh is in the table too, cbrt is NumPy's alone."""
    sevenfold = elementwise(name, lambda x: 7 * x, lambda g, ans, x: 7 * g, kind=UnlistedPrimitive)
    compiled = ad.compile(lambda x: sevenfold(x))
    np.testing.assert_array_equal(compiled(B), 7 * B)


def test_threads_share_a_compiled_function() -> None:
    compiled = ad.compile(ad.value_and_grad(loss))
    inputs = [(W + k, B - k, np.tile(X, (200, 1))) for k in range(8)]
    expected = [ad.value_and_grad(loss)(*args) for args in inputs]
    failures = []

    def work(k: int) -> None:
        try:
            for _ in range(60):
                assert_same(compiled(*inputs[k]), expected[k], 1e-12)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_the_graph_has_no_dead_and_no_common_code_and_no_idle_arithmetic() -> None:
    def f(x: Any) -> Any:
        xp.exp(x)  # dead
        return xp.sum(xp.sin(x) * 1.0 + xp.sin(x.T.T)) - -xp.cos(x[0, 0])

    compiled = ad.compile(f)
    compiled(X)
    assert compiled.graph.operations == {"sin": 1, "add": 2, "sum": 1, "getitem": 1, "cos": 1}
    assert "sin(x0)  # float64[5, 4]" in str(compiled.graph)


def test_a_product_with_a_basis_costs_nothing() -> None:
    compiled = ad.compile(lambda w: np.eye(4) @ w @ np.eye(3))
    np.testing.assert_array_equal(compiled(W), W)
    assert not compiled.graph.operations
    diagonal = ad.compile(lambda w, d: (np.eye(4) * d) @ w)
    np.testing.assert_array_equal(diagonal(W, X[0]), np.diag(X[0]) @ W)
    assert "matmul" not in diagonal.graph.operations


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["expit", "log_expit"])
def test_functions_that_are_taken_apart_give_the_same_digits(name: str, dtype: Any) -> None:
    f = PRIMITIVES[name]
    x = np.asarray(
        [-np.inf, -800.0, -80.0, -0.7, -0.0, 0.0, 1e-30, 3.0, 80.0, 800.0, np.inf, np.nan], dtype
    )
    compiled = ad.compile(f)
    np.testing.assert_array_equal(compiled(x), f(x))
    assert f"{name}_" not in compiled.source
    slope = ad.compile(ad.grad(lambda x: xp.sum(f(x))))
    np.testing.assert_allclose(
        slope(x[3:9]), ad.grad(lambda x: xp.sum(f(x)))(x[3:9]), rtol=4 * np.finfo(dtype).eps
    )
    assert_same(
        ad.jacfwd(ad.grad(ad.compile(lambda x: xp.sum(f(x)))))(x[3:9]),
        ad.hessian(lambda x: xp.sum(f(x)))(x[3:9]),
    )


def test_operations_are_counted() -> None:
    compiled = ad.compile(layer)
    compiled(W, B, X)
    assert compiled.graph.flops == 2 * 5 * 4 * 3 + 15 + 15


@pytest.mark.parametrize("name", ["mlp", "chain", "tanh"])
def test_a_gradient_costs_at_most_four_times_its_function(name: str) -> None:
    """The cheap-gradient bound.

    Griewank and Walther, Evaluating Derivatives, 2nd ed., section 4.6.
    """
    from importlib import import_module

    model = import_module(f"adbench.models.{name}").model
    for size in model.sizes.values():
        args = tree.map(np.asarray, model.make(size, np.random.default_rng(0)))
        primal = ad.compile(lambda *args: model.function(xp, *args))
        gradient = ad.compile(
            ad.value_and_grad(lambda *args: model.function(xp, *args), model.active)
        )
        primal(*args)
        gradient(*args)
        assert gradient.graph.flops <= 4 * primal.graph.flops


def test_masks_are_combined_by_operators() -> None:
    def f(x: Any) -> Any:
        return xp.sum(xp.where((x > -1) & ~(x > 1) | (x > 2) ^ (x < -2), x * x, 3 * x))

    x = np.asarray([-2.5, -1.5, 0.5, 1.5, 2.5])
    expected = [-5.0, 3.0, 1.0, 3.0, 5.0]
    np.testing.assert_array_equal(ad.grad(f)(x), expected)
    np.testing.assert_array_equal(ad.compile(ad.grad(f))(x), expected)
    np.testing.assert_array_equal(ad.grad(ad.compile(f))(x), expected)


SINGLE = X[:3, 0].astype("f4")
CORNERS = {
    "what a stopped gradient stops": (ad.grad(lambda x: xp.sum(x * ad.stop_gradient(x))), (B,)),
    "an unsigned opposite times a float": (lambda k, x: (-k) * x, (np.arange(3, dtype="u1"), B)),
    "an unsigned opposite added to a float": (lambda k, x: x - (-k), (np.arange(3, dtype="u1"), B)),
    "small integer factors": (lambda x: np.int8(64) * (np.int8(64) * x), (SINGLE,)),
    "factors whose product overflows": (lambda x: 2.0**100 * (2.0**100 * x), (SINGLE * 0,)),
    "a quotient by the smallest power of 2": (lambda x: x / 2.0**-1074, (B * 0,)),
    "the floating square of integers": (lambda k: k**2.0, (np.arange(3),)),
    "a float64 identity among float32": (
        lambda d, x: (np.eye(3) * d) @ x,
        (SINGLE, SINGLE.reshape(3, 1)),
    ),
    "an array filled with a number": (lambda a, x: xp.full(3, a) * x, (2.0, SINGLE)),
    "a number made an array by 1": (lambda a, x: (a * np.float64(1)) * x, (2.0, SINGLE)),
    "a number made an array by -1": (lambda a, x: (a * np.float64(-1)) * x, (2.0, SINGLE)),
    "a logarithm of single elements": (
        lambda a, b: xp.logaddexp(a * 2, b * 2),
        (np.ones(1), np.ones(1)),
    ),
    "a sign of single elements": (lambda a, b: xp.copysign(a * 2, b * 2), (np.ones(1), np.ones(1))),
    "a remainder of single elements": (
        lambda a, b: xp.remainder(a * 2, b * 2),
        (np.ones(1), np.ones(1)),
    ),
    "a floor of single elements": (
        lambda a, b: xp.floor_divide(a * 2, b * 2),
        (np.ones(1), np.ones(1)),
    ),
    "padding with a traced number": (lambda x, a: xp.pad(x, [(1, 2)], a), (B, 2.0)),
    "a checkpoint with indices and truth values": (
        ad.grad(
            lambda x, k, c: xp.sum(
                ad.checkpoint(lambda x, k, c: xp.where(c, x[k], x) ** 2)(x, k, c)
            )
        ),
        (B, np.asarray([0, 0, 1]), np.asarray([True, False, True])),
    ),
    "rules of one's own with None and a string": (
        ad.grad(
            lambda x: xp.sum(
                ad.custom_vjp(lambda x, n, s: 2 * x, lambda g, ans, x, n, s: (3 * g, None, None))(
                    x, None, "a"
                )
                + ad.custom_jvp(
                    lambda x, n, s: 2 * x, lambda tangents, ans, x, n, s: 5 * tangents[0]
                )(x, None, "a")
            )
        ),
        (B,),
    ),
}


@pytest.mark.parametrize("name", CORNERS)
def test_numbers_dtype_and_shape_are_the_same_at_corners_too(name: str) -> None:
    f, args = CORNERS[name]
    assert_same(ad.compile(f)(*args), f(*args), 1e-6 if args[-1] is SINGLE else 1e-14)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_number_divides_by_zero_as_an_array_does() -> None:
    f = ad.value_and_grad(lambda a: 1 / a)
    assert ad.compile(f)(0.0) == f(0.0) == (np.inf, -np.inf)
    assert ad.compile(lambda a: 1 / (a - 1))(1.0) == np.inf


def test_dtypes_that_are_equal_share_a_program() -> None:
    compiled = ad.compile(lambda k, x: k * x)
    for dtype in (np.int64, np.dtype("q"), np.int64):
        np.testing.assert_array_equal(compiled(np.arange(3).astype(dtype), B), np.arange(3) * B)
    assert len(compiled.programs) == 1


def test_the_shape_of_a_result_may_not_depend_on_traced_values() -> None:
    rule = ad.custom_vjp(lambda x: 2 * x, lambda g, ans, x: (g * len(xp.nonzero(g)[0]),))
    for f in (ad.compile(xp.nonzero), ad.jacrev(rule)):
        with pytest.raises(
            TypeError,
            match="asked for something whose shape depends on the values of a traced array",
        ):
            f(B)


def test_programs_may_be_deep() -> None:
    def transposes(z: Any, a: Any) -> Any:
        for _ in range(1000):
            z = z * a.T
        return z.T

    def views(z: Any, a: Any) -> Any:
        for _ in range(3000):
            z = xp.reshape(z[::-1], (3, 4))
        return z

    for f in (transposes, views):
        assert_same(ad.compile(f)(W.T, W / 4), f(W.T, W / 4))


def test_the_ends_of_a_slice_may_be_arrays_without_dimensions() -> None:
    def f(x: Any) -> Any:
        return 2 * x[np.asarray(1) : np.int64(3)]

    assert_same(ad.compile(f)(W), f(W))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the slope is infinite
def test_a_root_at_0_keeps_its_conventions_beside_a_function_of_the_same_name() -> None:
    def quotient(x: Any, y: Any) -> Any:
        return x - y

    def f(x: Any) -> Any:
        rule = ad.custom_jvp(quotient, lambda tangents, ans, x, y: tangents[0] - tangents[1])
        return xp.sum(xp.sqrt(xp.maximum(x, 0)) + rule(x, 2 * x) ** 2)

    x = np.asarray([-1.0, 4.0])
    np.testing.assert_array_equal(ad.compile(ad.grad(f))(x), [-2, 8.25])
    np.testing.assert_array_equal(ad.compile(ad.hessian(f))(x), ad.hessian(f)(x))
