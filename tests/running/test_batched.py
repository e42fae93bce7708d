"""Several derivatives at once, by the vmap of a framework: asked, judged, and unsupported."""

from __future__ import annotations

import numpy as np
import pytest

import reference_ad
from adbench import Model, SpecError, registry
from adbench.backends import reference
from adbench.cases.inputs import make_inputs
from adbench.planning import plan as planning
from adbench.planning.settings import CHECK, Settings
from adbench.registry import ModelSource
from adbench.results.row import Outcome, Row, Verdict
from adbench.running import in_process
from reference_ad.engine import tree

OPERATORS = ("per_sample_gradient", "batched_jvp", "batched_vjp")


def loss(xp, parameters, inputs, targets):
    outputs = xp.tanh(inputs @ parameters["weights"] + parameters["bias"])
    return xp.mean((outputs - targets) ** 2)


def make(size, rng):
    parameters = {"weights": rng.standard_normal(2), "bias": rng.standard_normal(())}
    return parameters, rng.standard_normal((3, 2)), rng.standard_normal(3)


def model(**fields):
    return Model(
        name="losses",
        **{"function": loss, "make": make, "sizes": {"small": {}}, "samples": (1, 2), **fields},
    )


def rows_of(operators, backend="reference:tape", **fields):
    """The rows of a run of a model in this process."""
    (entry,) = registry.find_backends([backend])
    if entry.requires is not None:
        pytest.importorskip(entry.requires)
    sources = [ModelSource(model(**fields), "here")]
    plan = planning.make_plan(sources, [entry], Settings(effort=CHECK), operators=operators)
    rows: list[Row] = []
    in_process.run(plan, rows.append)
    return rows


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "backend",
    ["reference:compiled", "torch:eager", "jax:jit", "tensorflow:function"],
)
def test_several_derivatives_at_once_are_right(backend):
    rows = rows_of(OPERATORS, backend)
    assert {row.operator for row in rows} == set(OPERATORS)
    assert {(row.verdict, row.message) for row in rows} == {(Verdict.CORRECT, "")}
    assert all(row.route.startswith("vmap(") for row in rows)


def test_hand_written_code_is_asked_for_the_gradients_of_samples():
    torch = pytest.importorskip("torch")

    def native(parameters, inputs, targets):
        outputs = torch.tanh(inputs @ parameters["weights"] + parameters["bias"])
        return ((outputs - targets) ** 2).mean()

    rows = rows_of(("per_sample_gradient",), "torch:eager", native={"torch": native})
    assert {row.verdict for row in rows if row.implementation == "native"} == {Verdict.CORRECT}


def test_a_gradient_of_the_wrong_sample_is_wrong(monkeypatch):
    def first_for_all(self, function):
        def mapped(stacked):
            return reference_ad.vmap(function)(
                tree.map(lambda leaf: np.repeat(leaf[:1], len(leaf), axis=0), stacked)
            )

        return mapped

    monkeypatch.setattr(reference.Tape, "vmap", first_for_all)
    for row in rows_of(OPERATORS):
        assert row.verdict is Verdict.WRONG
        assert f"{row.operator.rpartition('_')[2]} " in row.worst_entry


def test_a_backend_without_a_vmap_says_so():
    rows = rows_of(("batched_jvp",), "differences:central")
    assert {(row.outcome, row.message) for row in rows} == {
        (Outcome.UNSUPPORTED, "It has no vmap, which the mode forward needs.")
    }


def test_a_model_without_samples_has_no_gradients_of_them():
    with pytest.raises(SpecError, match="per_sample_gradient of models that name samples"):
        rows_of(("per_sample_gradient",), samples=())


def test_the_gradients_of_samples_add_up_to_that_of_the_batch():
    inputs = make_inputs(model(), "small", seed=0)
    gradient = reference_ad.grad(lambda *arguments: loss(reference_ad.numpy, *arguments))
    of_samples = [gradient(*inputs.of_sample(k).arguments) for k in range(inputs.batch)]
    mean = tree.map(lambda *parts: sum(parts) / len(parts), *of_samples)
    whole = gradient(*inputs.arguments)
    np.testing.assert_allclose(mean["weights"], whole["weights"], rtol=1e-12)


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [
        ((0,), "give the positions of constant arguments"),
        ((7,), "give the positions of constant arguments"),
        ((1, 3), "hold 3 and 4 of them; give each as many"),
    ],
)
def test_samples_that_cannot_be_used_get_one_sentence(samples, sentence):
    def make_more(size, rng):
        return (*make(size, rng), np.ones(4))

    def with_more(xp, parameters, inputs, targets, more):
        return loss(xp, parameters, inputs, targets) + xp.sum(more)

    with pytest.raises(SpecError, match=sentence):
        make_inputs(model(samples=samples, function=with_more, make=make_more), "small", seed=0)


def test_the_gradient_of_a_batch_of_one_sample_is_right():
    def make_one(size, rng):
        parameters, inputs, targets = make(size, rng)
        return parameters, inputs[:1], targets[:1]

    rows = rows_of(("per_sample_gradient",), make=make_one)
    assert rows
    assert {(row.verdict, row.message) for row in rows} == {(Verdict.CORRECT, "")}
