"""The namespace follows the array API standard 2024.12: its names, its signatures, its results."""

# ruff: noqa: SIM905
from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference_ad as ad
from reference_ad.engine.core import Primitive

strict = pytest.importorskip("array_api_strict")
xp = ad.numpy

ABSENT = {"": "broadcast_shapes isin", "linalg": "eig eigvals", "fft": "astype"}
"""What the standard of 2025 has, and that of 2024 has not."""

NUMPY_S_OWN = "isdtype can_cast from_dlpack".split()
TAKEN_OVER = [
    *"conj finfo get_array_api_strict_flags normalize_axis_tuple requires_api_version "
    "requires_extension device_supports_dtype".split(),
    *"reshape set_array_api_strict_flags reset_array_api_strict_flags Literal NamedTuple".split(),
]
"""What its modules show without being part of the standard."""


def functions(module: Any) -> list[str]:
    return [
        name
        for name, value in sorted(vars(module).items())
        if inspect.isfunction(value) and not name.startswith("_") and name not in TAKEN_OVER
    ]


@pytest.mark.parametrize("place", ["", "linalg", "fft"])
def test_only_what_is_newer_is_absent(place: str) -> None:
    theirs, ours = (getattr(module, place) if place else module for module in (strict, xp))
    missing = [name for name in functions(theirs) if not hasattr(ours, name)]
    assert set(missing) <= set(ABSENT[place].split())


def parameters(function: Any) -> list[tuple[str, Any, Any]]:
    """What a caller sees; for a device that is not given there are several markers."""
    seen = []
    for p in inspect.signature(function).parameters.values():
        name = "" if p.kind in (p.POSITIONAL_ONLY, p.VAR_POSITIONAL) else p.name
        seen.append((name, p.kind, None if name == "device" else p.default))
    return sorted(seen, key=str) if any(name == "device" for name, _, _ in seen) else seen


@pytest.mark.parametrize("place", ["", "linalg", "fft"])
def test_signatures_are_the_standard_s(place: str) -> None:
    theirs, ours = (getattr(module, place) if place else module for module in (strict, xp))
    different = []
    for name in functions(theirs):
        function = getattr(ours, name, None)
        if (
            function is None or name in NUMPY_S_OWN or name == "expand_dims"
        ):  # its axis became positional in 2025
            continue
        expected = parameters(getattr(theirs, name))
        if isinstance(function, Primitive):  # takes arrays by position, and nothing else
            if any(kind is not inspect.Parameter.POSITIONAL_ONLY for _, kind, _ in expected):
                different.append(name)
        elif parameters(function) != expected:
            different.append(name)
    assert different == []


X = np.random.default_rng(0).uniform(-2, 2, (3, 4))
ROW = np.asarray([0.5, -1.5, 2.0, 0.25])

CALLS: dict[str, list[Any]] = {
    **{
        name: [((X,), {})]
        for name in "abs sign conj real imag square floor ceil round trunc isnan signbit".split()
    },
    **{
        name: [((X, ROW), {})]
        for name in "copysign hypot logaddexp maximum atan2 less not_equal vecdot".split()
    },
    **{
        name: [
            ((X,), {}),
            ((X,), {"axis": 1}),
            ((X,), {"axis": (0, 1), "keepdims": True}),
            ((X,), {"axis": -2}),
        ]
        for name in "sum mean prod max min var std".split()
    },
    **{name: [((X,), {"axis": 0}), ((X > 0,), {})] for name in "all any count_nonzero".split()},
    **{
        name: [((X,), {"axis": k}) for k in (0, -1)]
        for name in "argmax argmin argsort sort".split()
    },
    **{
        name: [((ROW,), {}), ((X,), {"axis": 1}), ((X,), {"axis": 0, "include_initial": True})]
        for name in ["cumulative_sum", "cumulative_prod"]
    },
    "clip": [((X, -0.5, 0.5), {}), ((X,), {"max": 0.1}), ((X,), {"min": ROW})],
    "concat": [(([X, X],), {"axis": 1}), (([X, ROW],), {"axis": None})],
    "stack": [(([X, X],), {"axis": -1})],
    "diff": [((X,), {"n": 2}), ((X,), {"axis": 0, "prepend": X[:1], "append": X[:2]})],
    "expand_dims": [((X,), {"axis": 1}), ((X, -1), {})],
    "squeeze": [((X[None],), {"axis": 0})],
    "flip": [((X,), {}), ((X,), {"axis": 0})],
    "roll": [((X, 2), {}), ((X, (1, -1)), {"axis": (0, 1)})],
    "moveaxis": [((X[None], 0, 2), {})],
    "permute_dims": [((X, (1, 0)), {})],
    "repeat": [((X, 2), {}), ((X, 3), {"axis": 1})],
    "tile": [((X, (2, 1)), {})],
    "tril": [((X,), {"k": -1})],
    "triu": [((X,), {"k": 1})],
    "take": [((ROW, np.asarray([2, 0])), {}), ((X, np.asarray([1, 1])), {"axis": 0})],
    "take_along_axis": [((X, np.argsort(X, axis=0)), {"axis": 0})],
    "tensordot": [((X, X), {}), ((X, X), {"axes": ([0], [0])}), ((X, ROW), {"axes": 1})],
    "matmul": [((X, ROW), {}), ((X, X.T), {})],
    "matrix_transpose": [((X,), {})],
    "unstack": [((X,), {"axis": 1})],
    "meshgrid": [((ROW, ROW[:2]), {}), ((ROW, ROW[:2]), {"indexing": "ij"})],
    "searchsorted": [((np.sort(ROW), X[0]), {"side": "right"})],
    "where": [((X > 0, X, ROW), {})],
    "full": [(((2, 3), 1.5), {})],
    "eye": [((3, 4), {"k": 1})],
    "linspace": [((0.0, 1.0, 5), {"endpoint": False})],
    "arange": [((5,), {}), ((1.0, 2.0, 0.25), {})],
    "broadcast_to": [((ROW, (3, 4)), {})],
    "broadcast_arrays": [((ROW, X), {})],
    "result_type": [((np.float32(1), np.float64), {})],
    "astype": [((X, np.float32), {}), ((X, np.int64), {})],
    "pow": [((np.abs(X), ROW), {}), ((X, 3), {})],
}


@pytest.mark.parametrize("name", CALLS)
def test_results_are_numpy_s(name: str) -> None:
    for args, keywords in CALLS[name]:
        found, expected = getattr(xp, name)(*args, **keywords), getattr(np, name)(*args, **keywords)
        several = isinstance(expected, (tuple, list))
        for ours, theirs in zip(found, expected, strict=True) if several else [(found, expected)]:
            if name == "result_type":
                assert ours == theirs
                continue
            assert np.asarray(ours).dtype == np.asarray(theirs).dtype
            np.testing.assert_allclose(ours, theirs, rtol=1e-14)


def test_the_results_on_tracers_are_those_on_arrays() -> None:
    for name, calls in CALLS.items():
        for args, keywords in calls:
            if not (args and isinstance(args[0], np.ndarray) and args[0].dtype == np.float64):
                continue
            value = ad.vjp(
                lambda x, n=name, a=args, k=keywords: getattr(xp, n)(x, *a[1:], **k), args[0]
            )[0]
            expected = getattr(xp, name)(*args, **keywords)
            for ours, theirs in zip(ad.tree.leaves(value), ad.tree.leaves(expected), strict=True):
                np.testing.assert_array_equal(ours, theirs)


def test_an_axis_out_of_range_is_answered_with_its_range() -> None:
    with pytest.raises(
        ValueError,
        match=r"axis 2 was given for an array of 2 dimension\(s\): give one from -2 to 1",
    ):
        xp.sum(X, axis=2)
    with pytest.raises(ValueError, match="name axes of length 1"):
        xp.squeeze(X, axis=0)
    with pytest.raises(
        ValueError, match="axis 0 was given for an array of no dimensions, which has no axes"
    ):
        xp.cumulative_sum(np.asarray(1.0))
    for f in (xp.cumulative_sum, xp.cumulative_prod, lambda x: xp.take(x, np.asarray([0]))):
        with pytest.raises(
            ValueError, match="No axis was given for an array of 2 dimensions: name one of them"
        ):
            f(X)


def test_a_list_of_axes_is_as_good_as_a_tuple() -> None:
    assert xp.sum(X, axis=[0, 1]) == xp.sum(X, axis=(0, 1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_among_joined_arrays_take_their_dtype(dtype: Any) -> None:
    x = ROW.astype(dtype)
    value, gradient = ad.value_and_grad(lambda x: xp.sum(xp.stack([x[0], 2.0, x[1], 3]) ** 2))(x)
    assert value.dtype == gradient.dtype == dtype
    np.testing.assert_array_equal(gradient, [2 * x[0], 2 * x[1], 0, 0])
    np.testing.assert_array_equal(xp.concat([x, [1.0], 2], axis=None), [*x, 1, 2])
    assert xp.stack([1.0, 2.0]).dtype == np.float64


def test_a_number_to_the_power_of_integers_keeps_its_fraction() -> None:
    exponents = np.asarray([1, 2])
    for f in (lambda n: xp.pow(2.5, n), ad.compile(lambda n: 2.5**n)):
        np.testing.assert_array_equal(f(exponents), [2.5, 6.25])


@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_exponentials_of_integers_are_those_of_floats(name: str) -> None:
    f, x = getattr(ad.special, name), np.asarray([1, 3, 200], np.uint8)
    np.testing.assert_array_equal(f(x), f(x.astype(np.float64)))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the logarithm of an empty sum is -inf
def test_nothing_has_no_exponentials() -> None:
    x = np.ones((2, 0))
    np.testing.assert_array_equal(ad.special.logsumexp(x, axis=1), [-np.inf, -np.inf])
    assert ad.special.softmax(x, axis=1).shape == ad.special.log_softmax(x, axis=1).shape == (2, 0)


def test_a_bound_that_is_nan_clips_to_nan() -> None:
    x = np.asarray([-1.0, 0.0, 2.0])
    for bounds in [(np.nan, 1.0), (0.0, np.nan)]:
        assert np.all(np.isnan(xp.clip(x, *bounds)))


def test_a_sorter_may_be_found_in_a_compiled_function() -> None:
    def f(x: Any) -> Any:
        return xp.searchsorted(x, x + 0.5, sorter=xp.argsort(x))

    x = np.asarray([3.0, 1.0, 2.0])
    expected = np.searchsorted(x, x + 0.5, sorter=np.argsort(x))
    np.testing.assert_array_equal(f(x), expected)
    np.testing.assert_array_equal(ad.compile(f)(x), expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: xp.repeat(X, 2, axis=5), r"axis 5 was given for an array of 2 dimension\(s\)"),
        (lambda: xp.concat([]), "No arrays were given to join: give at least one"),
        (lambda: xp.stack([]), "No arrays were given to join: give at least one"),
        (
            lambda: xp.linalg.inv(ROW[0]),
            r"A matrix was expected, and an array of shape \(\) was given",
        ),
        (lambda: xp.diff(X, n=-1), "diff was given n=-1: give how often"),
        (lambda: xp.moveaxis(X, (0, 1), 0), r"moveaxis was given axes \(0, 1\) to move to 0"),
        (lambda: xp.tensordot(ROW, X, axes=2), "axis -2 was given for an array of 1 dimension"),
        (
            lambda: xp.linalg.cross(ROW, ROW),
            r"cross was given shapes \(4,\) and \(4,\): axis -1 of both must have",
        ),
        (
            lambda: xp.linalg.diagonal(ROW),
            r"A matrix was expected, and an array of shape \(4,\) was given",
        ),
        (lambda: xp.linalg.qr(ROW), "A matrix was expected"),
        (lambda: xp.linalg.svd(ROW), "A matrix was expected"),
        (
            lambda: xp.max_pool(X, 2),
            "Windows of lengths 2 with strides 2 were asked of an array of 2",
        ),
        (lambda: xp.mean_pool(X, (2, 2), strides=(1,)), "give a tuple with an int for each axis"),
        (
            lambda: xp.special.polygamma(-1, X),
            "polygamma was given n=-1: give an integer that is not negative",
        ),
    ],
)
def test_parameters_that_mean_nothing_are_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_one_number_stands_for_a_tuple_of_one_as_in_numpy() -> None:
    np.testing.assert_array_equal(xp.tile(ROW, 2), np.tile(ROW, 2))
    np.testing.assert_array_equal(xp.tensordot(X, X, axes=(0, 0)), np.tensordot(X, X, axes=(0, 0)))
    np.testing.assert_array_equal(xp.linalg.outer(X, ROW), np.outer(X, ROW))


INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
TOTALS = ("sum", "prod", "cumulative_sum", "cumulative_prod")
NUMPYS = {"cumulative_sum": np.cumsum, "cumulative_prod": np.cumprod}


@pytest.mark.parametrize("name", TOTALS)
@given(
    st.sampled_from(INTEGERS),
    st.sampled_from((None, *INTEGERS)),
    st.lists(st.integers(0, 127), min_size=1, max_size=6),
)
def test_totals_of_integers_have_the_dtype_asked_for_or_the_widest_of_their_kind(
    name: str, dtype: str, result: str | None, numbers: list[int]
) -> None:
    """As the standard says, and they wrap around in it."""
    x = np.asarray(numbers, dtype)
    widest = "uint64" if dtype.startswith("u") else "int64"
    expected = NUMPYS.get(name) or getattr(np, name)
    target = np.dtype(result or widest)
    for total in (getattr(xp, name), ad.compile(getattr(xp, name))):
        answer = total(x) if result is None else getattr(xp, name)(x, dtype=target)
        assert answer.dtype == target
        np.testing.assert_array_equal(answer, expected(x.astype(target), dtype=target))


@given(st.sampled_from(INTEGERS), st.sampled_from(INTEGERS), st.integers(1, 4))
def test_vecdot_of_integers_has_the_dtype_of_a_product(first: str, second: str, n: int) -> None:
    x, y = np.full(n, 100, first), np.full((2, n), 3, second)
    answer = xp.vecdot(x, y)
    assert answer.dtype == (x * y).dtype
    np.testing.assert_array_equal(answer, np.vecdot(x, y))


def test_einsum_of_integers_keeps_their_dtype() -> None:
    x = np.full((2, 3), 100, np.uint8)
    assert xp.einsum("ij->i", x).dtype == np.uint8
    np.testing.assert_array_equal(xp.einsum("ij->i", x), np.einsum("ij->i", x))


@pytest.mark.parametrize(
    ("shapes", "axis"),
    [(((3,), (1,)), -1), (((2, 3), (2, 1)), 1), (((2, 3), (3, 3)), -2), (((3,), (2, 3)), -2)],
)
def test_vecdot_refuses_axes_of_different_length(shapes: Any, axis: int) -> None:
    x, y = [np.ones(shape) for shape in shapes]
    with pytest.raises(ValueError, match="vecdot was given arrays of shapes .* must have the same"):
        xp.vecdot(x, y, axis=axis)


def test_distinct_elements_carry_their_derivatives() -> None:
    x = np.asarray([3.0, 1.0, 3.0, 2.0])

    def weighed(x: Any) -> Any:
        return xp.sum(xp.unique_values(x) * np.asarray([1.0, 10.0, 100.0]))

    assert weighed(x) == 1 + 20 + 300
    assert ad.grad(weighed)(x).tolist() == [100.0, 1.0, 0.0, 10.0]
    everything = xp.unique_all(x.reshape(2, 2))
    assert everything.indices.tolist() == [1, 3, 0]
    assert everything.inverse_indices.tolist() == [[2, 0], [2, 1]]
    assert everything.counts.tolist() == [1, 1, 2]
    with pytest.raises(TypeError, match="depends on the values"):
        ad.compile(xp.unique_values)(x)


def test_another_device_than_the_processor_is_refused() -> None:
    assert xp.zeros(2, device="cpu").tolist() == [0, 0]
    with pytest.raises(ValueError, match="the arrays lie on 'cpu'"):
        xp.asarray([1.0], device="cuda:0")


def test_limits_of_dtypes_are_python_s_numbers() -> None:
    limits = xp.finfo(np.ones(2, np.float32))
    assert type(limits.eps) is float and limits.eps == 2.0**-23 and limits.dtype == np.float32
    assert limits.tiny == np.finfo(np.float32).tiny
    assert xp.iinfo(np.ones(2, np.int8)).max == 127


def test_the_sign_of_a_negative_zero_is_zero_when_compiled() -> None:
    assert not np.signbit(ad.compile(xp.sign)(np.asarray(-0.0)))
