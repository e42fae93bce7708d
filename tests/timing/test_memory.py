"""Each method of counting memory on what is known to be needed."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from frameworks import ENTRIES, load

from adbench import registry
from adbench.backends.base import prepare, to_backend
from adbench.backends.numpy_arrays import traced_memory
from adbench.cases import Mode, Model, Operator
from adbench.cases.inputs import make_inputs
from adbench.models import layers
from adbench.planning import plan as planning
from adbench.planning.settings import QUICK, Settings
from adbench.results.row import Row
from adbench.running import runner
from adbench.timing import memory
from adbench.timing.sampling import Sampling

N = 1024
SIZE = 8 * N * N
"""The bytes of one matrix."""

ONE_SAMPLE = Sampling(turns=1, rounds=1, most_s=0.0)

MODEL = Model(
    name="square",
    function=lambda xp, x: x @ x,
    make=lambda size, rng: (rng.standard_normal((N, N)),),
    sizes={"": {}},
)


def counted(name, model, size, operator, mode):
    backend = load(name)
    problem = to_backend(backend, model.function, make_inputs(model, size, seed=0), operator)
    _, call = prepare(backend, problem, operator, mode, 1)

    def run():
        answer = call(problem.active, problem.constants, problem.direction)
        backend.synchronize(answer)
        return answer

    run()
    return memory.memory_of(backend, call, run)


METHODS = {
    "reference:tape": "tracemalloc",
    "reference:compiled": "tracemalloc",
    "differences:central": "tracemalloc",
    "torch:eager": "torch.profiler",
    "jax:aot": "XLA buffer assignment",
}
EXACT_METHODS = tuple(name for name in METHODS if name != "differences:central")


@pytest.mark.parametrize("name", METHODS)
def test_a_matrix_that_a_call_makes_is_counted_within_a_tenth(name):
    needed = counted(name, MODEL, "", Operator.VALUE, Mode.NONE)
    assert needed.method == METHODS[name]
    assert needed.peak_bytes == pytest.approx(SIZE, rel=0.1)


def gradient_peaks(name, model, depths=(8, 32, 64)):
    sizes = [f"depth={depth}" for depth in depths]
    needed = [counted(name, model, size, Operator.GRADIENT, Mode.REVERSE) for size in sizes]
    return [each.peak_bytes for each in needed]


LAYER = 8 * 64 * 16
"""The bytes of the output of one layer."""


@pytest.mark.parametrize("name", EXACT_METHODS)
def test_reverse_mode_holds_the_same_for_every_layer(name):
    few, more, most = gradient_peaks(name, layers.model)
    assert (most - more) / 32 == pytest.approx((more - few) / 24, rel=0.1)
    assert (most - more) / 32 > 0.99 * LAYER


def test_forward_mode_holds_no_more_for_more_layers():
    peaks = [
        counted("reference:tape", layers.model, size, Operator.JVP, Mode.FORWARD).peak_bytes
        for size in ("depth=8", "depth=64")
    ]
    assert peaks[1] < 1.1 * peaks[0]


@pytest.mark.parametrize("name", ["reference:tape", "reference:compiled", "torch:eager"])
def test_checkpoints_save_half_of_the_memory_of_64_layers(name):
    (kept,) = gradient_peaks(name, layers.model, [64])
    (recomputed,) = gradient_peaks(name, layers.checkpointed, [64])
    assert recomputed < kept / 2


def test_in_a_worker_the_system_counts_what_jax_keeps_layer_by_layer(tmp_path):
    pytest.importorskip("jax", reason="jax is not installed")
    models = registry.find_models(["layers", "layers_checkpointed"])
    settings = Settings(effort=replace(QUICK, sampling=ONE_SAMPLE))
    restricted = {"operators": ["gradient"], "sizes": ["depth=8", "depth=64"]}
    plan = planning.make_plan(models, [ENTRIES["jax:eager"]], settings, **restricted)
    plan = replace(plan, groups=tuple(group for group in plan.groups if group.growth))
    rows: list[Row] = []
    runner.run(plan, tmp_path / "logs", rows.append, lambda what: None)
    reverse = {(row.model, row.size): row for row in rows if row.mode == "reverse"}
    assert {row.memory_method for row in reverse.values()} == {memory.RESIDENT}
    peaks = {key: row.peak_bytes for key, row in reverse.items()}
    assert peaks["layers", "depth=64"] > 64 * LAYER
    assert peaks["layers", "depth=64"] > 3 * peaks["layers", "depth=8"]
    assert peaks["layers_checkpointed", "depth=64"] < peaks["layers", "depth=64"] / 2


def test_the_buffers_of_a_compiled_call_are_counted_every_time():
    first, again = (gradient_peaks("reference:compiled", layers.model, [64]) for _ in range(2))
    assert first == pytest.approx(again, rel=0.05)
    assert first[0] > 64 * LAYER


def test_a_call_that_needs_nothing_has_risen_by_next_to_nothing():
    needed = memory.resident_memory(lambda: None)
    assert needed is None or needed.peak_bytes <= 2**18


def test_freed_memory_that_is_taken_again_is_counted_by_the_system():
    def call():
        return [np.ones(2**12) for _ in range(64)]  # 2 MB, from what the last call has freed

    call()
    needed = memory.resident_memory(call)
    assert needed is None or needed.peak_bytes == pytest.approx(2**21, rel=0.1)


def test_where_the_system_does_not_count_nothing_is_known(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "CLEAR", tmp_path / "missing" / "clear_refs")
    assert memory.resident_memory(lambda: None) is None


def test_tracing_of_memory_ends_with_a_call_that_raises():
    with pytest.raises(ZeroDivisionError):
        traced_memory(lambda: 1 / 0)
    assert not tracemalloc.is_tracing()
