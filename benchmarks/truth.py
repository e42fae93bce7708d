"""Is a verdict right, how small an error does it see, and what does it cost?

    python benchmarks/truth.py alarms [--entries 100000] [--backend torch ...]
    python benchmarks/truth.py catches [--errors 3000]
    python benchmarks/truth.py speed
    python benchmarks/truth.py sixteen

alarms: entries of derivatives of all models at random sizes and seeds, by every installed backend,
that lie outside
their bounds: there must be none. catches: how many single entries with a relative error of 1e-9 are
found in float64.
speed: a certified gradient beside torch.autograd.gradcheck, in one run, on one thread. sixteen:
bfloat16 and float16 gradients with their resolution. Every framework runs in a process of its own.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import json  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections import Counter  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from dataclasses import replace  # noqa: E402
from typing import Any  # noqa: E402

import click  # noqa: E402
import numpy as np  # noqa: E402

from adbench import registry  # noqa: E402
from adbench.backends.base import Unsupported, prepare, to_backend  # noqa: E402
from adbench.cases.inputs import Inputs, make_inputs  # noqa: E402
from adbench.cases.model import Model  # noqa: E402
from adbench.cases.operators import MODES, Operator, passes  # noqa: E402
from adbench.judging.verdict import Entries, judge  # noqa: E402
from adbench.results.row import Verdict  # noqa: E402
from adbench.running.plan import questions  # noqa: E402
from adbench.truth.answers import Answer, collect  # noqa: E402
from adbench.truth.truth import Truth, establish  # noqa: E402
from reference_ad.engine import tree  # noqa: E402

MOST_PASSES = 32
MOST_ORDER = 4
BACKENDS = ("reference:tape", "torch:eager", "jax:jit", "tensorflow:function")


@click.group()
def main() -> None:
    """Measure the truth."""


def drawn(model: Model, rng: np.random.Generator) -> Model:
    """The model at a random size; one that is not known here, at one of its own sizes."""

    def some(low: int, high: int) -> int:
        return int(round(np.exp(rng.uniform(np.log(low), np.log(high)))))

    sizes = {
        "mlp": lambda: {
            "widths": tuple(some(1, 64) for _ in range(rng.integers(2, 6))),
            "batch": some(1, 64),
        },
        "chain": lambda: {"layers": some(1, 12), "examples": some(1, 200)},
        "dense": lambda: {"n": some(1, 100), "m": some(1, 30)},
        "tanh": lambda: {"x": float(rng.uniform(-4, 4))},
    }
    make = sizes.get(model.name)
    size = make() if make else list(model.sizes.values())[rng.integers(len(model.sizes))]
    return replace(model, sizes={"drawn": size})


def asked(model: Model, inputs: Inputs) -> Iterator[tuple[Operator, int]]:
    """The questions that take few passes."""
    for operator, order in questions(model, inputs):
        if (
            order <= MOST_ORDER
            and min(passes(operator, m, inputs.n, inputs.m) for m in MODES[operator]) <= MOST_PASSES
        ):
            yield operator, order


@main.command()
@click.option(
    "--entries", default=100_000, help="How many entries of each backend are looked at, at least."
)
@click.option(
    "--backend", "backends", multiple=True, help="Default: the customary staging of each framework."
)
@click.option("--seed", default=0)
@click.option("--dtype", "dtypes", multiple=True, default=("float64", "float32"))
def alarms(entries: int, backends: tuple[str, ...], seed: int, dtypes: tuple[str, ...]) -> None:
    """Count entries outside their bounds. Exit status 1 if there is one."""
    found = 0
    for name in backends or BACKENDS:
        if any(
            registry.installed_version(entry) is None for entry in registry.find_backends([name])
        ):
            click.echo(f"{name}: not installed")
            continue
        call = [sys.executable, __file__, "one", name, str(entries), str(seed), *dtypes]
        done = subprocess.run(call, stdout=subprocess.PIPE, text=True, check=True)
        told = json.loads(done.stdout.splitlines()[-1])
        found += told["alarms"]
        click.echo(f"{name}: {told.pop('entries'):,} entries, {told.pop('alarms')} alarms; {told}")
    sys.exit(bool(found))


@main.command(hidden=True)
@click.argument("backend")
@click.argument("entries", type=int)
@click.argument("seed", type=int)
@click.argument("dtypes", nargs=-1)
def one(backend: str, entries: int, seed: int, dtypes: tuple[str, ...]) -> None:
    """The alarms of one backend, as JSON."""
    (entry,) = registry.find_backends([backend])
    engine = registry.load_backend(entry.load)
    counts: Counter[str] = Counter()
    nearest: dict[str, float] = dict.fromkeys(dtypes, 0.0)
    models = [source.model for source in registry.models().values()]
    rng = np.random.default_rng(seed)
    while counts["entries"] < entries:
        for model in models:
            here = drawn(model, rng)
            inputs = make_inputs(here, "drawn", int(rng.integers(2**31)), dtypes[-1])
            for operator, order in asked(here, inputs):
                truth = establish(here, inputs, operator, order, dtypes)
                for dtype in dtypes:
                    for mode in MODES[operator]:
                        if passes(operator, mode, inputs.n, inputs.m) > MOST_PASSES:
                            continue
                        try:
                            answer = answered(
                                engine, here, inputs.astype(dtype), operator, mode, order
                            )
                        except Unsupported:
                            continue
                        given = judge(
                            answer, truth, inputs, operator, order, dtype, exact=True, name="x"
                        )
                        counts["entries"] += sum(array.size for array in answer.arrays)
                        counts[f"{dtype} {given.verdict}"] += 1
                        counts[f"{dtype} unresolved entries"] += given.unresolved_entries or 0
                        nearest[dtype] = max(nearest[dtype], given.max_error_over_bound)
                        outside = alarmed(answer, truth, dtype)
                        counts["alarms"] += outside
                        if outside or given.verdict is Verdict.WRONG:
                            click.echo(
                                f"{here.name} {here.sizes} {operator} {order} {mode} {given}",
                                err=True,
                            )
    counts["alarms"] += 0
    click.echo(json.dumps({**counts, "largest error in bounds": nearest}))


def answered(
    engine: Any, model: Model, inputs: Inputs, operator: Operator, mode: Any, order: int
) -> Answer:
    """What a backend answers."""
    problem = to_backend(engine, model.function, inputs, operator)
    _, call = prepare(engine, problem, operator, mode, order)
    return collect(call(problem.active, problem.constants, problem.direction), engine.to_numpy)


def alarmed(answer: Answer, truth: Truth, dtype: str) -> int:
    """How many entries are outside their bounds."""
    triples = zip(answer.arrays, truth.answer.arrays, truth.bounds[dtype], strict=True)
    return sum(int((Entries.of(*each, dtype).in_bounds > 1).sum()) for each in triples)


@main.command()
@click.option("--errors", default=3000, help="How many entries of each model are spoilt.")
@click.option("--size", default=1e-9, help="By how much, relatively.")
def catches(errors: int, size: float) -> None:
    """Spoil single entries of the reference engine's float64 answers, and judge."""
    (entry,) = registry.find_backends(["reference:tape"])
    engine = registry.load_backend(entry.load)
    rng = np.random.default_rng(1)
    for name in ("mlp", "chain", "dense"):
        model = registry.models()[name].model
        counts: Counter[str] = Counter()
        while counts.total() < errors:
            here = drawn(model, rng)
            inputs = make_inputs(here, "drawn", int(rng.integers(2**31)))
            operator = Operator.JACOBIAN if name == "dense" else Operator.GRADIENT
            mode = min(MODES[operator], key=lambda m: passes(operator, m, inputs.n, inputs.m))
            truth = establish(here, inputs, operator, 1, ["float64"])
            answer = answered(engine, here, inputs, operator, mode, 1)
            for _ in range(20):
                k = rng.integers(len(answer.arrays))
                spoilt = [array.copy() for array in answer.arrays]
                place = tuple(rng.integers(n) for n in spoilt[k].shape)
                spoilt[k][place] *= 1 + size * rng.choice([-1, 1])
                each = Entries.of(
                    spoilt[k], truth.answer.arrays[k], truth.bounds["float64"][k], "float64"
                )
                caught = each.in_bounds[place] > 1
                counts[
                    "caught"
                    if caught
                    else "unresolved"
                    if each.unresolved[place]
                    else "called correct"
                ] += 1
        shares = {what: f"{count} ({count / counts.total():.3%})" for what, count in counts.items()}
        click.echo(f"{name}: {shares}")


@main.command()
@click.option("--rounds", default=5)
def speed(rounds: int) -> None:
    """Time a certified gradient, with its float64 bounds, beside gradcheck; then a network of
    100,000 parameters."""
    import torch

    torch.set_num_threads(1)
    (entry,) = registry.find_backends(["torch:eager"])
    engine = registry.load_backend(entry.load)
    model = registry.models()["mlp"].model
    inputs = make_inputs(model, "32-64-64-1x32", 0)
    leaves, structure = tree.flatten(inputs.arguments[0])
    tensors = [torch.tensor(leaf, requires_grad=True) for leaf in leaves]
    constants = [torch.tensor(array) for array in inputs.arguments[1:]]

    def loss(*given: Any) -> Any:
        return model.function(engine.xp, tree.unflatten(structure, given), *constants)

    samples: dict[str, list[float]] = {
        "enclosure and certificate": [],
        "with float64 bounds": [],
        "gradcheck": [],
    }
    for _ in range(rounds):
        for what, call in {
            "enclosure and certificate": lambda: establish(model, inputs, Operator.GRADIENT, 1, []),
            "with float64 bounds": lambda: establish(
                model, inputs, Operator.GRADIENT, 1, ["float64"]
            ),
            "gradcheck": lambda: torch.autograd.gradcheck(loss, tensors),
        }.items():
            begun = time.perf_counter()
            call()
            samples[what].append(time.perf_counter() - begun)
    check = samples["gradcheck"]
    for what, taken in samples.items():
        ratio = statistics.median(a / b for a, b in zip(check, taken, strict=True))
        click.echo(
            f"{what}: {statistics.median(taken):.3f} s, 1/{ratio:.1f} of gradcheck (n = {inputs.n})"
        )
    large = replace(model, sizes={"large": {"widths": (200, 256, 180, 10), "batch": 32}})
    inputs = make_inputs(large, "large", 0)
    begun = time.perf_counter()
    truth = establish(large, inputs, Operator.GRADIENT, 1, ["float64"])
    click.echo(
        f"{inputs.n} parameters: {time.perf_counter() - begun:.1f} s; doubt: {truth.doubt!r}"
    )


@main.command()
@click.option("--backend", "backends", multiple=True, default=("torch:eager", "jax:jit"))
@click.option("--seeds", default=3)
def sixteen(backends: tuple[str, ...], seeds: int) -> None:
    """Judge gradients of `mlp` in 16 bits."""
    model = registry.models()["mlp"].model
    for name in backends:
        (entry,) = registry.find_backends([name])
        engine = registry.load_backend(entry.load)
        for dtype in ("bfloat16", "float16"):
            for size in list(model.sizes)[:3]:
                for seed in range(seeds):
                    inputs = make_inputs(model, size, seed, dtype)
                    truth = establish(model, inputs, Operator.GRADIENT, 1, [dtype])
                    mode = MODES[Operator.GRADIENT][1]
                    answer = answered(
                        engine, model, inputs.astype(dtype), Operator.GRADIENT, mode, 1
                    )
                    given = judge(
                        answer,
                        truth,
                        inputs,
                        Operator.GRADIENT,
                        1,
                        dtype,
                        exact=True,
                        name="params",
                    )
                    click.echo(
                        f"{name} {dtype} {size}: {given.verdict}, resolution "
                        f"{given.resolution:.2g}, "
                        f"relative error {given.relative_error:.2g}, "
                        f"{given.max_error_over_bound:.2f} of a bound, "
                        f"{given.unresolved_entries} of {inputs.n} entries unresolved "
                        f"{given.message}"
                    )


if __name__ == "__main__":
    main()
