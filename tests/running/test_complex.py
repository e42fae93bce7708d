"""Models of complex numbers, judged on every backend in one convention."""

from __future__ import annotations

import numpy as np
import pytest

import adbench
from adbench import Model, registry
from adbench.backends import reference
from adbench.cases.complex_parts import Parts, as_parts, joined
from adbench.cases.inputs import make_inputs
from adbench.planning import plan as planning
from adbench.planning.settings import CHECK, Settings
from adbench.registry import ModelSource
from adbench.results.row import Outcome, Row, Verdict
from adbench.running import in_process

BACKENDS = (
    "reference:tape",
    "reference:compiled",
    "torch:eager",
    "torch:func",
    "jax:jit",
    "jax:eager",
    "tensorflow:function",
    "tensorflow:eager",
)
Z = np.array([0.3 + 1.0j, -0.7 + 0.2j])


def energy(xp, z, w):
    y = xp.exp(z) * xp.conj(w) + z**2
    return xp.sum(xp.abs(y) ** 2) + xp.sum(xp.real(z) * xp.imag(z))


def field(xp, z, w):
    return xp.exp(z) * xp.conj(w) + xp.conj(z) * z[0]


def make(size, rng):
    parts = rng.standard_normal((4, 3))
    return parts[0] + 1j * parts[1], parts[2] + 1j * parts[3]


def model(function, **fields):
    return Model(name="complex", function=function, make=make, sizes={"small": {}}, **fields)


def rows_of(function, backend, operators=(), dtype="float64", **fields):
    """The rows of a run of a model in this process."""
    (entry,) = registry.find_backends([backend])
    if entry.requires is not None:
        pytest.importorskip(entry.requires)
    sources = [ModelSource(model(function, **fields), "here")]
    settings = Settings(effort=CHECK)
    plan = planning.make_plan(sources, [entry], settings, operators=operators, dtypes=[dtype])
    rows: list[Row] = []
    in_process.run(plan, rows.append)
    return rows


@pytest.mark.timeout(300)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_complex_models_are_right_in_every_framework(backend, dtype):
    rows = rows_of(energy, backend, ("gradient", "jvp"), dtype)
    rows += rows_of(field, backend, ("vjp", "jvp", "value"), dtype)
    assert {(row.verdict, row.message) for row in rows} == {(Verdict.CORRECT, "")}
    native = [row for row in rows if row.mode != "forward" or row.operator == "jvp"]
    asked_with_complex = [row for row in native if "of complex arrays" in row.route]
    assert {row.operator for row in asked_with_complex} == {"gradient", "jvp", "vjp", "value"}


def test_second_derivatives_are_by_the_parts():
    rows = rows_of(energy, "reference:tape", ("hvp", "hessian"))
    assert {row.verdict for row in rows} == {Verdict.CORRECT}


def test_a_model_with_complex_intermediates_alone_is_judged():
    rows = rows_of(lambda xp, z, w: xp.real(xp.sum(z * w) ** 3), "reference:tape", ("gradient",))
    assert {row.verdict for row in rows} == {Verdict.CORRECT}


@pytest.mark.parametrize(
    ("function", "operator"), [(energy, "gradient"), (energy, "vjp"), (field, "vjp")]
)
def test_a_conjugate_that_is_forgotten_is_wrong(monkeypatch, function, operator):
    monkeypatch.setattr(reference.Tape, "conjugates", True)
    rows = rows_of(function, "reference:tape", (operator,))
    verdicts = {row.mode: row.verdict for row in rows}
    assert verdicts.pop("reverse") is Verdict.WRONG
    assert set(verdicts.values()) <= {Verdict.CORRECT}  # forward mode is asked with the parts


def test_a_hand_written_backward_pass_without_its_conjugate_is_wrong():
    pytest.importorskip("torch")
    import torch

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z):
            ctx.save_for_backward(z)
            return z**2

        @staticmethod
        def backward(ctx, cotangent):
            (z,) = ctx.saved_tensors
            return cotangent * 2 * z

    def native(z, w):
        return Square.apply(z)

    rows = rows_of(lambda xp, z, w: z**2, "torch:eager", ("vjp",), native={"torch": native})
    verdicts = {row.implementation: row.verdict for row in rows if row.mode == "reverse"}
    assert verdicts["native"] is Verdict.WRONG


def test_complex_numbers_are_unsupported_in_half_precision():
    pytest.importorskip("torch")
    rows = rows_of(energy, "torch:eager", ("gradient",), "bfloat16")
    assert {(row.outcome, row.message) for row in rows} == {
        (Outcome.UNSUPPORTED, "There are no complex numbers in bfloat16.")
    }


def test_parts_are_joined_to_what_they_were_split_from():
    argument = {"z": Z, "x": [np.ones(2), 3, "name"]}
    parts = as_parts(argument)
    assert isinstance(parts["z"], Parts)
    np.testing.assert_array_equal(joined(parts)["z"], Z)
    assert joined(parts)["x"][1:] == [3, "name"]


def test_messages_name_the_part():
    inputs = make_inputs(model(field), "small", seed=0)
    assert inputs.n == 6 and inputs.m == 6
    assert [part.path for part in inputs.outputs] == [".real", ".imag"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_interface_has_one_convention(backend):
    (entry,) = registry.find_backends([backend])
    if entry.requires is not None:
        pytest.importorskip(entry.requires)
    gradient = adbench.gradient(lambda xp, z: xp.sum(xp.abs(z) ** 2), Z, backend=backend)
    np.testing.assert_allclose(gradient, 2 * Z, rtol=1e-12)
    cotangent = np.array([1.0 - 2.0j, 0.5j])
    pulled = adbench.vjp(lambda xp, z: z**2, Z, cotangent=cotangent, backend=backend)
    np.testing.assert_allclose(pulled, np.conj(2 * Z) * cotangent, rtol=1e-12)
    pushed = adbench.jvp(lambda xp, z: z**2, Z, tangent=cotangent, backend=backend)
    np.testing.assert_allclose(pushed, 2 * Z * cotangent, rtol=1e-12)


def test_a_hessian_by_complex_numbers_gets_one_sentence():
    with pytest.raises(adbench.SpecError, match="A hessian by complex numbers is none that all"):
        adbench.hessian(lambda xp, z: xp.sum(xp.abs(z) ** 2), Z)
