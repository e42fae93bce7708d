"""Is a verdict right, how small an error does it see, and what does it cost?

    python benchmarks/truth.py alarms [--entries 100000] [--backend torch ...]
    python benchmarks/truth.py catches [--errors 3000]
    python benchmarks/truth.py speed
    python benchmarks/truth.py sixteen

alarms: entries of derivatives of all models at random sizes and seeds, by every installed backend,
that lie outside their bounds: there must be none. catches: how many single entries with a relative
error of 1e-9 are found in float64. speed: a certified gradient beside torch.autograd.gradcheck, in
one run, on one thread. sixteen: bfloat16 and float16 gradients with their resolution. Every
framework runs in a process of its own.
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
from collections.abc import Callable, Iterator, Sequence  # noqa: E402
from dataclasses import replace  # noqa: E402
from itertools import product  # noqa: E402
from typing import Any  # noqa: E402

import click  # noqa: E402
import numpy as np  # noqa: E402

from adbench import registry  # noqa: E402
from adbench.backends.base import Backend, prepare, to_backend  # noqa: E402
from adbench.cases.answer import Answer, collect  # noqa: E402
from adbench.cases.inputs import make_inputs  # noqa: E402
from adbench.cases.model import Model  # noqa: E402
from adbench.cases.operators import MODES, Mode, Operator, passes  # noqa: E402
from adbench.cases.question import Question  # noqa: E402
from adbench.judging.comparison import Entries  # noqa: E402
from adbench.judging.verdict import Judgement, judge  # noqa: E402
from adbench.planning.plan import NAMED_OPERATORS  # noqa: E402
from adbench.planning.questions import questions  # noqa: E402
from adbench.results.row import Verdict  # noqa: E402
from adbench.truth.evaluation import cheapest_mode  # noqa: E402
from adbench.truth.truth import Truth, establish  # noqa: E402
from reference_ad.engine import tree  # noqa: E402

MOST_PASSES = 32
"""Questions and modes that need more passes through the function are left out."""

MOST_ORDER = 4
"""Derivatives of a higher order are left out."""

BACKENDS = ("reference:tape", "torch:eager", "jax:jit", "tensorflow:function")
"""The customary staging of each framework."""

RANDOM_SIZE = "random"
"""What the size of a model at a random size is called."""


@click.group()
def main() -> None:
    """Measure the truth."""


def at_random_size(model: Model, rng: np.random.Generator) -> Model:
    """Return the model at a random size; one whose sizes are not understood, at one of its own."""

    def length(low: int, high: int) -> int:
        return round(float(np.exp(rng.uniform(np.log(low), np.log(high)))))

    makers: dict[str, Callable[[], dict[str, Any]]] = {
        "mlp": lambda: {
            "widths": tuple(length(1, 64) for _ in range(rng.integers(2, 6))),
            "batch": length(1, 64),
        },
        "chain": lambda: {"layers": length(1, 12), "examples": length(1, 200)},
        "dense": lambda: {"n": length(1, 100), "m": length(1, 30)},
        "tanh": lambda: {"x": float(rng.uniform(-4, 4))},
    }
    if model.name in makers:
        return replace(model, sizes={RANDOM_SIZE: makers[model.name]()}, stagings={})
    sizes = list(model.sizes.values())
    return replace(model, sizes={RANDOM_SIZE: sizes[rng.integers(len(sizes))]})


def cheap_questions(model: Model, seed: int, lowest_dtype: str) -> Iterator[Question]:
    """Yield the questions about a model at a random size that take few passes."""
    inputs = make_inputs(model, RANDOM_SIZE, seed, lowest_dtype)
    for operator, order in questions(model, inputs):
        if operator in NAMED_OPERATORS:  # their answers are judged as those of others
            continue
        question = Question(model, inputs, operator, order)
        if order <= MOST_ORDER and cheap_modes(question):
            yield question


def cheap_modes(question: Question) -> list[Mode]:
    """Return the modes that answer a question in few passes."""
    inputs, operator = question.inputs, question.operator
    return [
        mode
        for mode in MODES[operator]
        if passes(operator, mode, inputs.n, inputs.m) <= MOST_PASSES
    ]


def answer_of(backend: Backend, question: Question, dtype: str, mode: Mode) -> Answer:
    """Return what a backend answers."""
    inputs = question.inputs.astype(dtype)
    with backend.modes():
        problem = to_backend(backend, question.model.function, inputs, question.operator)
        _, call = prepare(backend, problem, question.operator, mode, question.order)
        answer = call(problem.active, problem.constants, problem.direction)
        return collect(answer, backend.to_numpy)


def load(name: str) -> Backend:
    """Return the backend of this name. Imports its framework."""
    (entry,) = registry.find_backends([name])
    return registry.load_backend(entry.load)


# ---- alarms


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
    total = 0
    for name in backends or BACKENDS:
        entry_points = registry.find_backends([name])
        if any(registry.installed_version(entry) is None for entry in entry_points):
            click.echo(f"{name}: not installed")
            continue
        arguments = [name, str(entries), str(seed), *dtypes]
        command = [sys.executable, __file__, "alarms-of", *arguments]
        process = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        counts = json.loads(process.stdout.splitlines()[-1])
        total += counts["alarms"]
        entries_seen, alarms_seen = counts.pop("entries"), counts.pop("alarms")
        click.echo(f"{name}: {entries_seen:,} entries, {alarms_seen} alarms; {counts}")
    sys.exit(bool(total))


@main.command("alarms-of", hidden=True)
@click.argument("name")
@click.argument("entries", type=int)
@click.argument("seed", type=int)
@click.argument("dtypes", nargs=-1)
def alarms_of(name: str, entries: int, seed: int, dtypes: tuple[str, ...]) -> None:
    """Count the alarms of one backend, as JSON."""
    tally = Tally(load(name), dtypes)
    sources = registry.models().values()
    models = [source.model for source in sources if source.model.by_default]
    rng = np.random.default_rng(seed)
    while tally.counts["entries"] < entries:
        for model in models:
            sized_model = at_random_size(model, rng)
            for question in cheap_questions(sized_model, int(rng.integers(2**31)), dtypes[-1]):
                tally.add(question)
    tally.counts["alarms"] += 0
    click.echo(json.dumps({**tally.counts, "largest error in bounds": tally.largest}))


class Tally:
    """What was seen of the answers of one backend."""

    def __init__(self, backend: Backend, dtypes: Sequence[str]) -> None:
        self.backend = backend
        self.dtypes = dtypes
        self.counts: Counter[str] = Counter()
        self.largest: dict[str, float] = dict.fromkeys(dtypes, 0.0)

    def add(self, question: Question) -> None:
        """Ask a question in every cheap mode and dtype, and count."""
        truth = establish(question, self.dtypes)
        for dtype in self.dtypes:
            for mode in cheap_modes(question):
                try:
                    answer = answer_of(self.backend, question, dtype, mode)
                except NotImplementedError:  # Unsupported, or the framework says so itself
                    continue
                judgement = judge(answer, truth, question, dtype, exact=True)
                outside = count_outside(answer, truth, dtype)
                self._count(answer, judgement, outside, dtype)
                if outside or judgement.verdict is Verdict.WRONG:
                    model = question.model
                    click.echo(
                        f"{model.name} {model.sizes} {question.describe()} {mode} {judgement}",
                        err=True,
                    )

    def _count(self, answer: Answer, judgement: Judgement, outside: int, dtype: str) -> None:
        self.counts["entries"] += sum(array.size for array in answer.arrays)
        self.counts["alarms"] += outside
        self.counts[f"{dtype} {judgement.verdict}"] += 1
        self.counts[f"{dtype} unresolved entries"] += judgement.unresolved_entries or 0
        self.largest[dtype] = max(self.largest[dtype], judgement.max_error_over_bound)


def count_outside(answer: Answer, truth: Truth, dtype: str) -> int:
    """Return how many entries are outside their bounds."""
    triples = zip(answer.arrays, truth.answer.arrays, truth.bounds[dtype], strict=True)
    return sum(
        int((Entries.of(array, true, bound, dtype).in_bounds > 1).sum())
        for array, true, bound in triples
    )


# ---- catches


@main.command()
@click.option("--errors", default=3000, help="How many entries of each model are spoilt.")
@click.option("--size", default=1e-9, help="By how much, relatively.")
def catches(errors: int, size: float) -> None:
    """Spoil single entries of the reference engine's float64 answers, and judge."""
    backend = load("reference:tape")
    rng = np.random.default_rng(1)
    for name in ("mlp", "chain", "dense"):
        model = registry.models()[name].model
        operator = Operator.JACOBIAN if name == "dense" else Operator.GRADIENT
        counts: Counter[str] = Counter()
        while counts.total() < errors:
            sized_model = at_random_size(model, rng)
            inputs = make_inputs(sized_model, RANDOM_SIZE, int(rng.integers(2**31)))
            question = Question(sized_model, inputs, operator, 1)
            truth = establish(question, ["float64"])
            answer = answer_of(backend, question, "float64", cheapest_mode(question))
            for _ in range(20):
                counts[fate_of_a_spoilt_entry(answer, truth, size, rng)] += 1
        shares = {fate: f"{count} ({count / counts.total():.3%})" for fate, count in counts.items()}
        click.echo(f"{name}: {shares}")


def fate_of_a_spoilt_entry(
    answer: Answer, truth: Truth, size: float, rng: np.random.Generator
) -> str:
    """Spoil a random entry of an answer, and return what became of it."""
    position = rng.integers(len(answer.arrays))
    spoilt = answer.arrays[position].copy()
    place = tuple(rng.integers(n) for n in spoilt.shape)
    spoilt[place] *= 1 + size * rng.choice([-1, 1])
    true, bound = truth.answer.arrays[position], truth.bounds["float64"][position]
    entries = Entries.of(spoilt, true, bound, "float64")
    if entries.in_bounds[place] > 1:
        return "caught"
    return "unresolved" if entries.unresolved[place] else "called correct"


# ---- speed


@main.command()
@click.option("--rounds", default=5)
def speed(rounds: int) -> None:
    """Time a certified gradient, with its float64 bounds, beside gradcheck.

    Then a network of 100,000 parameters.
    """
    import torch

    torch.set_num_threads(1)
    backend = load("torch:eager")
    model = registry.models()["mlp"].model
    question = gradient_question(model, "32-64-64-1x32")
    inputs = question.inputs
    leaves, structure = tree.flatten(inputs.arguments[0])
    tensors = [torch.tensor(leaf, requires_grad=True) for leaf in leaves]
    constants = [torch.tensor(array) for array in inputs.arguments[1:]]

    def loss(*parameters: Any) -> Any:
        return model.function(backend.xp, tree.unflatten(structure, parameters), *constants)

    calls: dict[str, Callable[[], object]] = {
        "enclosure and certificate": lambda: establish(question, []),
        "with float64 bounds": lambda: establish(question, ["float64"]),
        "gradcheck": lambda: torch.autograd.gradcheck(loss, tensors),
    }
    samples: dict[str, list[float]] = {title: [] for title in calls}
    for _ in range(rounds):
        for title, call in calls.items():
            samples[title].append(seconds(call))
    gradcheck = samples["gradcheck"]
    for title, times in samples.items():
        ratio = statistics.median(a / b for a, b in zip(gradcheck, times, strict=True))
        click.echo(
            f"{title}: {statistics.median(times):.3f} s, 1/{ratio:.1f} of gradcheck "
            f"(n = {inputs.n})"
        )
    large_model = replace(model, sizes={"large": {"widths": (200, 256, 180, 10), "batch": 32}})
    large_question = gradient_question(large_model, "large")
    start = time.perf_counter()
    truth = establish(large_question, ["float64"])
    click.echo(
        f"{large_question.inputs.n} parameters: {time.perf_counter() - start:.1f} s; "
        f"doubt: {truth.doubt!r}"
    )


def gradient_question(
    model: Model, size: str, seed: int = 0, lowest_dtype: str = "float64"
) -> Question:
    """Return the question for the gradient of a model at one of its sizes."""
    inputs = make_inputs(model, size, seed, lowest_dtype)
    return Question(model, inputs, Operator.GRADIENT, 1)


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes (s)."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


# ---- sixteen


@main.command()
@click.option("--backend", "backends", multiple=True, default=("torch:eager", "jax:jit"))
@click.option("--seeds", default=3)
def sixteen(backends: tuple[str, ...], seeds: int) -> None:
    """Judge gradients of `mlp` in 16 bits."""
    model = registry.models()["mlp"].model
    cells = list(product(("bfloat16", "float16"), list(model.sizes)[:3], range(seeds)))
    for name in backends:
        backend = load(name)
        for dtype, size, seed in cells:
            question = gradient_question(model, size, seed, dtype)
            truth = establish(question, [dtype])
            answer = answer_of(backend, question, dtype, Mode.REVERSE)
            judgement = judge(answer, truth, question, dtype, exact=True)
            click.echo(
                f"{name} {dtype} {size}: {judgement.verdict}, resolution "
                f"{judgement.resolution:.2g}, relative error {judgement.relative_error:.2g}, "
                f"{judgement.max_error_over_bound:.2f} of a bound, {judgement.unresolved_entries} "
                f"of {question.inputs.n} entries unresolved {judgement.message}"
            )


if __name__ == "__main__":
    main()
