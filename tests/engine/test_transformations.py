"""What the public functions take, give and refuse."""

from __future__ import annotations

import copy
from collections import Counter, OrderedDict, defaultdict, namedtuple
from typing import Any

import numpy as np
import pytest

import reference_ad as ad
from reference_ad.engine import tree

xp = ad.numpy
X = np.asarray([0.5, -1.5, 2.0])
Pair = namedtuple("Pair", ["left", "right"])


def cubes(x: Any) -> Any:
    return xp.sum(x**3)


def test_the_gradient_has_the_structure_of_its_argument() -> None:
    params = {"weights": [X, 2 * X], "bias": (1.0,), "pair": Pair(np.float64(2.0), X)}

    def f(p: Any) -> Any:
        return xp.sum(p["weights"][0] * p["weights"][1]) * p["bias"][0] + p["pair"].left * xp.sum(
            p["pair"].right
        )

    gradient = ad.grad(f)(params)
    assert tree.flatten(gradient)[1] == tree.flatten(params)[1]
    np.testing.assert_array_equal(gradient["weights"][0], 2 * X)
    np.testing.assert_array_equal(gradient["weights"][1], X)
    assert gradient["bias"] == (np.sum(2 * X * X),)
    assert gradient["pair"].left == np.sum(X)
    np.testing.assert_array_equal(gradient["pair"].right, [2, 2, 2])


def test_argnums_choose_the_active_arguments() -> None:
    def f(x: Any, y: Any, z: Any) -> Any:
        return x * y * y * z

    assert ad.grad(f)(2.0, 3.0, 5) == 45.0
    assert ad.grad(f, 1)(2.0, 3.0, 5) == 60.0
    assert ad.grad(f, -2)(2.0, 3.0, 5) == 60.0
    assert ad.grad(f, (1, 0))(2.0, 3.0, 5) == (60.0, 45.0)
    assert ad.grad(f, (0,))(2.0, 3.0, 5) == (45.0,)
    assert ad.value_and_grad(f, 1)(2.0, 3.0, z=5) == (90.0, 60.0)


def test_jacobians_have_the_output_shape_followed_by_the_input_shape() -> None:
    W = np.arange(6.0).reshape(2, 3)

    def f(p: Any) -> Any:
        return {"matrix": p["W"] * 2.0, "vector": xp.tanh(p["W"] @ p["x"])}

    for jacobian in [ad.jacfwd(f), ad.jacrev(f)]:
        found = jacobian({"W": W, "x": X})
        assert {k: {j: a.shape for j, a in row.items()} for k, row in found.items()} == {
            "matrix": {"W": (2, 3, 2, 3), "x": (2, 3, 3)},
            "vector": {"W": (2, 2, 3), "x": (2, 3)},
        }
        np.testing.assert_array_equal(found["matrix"]["W"].reshape(6, 6), 2 * np.eye(6))
        np.testing.assert_array_equal(found["matrix"]["x"], 0)
        slope = 1 / np.cosh(W @ X) ** 2
        np.testing.assert_allclose(found["vector"]["x"], slope[:, None] * W, rtol=1e-13)


@pytest.mark.parametrize("jacobian", [ad.jacfwd, ad.jacrev])
def test_jacobians_of_empty_arrays_are_empty(jacobian: Any) -> None:
    assert jacobian(lambda x: xp.sum(x))(np.zeros(0)).shape == (0,)
    assert jacobian(lambda x: x[:0])(X).shape == (0, 3)


def test_hessian_vector_product_is_the_hessian_times_the_vector() -> None:
    def f(x: Any, y: Any) -> Any:
        return xp.sum(xp.exp(x * y)) + xp.sum(x) ** 2

    y, s, t = X + 0.3, X - 1, 2 * X + 1
    (xx, xy), (yx, yy) = ad.hessian(f, (0, 1))(X, y)
    first, second = ad.hvp(f, (X, y), (s, t))
    np.testing.assert_allclose(first, xx @ s + xy @ t, rtol=1e-13)
    np.testing.assert_allclose(second, yx @ s + yy @ t, rtol=1e-13)
    np.testing.assert_allclose(ad.hvp(cubes, (X,), (s,)), 6 * X * s, rtol=1e-13)


def test_the_pullback_gives_one_cotangent_per_primal_and_can_be_called_again() -> None:
    value, pullback = ad.vjp(lambda x, y: (x * y, x), X, 2 * X)
    np.testing.assert_array_equal(value[0], 2 * X * X)
    for _ in range(2):
        first, second = pullback((np.ones(3), np.ones(3)))
        np.testing.assert_array_equal(first, 2 * X + 1)
        np.testing.assert_array_equal(second, X)


def test_an_output_that_does_not_depend_on_the_input_has_derivative_zero() -> None:
    np.testing.assert_array_equal(ad.grad(lambda x: 3.0)(X), np.zeros(3))
    np.testing.assert_array_equal(ad.jvp(lambda x: X, (X,), (X,))[1], np.zeros(3))
    np.testing.assert_array_equal(ad.grad(lambda x: xp.sum(ad.stop_gradient(x) * x))(X), X)


def test_gradients_can_be_written_to_without_harm() -> None:
    first, second = ad.grad(lambda x, y: xp.sum(x + y), (0, 1))(X, X)
    first += 1
    np.testing.assert_array_equal(second, np.ones(3))


def test_products_with_zeros_have_exact_derivatives_of_every_order() -> None:
    x = np.asarray([2.0, 0.0, 3.0, 0.0, 5.0])
    np.testing.assert_array_equal(ad.grad(xp.prod)(x), np.zeros(5))
    expected = np.zeros((5, 5))
    expected[1, 3] = expected[3, 1] = 30.0
    np.testing.assert_array_equal(ad.hessian(xp.prod)(x), expected)


def test_conventions_at_kinks_are_those_documented() -> None:
    assert ad.grad(lambda x: abs(x))(0.0) == 0.0
    assert ad.grad(xp.maximum, (0, 1))(1.0, 1.0) == (0.5, 0.5)
    assert ad.grad(xp.minimum, (0, 1))(1.0, 1.0) == (0.5, 0.5)
    assert ad.grad(xp.hypot, (0, 1))(0.0, 0.0) == (0.0, 0.0)
    assert ad.grad(xp.pow, (0, 1))(0.0, 0.0) == (0.0, 0.0)
    assert ad.grad(lambda x: x**0)(0.0) == 0.0
    assert ad.grad(lambda x: x**1)(0.0) == 1.0
    np.testing.assert_array_equal(ad.grad(xp.max)(np.asarray([1.0, 3.0, 3.0])), [0, 0.5, 0.5])
    np.testing.assert_array_equal(ad.grad(xp.max)(np.asarray([1.0, np.nan, 3.0])), [0, 1, 0])


def test_mixed_dtypes_give_each_argument_a_derivative_of_its_own_dtype() -> None:
    x, y = X.astype(np.float32), X
    first, second = ad.grad(lambda x, y: xp.sum(x * y + x @ y), (0, 1))(x, y)
    assert (first.dtype, second.dtype) == (np.float32, np.float64)
    value, tangent = ad.jvp(lambda x: x + y, (x,), (x,))
    assert (value.dtype, tangent.dtype) == (np.float64, np.float64)


def failing(f: Any, *args: Any) -> str:
    with pytest.raises((TypeError, ValueError, RuntimeError)) as caught:
        f(*args)
    return str(caught.value)


def test_wrong_use_is_answered_with_one_clear_sentence() -> None:
    assert failing(ad.grad(lambda x: x), X) == (
        "grad needs a function that returns one real scalar, and it returned an array of shape "
        "(3,), dtype float64: reduce it (with sum or mean, say), or use jacrev or vjp."
    )
    assert failing(ad.grad(lambda x: (x[0],)), X) == (
        "grad needs a function that returns one real scalar, and it returned tuple: "
        "reduce it (with sum or mean, say), or use jacrev or vjp."
    )
    assert failing(ad.grad(cubes), np.arange(3)) == (
        "grad can differentiate floating-point arrays only, and the leaf given is of dtype int64: "
        "convert it to a float, or leave it out of the active argument."
    )
    assert failing(ad.grad(cubes), [1.0, {"a": 2}]) == (
        "grad can differentiate floating-point arrays only, and the leaf [1]['a'] is of int 2: "
        "convert it to a float, or leave it out of the active argument."
    )
    assert failing(ad.jacrev(lambda x: [x, "text"]), X) == (
        "jacrev needs a function that returns arrays, and the leaf [1] is of str 'text': "
        "return arrays, or lists, tuples and dicts of them."
    )
    assert failing(ad.grad(cubes, 1), X) == (
        "grad was given argnums=1 and 1 positional argument(s): argnums must lie in the range 0 to "
        "0."
    )
    assert failing(ad.jacfwd(cubes, "x"), X) == (
        "jacfwd was given argnums='x': give the position of an argument, an int, or a tuple of "
        "ints."
    )
    assert failing(ad.jvp, cubes, (X,), (X[:2],)) == (
        "jvp was given tangents[0] of shape (2,) and dtype float64, where primals[0] has shape "
        "(3,) and dtype float64: they must be the same."
    )
    assert failing(ad.vjp(cubes, X)[1], np.ones(3)) == (
        "The pullback was given cotangent of shape (3,) and dtype float64, where output has shape "
        "() and dtype float64: they must be the same."
    )
    assert failing(ad.grad(lambda x: np.sum(np.asarray(x))), X) == (
        "NumPy was given a traced array, or Python asked for it as a number, and its derivative "
        "would be lost: use the functions of reference_ad.numpy, or reference_ad.stop_gradient if "
        "it is meant to be lost."
    )


def test_a_tracer_that_outlives_its_transformation_is_refused() -> None:
    kept = []
    ad.grad(lambda x: (kept.append(x), x * x)[1])(1.0)
    message = failing(lambda: kept[0] + 1.0)
    assert message == (
        "A traced array was given to 'add' after its transformation had finished: return it from "
        "the differentiated function instead of keeping it elsewhere."
    )


def test_trees_name_their_leaves_and_compare_by_structure() -> None:
    example = [(1.0, {"b": 2.0, "a": 3.0}), 4.0]
    found, structure = tree.flatten(example)
    assert found == [1.0, 3.0, 2.0, 4.0]
    assert tree.paths(example) == ["[0][0]", "[0][1]['a']", "[0][1]['b']", "[1]"]
    assert tree.paths(1.0) == [""]
    assert tree.unflatten(structure, found) == example
    assert hash(structure) == hash(tree.flatten(tree.map(lambda x: -x, example))[1])
    assert tree.flatten((1.0,))[1] != tree.flatten([1.0])[1]
    assert type(tree.map(abs, OrderedDict(a=-1.0))) is OrderedDict
    for other in (defaultdict(list, a=-1.0), Counter(a=-1)):
        assert type(tree.map(abs, other)) is dict and tree.map(abs, other) == {"a": 1}
    with pytest.raises(TypeError, match="A dict has keys that cannot be sorted"):
        tree.flatten({1: 2.0, "a": 3.0})
    with pytest.raises(ValueError, match="Too many leaves"):
        tree.unflatten(structure, [*found, 5.0])
    with pytest.raises(ValueError, match="Too few leaves"):
        tree.unflatten(structure, found[1:])
    assert tree.flatten(1.0) == ([1.0], None) and tree.unflatten(None, [1.0]) == 1.0
    with pytest.raises(ValueError, match="Too many leaves"):
        tree.unflatten(None, [1.0, 2.0])
    with pytest.raises(ValueError, match="Too few leaves"):
        tree.unflatten(None, [])
    with pytest.raises(ValueError, match="Trees differ in structure"):
        tree.map(lambda x, y: x, example, 1.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_python_numbers_do_not_change_the_precision_of_derivatives(dtype: Any) -> None:
    x = dtype(1) / dtype(3)
    slope = ad.grad(lambda x: 3.0**x + x**0.5)(x)
    expected = 3**x * np.log(dtype(3)) + 1 / (2 * np.sqrt(x))
    assert slope.dtype == dtype
    np.testing.assert_allclose(slope, expected, rtol=4 * np.finfo(dtype).eps)


def test_no_two_derivatives_share_memory() -> None:
    a, b = np.ones((3, 3)), np.eye(3)
    both = ad.grad(lambda p: xp.sum((p[0] + p[1].T) * b))((a, a))
    assert not np.shares_memory(*both)
    t = np.ones(3)
    assert not np.shares_memory(ad.jvp(lambda x: x[::-1], (t,), (t,))[1], t)
    assert not np.shares_memory(ad.linearize(lambda x: x[::-1], t)[1](t), t)
    assert not np.shares_memory(ad.vjp(lambda x: x[::-1], t)[1](t)[0], t)


def test_a_missing_tangent_is_refused() -> None:
    with pytest.raises(TypeError, match=r"jvp was given None for tangents\[0\]: give zeros"):
        ad.jvp(xp.sin, (1.0,), (None,))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ad.jvp(cubes, X, X),
            "jvp was given ndarray for primals: give a tuple or list with one entry",
        ),
        (
            lambda: ad.jvp(cubes, (X,), X),
            "jvp was given ndarray for tangents: give a tuple or list with one entry",
        ),
        (
            lambda: ad.hvp(cubes, 1.0, 1.0),
            "hvp was given float for primals: give a tuple or list with one entry",
        ),
        (
            lambda: ad.grad(lambda x, y: x, (0, -2))(1.0, 2.0),
            r"argnums=\(0, -2\): name each argument once",
        ),
        (
            lambda: ad.jvp(lambda p: p["a"], ({"a": 1.0},), ({"b": 1.0},)),
            r"tangents of structure \(\{'b': \*\},\), and primals of structure \(\{'a': \*\},\): "
            r"they must be the same",
        ),
        (
            lambda: ad.grad(cubes)(),
            r"argnums=0 and 0 positional argument\(s\): give the active by position",
        ),
        (
            lambda: ad.compile(lambda x: x + None)(X),
            "A compiled function uses NoneType None: give numbers or",
        ),
        (
            lambda: ad.grad(lambda x: x.sum())(X),
            "has no attribute 'sum': use the functions of reference_ad.numpy",
        ),
    ],
)
def test_what_does_not_fit_is_named(call: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError), match=message):
        call()


def test_both_jacobians_have_the_dtype_of_input_and_output_together() -> None:
    x = X.astype(np.float32)
    for f, given in [
        (lambda x: x * X, x),
        (lambda x: xp.astype(x, np.float32), X),
        (lambda x: 0 * X + x[0], x),
    ]:
        for jacobian in (ad.jacfwd, ad.jacrev):
            for run in (jacobian(f), ad.compile(jacobian(f))):
                assert run(given).dtype == np.float64
                np.testing.assert_allclose(
                    run(given), ad.jacfwd(f)(given.astype(np.float64)), rtol=1e-6
                )


def test_a_jacobian_that_would_lose_an_imaginary_part_is_refused() -> None:
    z = X + 1j
    np.testing.assert_allclose(ad.jacrev(xp.abs)(z), np.diag(np.conj(z) / np.abs(z)), rtol=1e-15)
    np.testing.assert_array_equal(ad.jacfwd(lambda x: x * z)(X), np.diag(z))
    for lossy in (lambda: ad.jacfwd(xp.abs)(z), lambda: ad.jacrev(lambda x: x * z)(X)):
        with pytest.raises(
            TypeError,
            match="take jacfwd for complex results of real arguments, and jacrev for real",
        ):
            lossy()


def test_a_deep_copy_of_an_argument_keeps_its_derivative() -> None:
    def f(p: Any) -> Any:
        return cubes(copy.deepcopy(p)["x"])

    expected = ad.grad(cubes)(X)
    np.testing.assert_array_equal(ad.grad(f)({"x": X})["x"], expected)
    np.testing.assert_array_equal(ad.compile(ad.grad(f))({"x": X})["x"], expected)
    np.testing.assert_array_equal(ad.jvp(f, ({"x": X},), ({"x": X},))[1], np.sum(expected * X))
