"""`xp.set_at` and `xp.add_at`: item assignment as a function, on every backend."""

from __future__ import annotations

import numpy as np
import pytest
from frameworks import EXACT, answer, load

import adbench
from adbench.cases import MODES, Model, Operator
from adbench.cases.inputs import make_inputs
from adbench.namespaces.numpy import numpy
from reference_ad.engine import tree

pytestmark = pytest.mark.filterwarnings(
    # PyTorch's own derivatives of some operations are scripts.
    "ignore:`torch.jit.script` is deprecated:DeprecationWarning"
)

X = np.asarray([[0.5, -1.5, 2.0], [1.0, 0.25, -0.75]])
V = np.asarray([0.7, -0.3, 1.1])


def assigned(xp, x, v):
    """Rows, entries, slices, strides, arrays and lists of indices, and one inside of a loop."""
    y = xp.set_at(xp.sin(x), 0, v**2)
    y = xp.set_at(y, (1, 2), v[0] * x[0, 1])
    y = xp.add_at(y, (slice(None), slice(None, None, 2)), xp.exp(v[:2]))
    y = xp.add_at(y, (xp.asarray([0, 1, 0]), xp.asarray([1, 1, 1])), v)
    y = xp.set_at(y, (slice(None), 1), 0.25) * y
    reversed_rows = y[::-1, 1:] * x[:, [2, 0]]

    def fill(k, z):
        return xp.set_at(z, k, xp.sum(z) * v[k])

    z = xp.fori_loop(0, 3, fill, v)
    return xp.sum(reversed_rows**2) + xp.sum(y**3) + xp.sum(z**2)


def written_out(xp, x, v):
    sine = xp.sin(x)
    y = xp.stack([v**2, xp.stack([sine[1, 0], sine[1, 1], v[0] * x[0, 1]])])
    zero = v[0] * 0
    added = xp.exp(v[:2])
    y = y + xp.stack([xp.stack([added[0], zero, added[1]])] * 2)
    y = y + xp.stack([xp.stack([zero, v[0] + v[2], zero]), xp.stack([zero, v[1], zero])])
    y = xp.stack([y[:, 0], y[:, 1] * 0 + 0.25, y[:, 2]], axis=1) * y
    swapped = xp.flip(y, axis=0)[:, 1:] * xp.stack([x[:, 2], x[:, 0]], axis=1)
    first = xp.sum(v) * v[0]
    second = (first + v[1] + v[2]) * v[1]
    third = (first + second + v[2]) * v[2]
    return xp.sum(swapped**2) + xp.sum(y**3) + first**2 + second**2 + third**2


def make(size, rng):
    return (X, V)


def on_pair(function):
    return lambda xp, point: function(xp, *point)


MODEL = Model(
    name="assigned", function=on_pair(assigned), make=lambda s, rng: ((X, V),), sizes={"s": {}}
)
CASES = [
    (operator, mode)
    for operator in (Operator.VALUE, Operator.GRADIENT, Operator.JVP, Operator.HVP)
    for mode in MODES[operator]
]
LACKING = ("mygrad",)


@pytest.mark.parametrize(("operator", "mode"), CASES)
@pytest.mark.parametrize("name", [name for name in EXACT if name not in LACKING])
def test_what_is_assigned_is_differentiated(name, operator, mode):
    inputs = make_inputs(MODEL, "s", seed=0)
    _, right = answer(load("reference:tape"), on_pair(written_out), inputs, operator, mode)
    try:
        _, ours = answer(load(name), on_pair(assigned), inputs, operator, mode)
    except AttributeError as error:
        # TensorFlow's forward mode does not take the sparse gradients of a gather.
        if "IndexedSlices" not in str(error):
            raise
        return
    for x, y in zip(tree.leaves(ours), tree.leaves(right), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-11, atol=1e-12)


def test_its_truth_is_certified():
    report = adbench.check(on_pair(assigned), (X, V), backend=["reference", "differences"])
    assert report, report


def test_the_value_takes_the_dtype_of_the_array():
    x = np.ones(3, np.float32)
    for xp in (numpy, load("reference:tape").xp, load("reference:compiled").xp):
        assert xp.set_at(x, 0, 0.1).dtype == np.float32
        assert xp.add_at(x, slice(1, None), np.asarray([1.0, 2.0])).tolist() == [1, 2, 3]
        assert x.tolist() == [1, 1, 1]


def test_an_entry_that_is_named_twice_is_refused_where_it_would_be_set():
    xp = load("reference:tape").xp
    with pytest.raises(ValueError, match="names an entry more than once") as caught:
        xp.set_at(X, ([0, 0],), 1.0)
    assert "xp.add_at" in str(caught.value)


def test_torch_and_jax_are_left_as_they_were():
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    from adbench.backends.jax import list_indices
    from adbench.backends.torch import negative_steps

    for context, array, index in (
        (negative_steps(allowed=False), torch.ones(3), slice(None, None, -1)),
        (negative_steps(), torch.ones(3), slice(None, None, -1)),
        (list_indices(), jax.numpy.ones(3), [0, 1]),
    ):
        cls = type(array)
        before = cls.__getitem__
        with context:
            pass
        assert cls.__getitem__ is before
        assert array[:2].shape == (2,)
        assert index is not None
