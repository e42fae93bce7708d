"""How fast is `reference_ad`?

Side by side with hand-written NumPy and with other engines, in one run, on one thread.

    python benchmarks/engine.py [--rounds N] [--only mlp --only jacobian ...]

In every round each engine gives one sample, in a new random order, so a drift of the machine hits
all alike. A ratio is the median of the ratios of samples from the same round, with its
distribution-free 95 % interval. Every engine's answer is compared with another's before it is
timed.
"""

from __future__ import annotations

import os

# before NumPy and the others start their threads
for variable in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
):
    os.environ[variable] = "1"
os.environ["JAX_PLATFORMS"] = "cpu"
if hasattr(
    os, "sched_setaffinity"
):  # XLA has no setting that keeps it to one thread; one core does
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import random  # noqa: E402
import time  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from typing import Any  # noqa: E402

import by_hand  # noqa: E402
import click  # noqa: E402
import numpy as np  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402
from rivals import Thunk, engines, same  # noqa: E402

import reference_ad as ad  # noqa: E402
from adbench.models import chain, dense, mlp, tanh  # noqa: E402
from adbench.timing import clock, stats  # noqa: E402
from ball_arithmetic import midpoints, numbers, precision  # noqa: E402

xp = ad.numpy
SAMPLE_S = 1e-3


@dataclass(frozen=True)
class Target:
    """The time of one contender divided by that of another should be at most `limit`."""

    numerator: str
    denominator: str
    limit: float


@dataclass(frozen=True)
class Contest:
    """One problem: the contenders as calls without arguments, and what should hold between them."""

    title: str
    contenders: dict[str, Thunk]
    targets: tuple[Target, ...] = ()
    checked: bool = True
    most_rounds: int | None = None  # where a sample takes seconds


def of_each(ask: Callable[[Any], Thunk | None], everyone: list[Any]) -> dict[str, Thunk]:
    calls = {engine.name: ask(engine) for engine in everyone}
    return {name: call for name, call in calls.items() if call is not None}


# --- the problems ---------------------------------------------------------------------------------


def mlps(everyone: list[Any]) -> Iterator[Contest]:
    # one column a size: compiled / by hand, compiled / jax.jit, tape / torch, tape / autograd
    limits = {
        "1-1-1-1x1": (1.15, 1.15, 1.0, 0.4),
        "8-16-1x8": (1.10, 0.6, 1.0, 0.4),
        "32-64-64-1x32": (1.10, 0.6, 1.0, 0.4),
        "256-512-512-10x128": (1.10, 1.05, 1.2, None),
    }
    for size, (hand, jit, torch, autograd) in limits.items():
        args = mlp.make(mlp.model.sizes[size], np.random.default_rng(0))
        contenders = {"by hand": lambda args=args: by_hand.mlp(*args)}
        contenders |= of_each(
            lambda engine, args=args: engine.value_and_gradient(mlp.loss, args), everyone
        )
        targets = [Target("compiled", "by hand", hand), Target("compiled", "jax.jit", jit)]
        targets.append(Target("tape", "torch", torch))
        if autograd is not None:
            targets.append(Target("tape", "autograd", autograd))
        yield Contest(f"MLP {size}, value and gradient", contenders, tuple(targets))
    (compiled,) = (engine for engine in everyone if engine.name == "compiled")
    primal = {
        "compiled": contenders["compiled"],
        "compiled primal": compiled.value(mlp.loss, args),
    }
    yield Contest(
        f"MLP {size}, cost ratio",
        primal,
        (Target("compiled", "compiled primal", 3.0),),
        checked=False,
    )


def chains(everyone: list[Any]) -> Iterator[Contest]:
    for size in ("L=3,k=1", "L=16,k=100"):
        params, *constants = chain.make(chain.model.sizes[size], np.random.default_rng(0))
        args = ([(np.asarray(w), np.asarray(b)) for w, b in params], *constants)
        contenders = {"by hand": lambda args=args: by_hand.chain(*args)}
        contenders |= of_each(
            lambda engine, args=args: engine.value_and_gradient(chain.cost, args), everyone
        )
        yield Contest(f"chain {size}, value and gradient", contenders)


def derivatives(everyone: list[Any]) -> Iterator[Contest]:
    x = np.asarray(0.5)
    for order in (1, 4):
        contenders = of_each(
            lambda engine, order=order: engine.derivative(tanh.tanh, x, order), everyone
        )
        yield Contest(f"tanh, derivative of order {order}", contenders)


def energy(xp: Any, x: Any, W: Any, b: Any) -> Any:
    """The sum of squares of a dense layer."""
    return xp.sum(xp.tanh(W @ x + b) ** 2)


def hessians(everyone: list[Any]) -> Iterator[Contest]:
    args = dense.make({"n": 64, "m": 64}, np.random.default_rng(0))
    contenders: dict[str, Thunk] = {"by hand": lambda: by_hand.layer_hessian(*args)}
    contenders |= of_each(lambda engine: engine.hessian(energy, args), everyone)
    yield Contest("dense n=64 m=64, Hessian of the sum of squares", contenders)


def jacobians(everyone: list[Any]) -> Iterator[Contest]:
    for n in (16, 64, 256):
        for m in (16, 64, 256):
            args = dense.make({"n": n, "m": m}, np.random.default_rng(0))
            for mode in ("forward", "reverse"):
                contenders = {"by hand": lambda args=args: by_hand.layer_jacobian(*args)}
                contenders |= of_each(
                    lambda engine, args=args, mode=mode: engine.jacobian(dense.layer, args, mode),
                    everyone,
                )
                targets = (Target("compiled", "torch", 1.0),)
                yield Contest(f"dense n={n} m={m}, Jacobian, {mode}", contenders, targets)


def enclosures(everyone: list[Any]) -> Iterator[Contest]:
    """Proven digits of every entry of a gradient, against torch's comparison with differences."""
    args = mlp.make(mlp.model.sizes["32-64-64-1x32"], np.random.default_rng(0))

    def enclosure() -> Any:
        with precision(128):
            return ad.grad(lambda *args: mlp.loss(xp, *args))(*ad.tree.map(numbers, args))

    if not same(
        ad.tree.map(midpoints, enclosure()), ad.grad(lambda *args: mlp.loss(xp, *args))(*args)
    ):
        raise AssertionError("The gradient of the MLP in balls disagrees with that in float64.")
    contenders: dict[str, Thunk] = {"balls": enclosure}
    for torch in [engine for engine in everyone if engine.name == "torch"]:
        contenders["gradcheck"] = torch.gradcheck(mlp.loss, args)
    targets = (Target("balls", "gradcheck", 0.15),)
    yield Contest(
        "MLP 32-64-64-1x32, gradient in balls of 128 bits",
        contenders,
        targets,
        False,
        most_rounds=7,
    )


def lengths(everyone: list[Any]) -> Iterator[Contest]:
    def per_operation(count: int) -> Thunk:
        def f(x: Any) -> Any:
            for _ in range(count // 2):
                x = x * 0.999 + 0.001
            return x

        run = ad.grad(f)
        repeats = 100_000 // count

        def call() -> None:
            for _ in range(repeats):
                run(np.asarray(0.5))

        return call

    contenders = {
        "10^5 on one tape": per_operation(100_000),
        "10^3 on 100 tapes": per_operation(1_000),
    }
    yield Contest(
        "10^5 scalar operations",
        contenders,
        (Target("10^5 on one tape", "10^3 on 100 tapes", 1.3),),
        checked=False,
    )


PROBLEMS = {
    "mlp": mlps,
    "chain": chains,
    "derivative": derivatives,
    "hessian": hessians,
    "jacobian": jacobians,
    "enclosure": enclosures,
    "length": lengths,
}


def operation_counts() -> Iterator[tuple[str, float]]:
    """The gradient's floating-point operations over the function's.

    For each scalar model that adbench brings.
    """
    for model in (mlp.model, chain.model, tanh.model):
        for name, size in model.sizes.items():
            args = ad.tree.map(np.asarray, model.make(size, np.random.default_rng(0)))
            primal = ad.compile(lambda *args, model=model: model.function(xp, *args))
            gradient = ad.compile(
                ad.value_and_grad(
                    lambda *args, model=model: model.function(xp, *args), model.active
                )
            )
            primal(*args)
            gradient(*args)
            yield f"{model.name} {name}", gradient.graph.flops / primal.graph.flops


# --- the measurement ------------------------------------------------------------------------------


def measure(contest: Contest, rounds: int) -> dict[str, list[float]]:
    """One sample of each contender a round (s)."""
    loops = {}
    expected = None
    for name, call in contest.contenders.items():
        answer = call()
        if contest.checked:
            expected = answer if expected is None else expected
            if not same(answer, expected):
                raise AssertionError(f"{contest.title}: {name} disagrees with the first contender.")
        loops[name] = clock.calibrate(call, clock.once(call)[1], SAMPLE_S)
    samples: dict[str, list[float]] = {name: [] for name in loops}
    order = list(loops)
    shuffle = random.Random(0).shuffle
    with clock.undisturbed():
        for _ in range(rounds):
            shuffle(order)
            for name in order:
                samples[name].append(clock.sample(contest.contenders[name], loops[name]))
    return samples


def _ratio(estimate: stats.Estimate) -> str:
    return f"{estimate.median:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def times(contest: Contest, samples: dict[str, list[float]]) -> Table:
    """The table of one contest."""
    table = Table(title=contest.title, title_justify="left")
    for heading in ("engine", "median (us)", "/ first [95 %]"):
        table.add_column(heading, justify="left" if heading == "engine" else "right")
    first = next(iter(samples))
    for name, taken in samples.items():
        ratio = stats.ratio(taken, samples[first])
        table.add_row(name, f"{stats.median(taken).median * 1e6:.2f}", _ratio(ratio))
    return table


@click.command(help=__doc__)
@click.option("--rounds", default=41, show_default=True, help="Samples of each engine; at least 6.")
@click.option(
    "--only", type=click.Choice(list(PROBLEMS)), multiple=True, help="These problems alone."
)
def main(rounds: int, only: tuple[str, ...]) -> None:
    # torch 2.13 loads its own decompositions by way of its own deprecated function
    warnings.filterwarnings(
        "ignore", message="`torch.jit.script` is deprecated", category=DeprecationWarning
    )
    console = Console(width=120)
    everyone, missing = engines()
    for name in missing:
        console.print(f"{name} is not installed: it is left out.")
    verdicts = Table(title="Targets", title_justify="left")
    for heading in ("problem", "ratio", "measured [95 %]", "at most", "held"):
        verdicts.add_column(heading, justify="left" if heading in ("problem", "ratio") else "right")
    start = time.perf_counter(), time.process_time()
    for name, problem in PROBLEMS.items():
        if only and name not in only:
            continue
        for contest in problem(everyone):
            samples = measure(contest, min(rounds, contest.most_rounds or rounds))
            console.print(times(contest, samples))
            for target in contest.targets:
                if target.numerator in samples and target.denominator in samples:
                    ratio = stats.ratio(samples[target.numerator], samples[target.denominator])
                    held = "yes" if ratio.median <= target.limit else "NO"
                    what = f"{target.numerator} / {target.denominator}"
                    verdicts.add_row(
                        contest.title, what, _ratio(ratio), f"{target.limit:.2f}", held
                    )
    wall, cpu = time.perf_counter() - start[0], time.process_time() - start[1]
    for name, count in operation_counts():
        verdicts.add_row(
            name,
            "operations: gradient / value",
            f"{count:.2f}",
            "4.00",
            "yes" if count <= 4 else "NO",
        )
    console.print(verdicts)
    console.print(
        f"Processor time / elapsed time: {cpu / wall:.2f} (1: one thread had one core to itself)."
    )


if __name__ == "__main__":
    main()
