"""A function written for NumPy alone is refused in a sentence with its line and what to write."""

import math

import numpy as np
import pytest
import scipy.special

import adbench
from adbench import registry
from adbench.cases import Model, SpecError
from adbench.cases.inputs import make_inputs
from adbench.cases.style import check_style

INNER_WORDS = ("ball", "traced", "midpoint", "enclosure", "has no attribute", "reference_ad")


def method(xp, x):
    return x.sum(axis=-1)


def method_with_keywords(xp, x):
    return x - x.mean(axis=-1, keepdims=True)


def method_of_a_constant(xp, x, c):
    return x * c.sum()


def method_of_a_mask(xp, x):
    return (x > 0).astype(x.dtype) * x


def reshaped(xp, x):
    return x.reshape(-1)


def flattened(xp, x):
    return x.flatten()


def item(xp, x):
    return x * xp.sum(x).item()


def copied(xp, x):
    return x.copy()


def no_attribute_of_numpy(xp, x):
    return x.relu()


def transposed(xp, x):
    return xp.reshape(x, (1, 2, 3)).T


def transposed_vector(xp, x):
    return x[0].T


def numpy_itself(xp, x):
    return np.exp(x)


def numpy_in_a_checkpoint(xp, x):
    return xp.checkpoint(lambda y: np.exp(y))(x)


def numpy_of_two(xp, x):
    return np.maximum(x, 0)


def numpy_sum(xp, x):
    return np.sum(x * x)


def numpy_stack(xp, x):
    return np.stack([x, x])


def numpy_norm(xp, x):
    return np.linalg.norm(x)


def numpy_array(xp, x):
    return np.array([x[0, 0], x[0, 1]])


def scipy_itself(xp, x):
    return scipy.special.expit(x)


def scipy_beyond(xp, x):
    return scipy.special.ellipk(x / 10)


def python_math(xp, x):
    return x * math.exp(xp.sum(x))


def row_assignment(xp, x):
    out = xp.zeros_like(x)
    out[0] = x[0] ** 2
    return out


def entry_assignment(xp, x):
    out = xp.zeros((2,))
    out[0] = xp.sum(x)
    return out


def update_in_place(xp, x):
    y = x * 1
    y[0] += 1
    return y


def number(xp, x):
    return float(xp.sum(x)) * x


def numbers_in_a_list(xp, x):
    return xp.asarray([float(v) for v in x[0]])


def rounded(xp, x):
    return round(x[0, 0]) * x


def concatenate(xp, x):
    return xp.concatenate([x, x])


def power(xp, x):
    return xp.power(x * x, 0.3)


def absolute(xp, x):
    return xp.absolute(x)


def dot(xp, x):
    return xp.dot(x, x.T)


def norm(xp, x):
    return xp.linalg.norm(x)


def eigvals(xp, x):
    return xp.real(xp.linalg.eigvals(x @ x.T))


def random(xp, x):
    return x * xp.random.default_rng(0).normal(size=3)


def interpolated(xp, x):
    return xp.interp(x, xp.asarray([0.0, 1.0]), xp.asarray([0.0, 1.0]))


def not_special(xp, x):
    return xp.special.hyp1f1(2.0, 1.5, x * x)


def decimals(xp, x):
    return xp.round(x, 2)


def keyword(xp, x):
    return xp.sum(x, where=x > 0)


def output_keyword(xp, x):
    return xp.exp(x, out=None)


NO_METHOD = "of an array, which arrays of a model do not have"
ASSIGNS = "assigns to an entry of an array, which arrays of a model do not take: write"
NUMBER = "makes a number of Python's of an array: keep numbers in arrays, of shape ()"
GIVES = "gives an array of the model to"
STANDARD = "which the Python array API standard calls"
NO_ARGUMENTS = "with arguments that the Python array API standard does not have"


def endless(xp, x):
    while xp.sum(x * x) > 1e-3:
        x = x / 2
    return x


REFUSED = {
    method: f"uses `.sum` {NO_METHOD}: write xp.sum(x).",
    method_with_keywords: f"uses `.mean` {NO_METHOD}: write xp.mean(x).",
    method_of_a_constant: f"uses `.sum` {NO_METHOD}: write xp.sum(x).",
    method_of_a_mask: f"uses `.astype` {NO_METHOD}: write xp.astype(x).",
    reshaped: f"uses `.reshape` {NO_METHOD}: write xp.reshape(x).",
    flattened: f"uses `.flatten` {NO_METHOD}: write xp.reshape(x, (-1,)).",
    item: f"uses `.item` {NO_METHOD}: keep the number in its array of shape ().",
    copied: f"uses `.copy` {NO_METHOD}: arrays do not change, so write the array itself.",
    no_attribute_of_numpy: "uses `.relu` of an array, which arrays do not have: use the functions",
    transposed: "uses `.T` of an array of 3 dimension(s), which the standard has for 2 alone",
    transposed_vector: "uses `.T` of an array of 1 dimension(s), which the standard has for 2",
    numpy_itself: f"{GIVES} `np.exp`, a function of NumPy: write xp.exp.",
    numpy_in_a_checkpoint: f"{GIVES} `np.exp`, a function of NumPy: write xp.exp.",
    numpy_of_two: f"{GIVES} `np.maximum`, a function of NumPy: write xp.maximum.",
    numpy_sum: f"{GIVES} `np.sum`, a function of NumPy: write xp.sum.",
    numpy_stack: f"{GIVES} `np.stack`, a function of NumPy: write xp.stack.",
    numpy_norm: f"{GIVES} `np.linalg.norm`, a function of NumPy: write xp.linalg.vector_norm or",
    numpy_array: f"{GIVES} `np.array`, a function of NumPy: write xp.asarray.",
    scipy_itself: f"{GIVES} `scipy.special.expit`, a function of SciPy: write xp.special.expit.",
    scipy_beyond: f"{GIVES} `scipy.special.ellipk`, a function of SciPy: use the functions of xp.",
    python_math: f"{GIVES} `math.exp`, a function of Python's math: write xp.exp.",
    row_assignment: ASSIGNS,
    entry_assignment: ASSIGNS,
    update_in_place: ASSIGNS,
    number: NUMBER,
    numbers_in_a_list: NUMBER,
    rounded: NUMBER,
    concatenate: f"uses `xp.concatenate`, {STANDARD} concat.",
    power: f"uses `xp.power`, {STANDARD} pow.",
    absolute: f"uses `xp.absolute`, {STANDARD} abs.",
    dot: f"uses `xp.dot`, {STANDARD} matmul, vecdot or tensordot.",
    norm: f"uses `xp.linalg.norm`, {STANDARD} vector_norm or matrix_norm.",
    eigvals: f"uses `xp.linalg.eigvals`, {STANDARD} eigvalsh, of symmetric matrices.",
    random: "uses `xp.random`, which the Python array API standard does not have: what is random",
    interpolated: "uses `xp.interp`, which the Python array API standard 2024.12 does not have, or",
    decimals: f"calls `xp.round` {NO_ARGUMENTS}: it takes 1 positional argument but 2 were given.",
    keyword: f"calls `xp.sum` {NO_ARGUMENTS}: it got an unexpected keyword argument 'where'.",
    output_keyword: f"calls `xp.exp` {NO_ARGUMENTS}: it got an unexpected keyword argument 'out'.",
    endless: "loops until the numbers of an array say so, which no compiled backend follows",
    not_special: "uses `xp.special.hyp1f1`, which models do not have",
}


def model_of(function):
    count = function.__code__.co_argcount - 1
    return Model(
        name="mine",
        function=function,
        make=lambda size, rng: tuple(rng.standard_normal((2, 3)) for _ in range(count)),
        sizes={"": {}},
    )


@pytest.mark.parametrize(
    ("function", "sentence"), REFUSED.items(), ids=[function.__name__ for function in REFUSED]
)
def test_what_numpy_alone_has_is_refused_with_its_line(function, sentence):
    with pytest.raises(SpecError) as refusal:
        adbench.check(model_of(function))
    message = str(refusal.value)
    line = function.__code__.co_firstlineno
    assert sentence in message
    assert message.startswith("The function of the model 'mine' in line ")
    assert line < int(message.split(" in line ")[1].split()[0]) <= line + 3
    assert [word for word in INNER_WORDS if word in message] == []


def branch(xp, x):
    return x if x > 0 else -x


def count(xp, x):
    return sum(x for _ in range(x[0, 0]))


def torch_itself(xp, x):
    import torch

    return torch.exp(x)


def jax_itself(xp, x):
    import jax.numpy as jnp

    return jnp.exp(x)


def changed_argument(xp, x):
    x[0] = 0.0
    return x


REFUSED_BY_NUMPY = {
    branch: "Choose between arrays, entry by entry, with xp.where.",
    count: "Take counts and lengths from x.shape, or from an argument that is a Python int.",
    torch_itself: "`torch.exp` is of PyTorch, and a model calls functions of xp alone.",
    jax_itself: "gave an array of JAX; it must give one of xp: use the functions of xp in place of",
    changed_argument: "changes its arguments; it must be pure and leave them as they are: build",
}


@pytest.mark.parametrize("function", REFUSED_BY_NUMPY, ids=lambda function: function.__name__)
def test_what_numpy_raises_is_told_with_what_to_write(function):
    pytest.importorskip("torch" if function is torch_itself else "numpy")
    pytest.importorskip("jax" if function is jax_itself else "numpy")
    with pytest.raises(SpecError) as refusal:
        make_inputs(model_of(function), "", seed=0)
    assert REFUSED_BY_NUMPY[function] in str(refusal.value)


ACCEPTED = [
    lambda xp, x: x.T @ x,
    lambda xp, x: x.mT @ x,
    lambda xp, x: x**2 if xp.sum(x) > 0 else x**3,
    lambda xp, x: abs(x) ** 1.5,
    lambda xp, x: xp.where(x > 0, x, 0.0),
    lambda xp, x: max(x[0, 0], x[0, 1]) ** 2,
    lambda xp, x: x + np.float64(2.0) * x + np.ones(3) * x + np.pi,
    lambda xp, x: x * (x > 0) + xp.astype(x > 0, x.dtype),
    lambda xp, x: xp.sum(x[x > 0] ** 2),
    lambda xp, x: x[x[:, 0] > -9, :] ** 2,
    lambda xp, x: x if xp.any(x > 100) else 2 * x,
    lambda xp, x: ~(x > 0) * x,
    lambda xp, x: xp.stack([x[int(xp.argmax(x[:, 0]))], x[0]]),
    lambda xp, x: x[:, xp.argsort(x[0])] * xp.stop_gradient(x),
    lambda xp, x: xp.take(x, xp.argmax(x, axis=1), axis=1),
    lambda xp, x: xp.linalg.qr(x).R,
    lambda xp, x: xp.asarray([x[0, 0], x[0, 1], 1.0]),
    lambda xp, x: xp.mean(x, axis=0)[np.newaxis],
    lambda xp, x: xp.sum(x, axis=-1) * len(x) * x.shape[0] * x.ndim,
    lambda xp, x: sum(row[0] for row in x),
    lambda xp, x: xp.finfo(x.dtype).eps * x,
]


@pytest.mark.parametrize("function", ACCEPTED)
def test_what_the_standard_has_is_accepted(function):
    model = model_of(function)
    check_style(model, make_inputs(model, "", seed=0))


def test_the_models_of_adbench_are_accepted():
    for source in registry.models().values():
        for size in source.model.sizes:
            check_style(source.model, make_inputs(source.model, size, seed=0))
