"""Which of a framework's public functions can be read as they stand, and what a check says.

    python benchmarks/functions.py torch|jax|tensorflow [--module NAME] [--only PART]

Every public function of the modules in `MODULES` is called with the example arguments of
`EXAMPLES`, one after the other, until it takes some and returns floating-point numbers of a
derivative; then it is checked there, by one cotangent. Printed are how many functions are correct,
a finding (wrong or imprecise: to be looked at by hand), undecided or unreadable, with the sentence
of each that is not correct; and those that took no example. The exit status is 1 where anything is
a finding.
"""

from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import inspect  # noqa: E402
import sys  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from dataclasses import dataclass, replace  # noqa: E402
from importlib import import_module  # noqa: E402
from typing import Any  # noqa: E402

import click  # noqa: E402
import numpy as np  # noqa: E402
from tabulate import tabulate  # noqa: E402

import adbench  # noqa: E402
from adbench.cases.messages import as_sentence, describe_exception  # noqa: E402
from adbench.cases.model import SpecError  # noqa: E402
from adbench.functions.framework import Framework, framework_called  # noqa: E402
from reference_ad.engine import tree  # noqa: E402

MODULES = {
    "torch": ("torch.nn.functional", "torch.special", "torch.linalg", "torch.fft"),
    "jax": ("jax.nn", "jax.scipy.special", "jax.numpy.linalg", "jax.numpy.fft"),
    "tensorflow": ("tensorflow.nn", "tensorflow.math", "tensorflow.linalg"),
}
"""The modules whose functions are tried."""

CORRECT, FINDING, UNDECIDED = "correct", "finding", "undecided"
UNREADABLE, NO_EXAMPLE = "unreadable", "no example"

OUTCOMES = (CORRECT, FINDING, UNDECIDED, UNREADABLE, NO_EXAMPLE)
"""What a function may be counted as."""


@dataclass(frozen=True)
class Outcome:
    """What came of a function."""

    function: str
    outcome: str
    message: str = ""
    is_by_last: bool = False
    """Whether it is of the last argument alone, since by all there is no answer."""

    def __str__(self) -> str:
        return f"{self.function} (by its last argument)" if self.is_by_last else self.function


def arrays() -> dict[str, Any]:
    """Return NumPy arrays by the names that the examples call them.

    `u`, `v` and `w` are symmetric positive definite, with all entries between 0 and 1, so that they
    are in the domain of most functions.
    """
    rng = np.random.default_rng(5)

    def definite() -> Any:
        half = rng.uniform(0.05, 0.15, (3, 3))
        return half + half.T + np.diag(rng.uniform(0.6, 0.7, 3))

    return {
        "u": definite(),
        "v": definite(),
        "w": definite(),
        "row": rng.uniform(0.1, 0.9, 3),
        "thin": rng.uniform(0.1, 0.9, (3, 2)),
        "line": rng.uniform(0.1, 0.9, (1, 2, 8)),
        "line_kernel": rng.uniform(0.1, 0.9, (2, 2, 3)),
        "image": rng.uniform(0.1, 0.9, (1, 2, 6, 6)),
        "kernel": rng.uniform(0.1, 0.9, (2, 2, 3, 3)),
        "solid": rng.uniform(0.1, 0.9, (1, 2, 4, 4, 4)),
        "solid_kernel": rng.uniform(0.1, 0.9, (2, 2, 2, 2, 2)),
        "grid": rng.uniform(-0.9, 0.9, (1, 3, 3, 2)),
        "labels": np.asarray([0, 2, 1]),
        "cut": np.asarray([0, 0, 1]),
        "signs": np.asarray([1.0, -1.0, 1.0]),
    }


EXAMPLES = (
    *("u", "u v", "u v w", "u labels", "u row", "row row", "u thin", "labels u", "u v signs"),
    *("line", "line line_kernel", "image", "image kernel", "solid", "solid solid_kernel"),
    *("line line line", "image grid", "u 1", "u 2", "2 u", "image 2", "line 2", "solid 2"),
    *("u 1 1", "u 0 1", "u cut", "u cut 2", "u [u,v]", "[u,v]", "[u,v,w]", "row thin", "u [3]"),
    *("u row row", "image 2 row", "u row row row", "line 1 line", "3 u", "u 2 0", "labels 4"),
)
"""Arguments, by the names of arrays, Python numbers, and lists of them."""


def arguments_of(example: str, framework: Framework) -> list[Any]:
    """Return the arguments of an example, with the framework's arrays."""
    available = arrays()

    def value(word: str) -> Any:
        if word.startswith("["):
            return [value(part) for part in word[1:-1].split(",")]
        if word.isdigit():
            return int(word)
        array = available[word]
        return framework.from_numpy(array, array.dtype.name)

    return [value(word) for word in example.split()]


def functions_of(module_name: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield the public functions of a module with their names."""
    module = import_module(module_name)
    names = getattr(module, "__all__", None) or dir(module)
    for name in sorted(set(names)):
        function = getattr(module, name, None)
        is_public = not name.startswith("_") and not name.endswith("_")
        if is_public and callable(function) and not inspect.isclass(function):
            yield name, function


def fitting_arguments(function: Callable[..., Any], framework: Framework) -> list[Any] | None:
    """Return the first example's arguments that a function takes, None where there are none.

    Its output must have floating-point numbers, and so must an argument.
    """
    for example in EXAMPLES:
        arguments = arguments_of(example, framework)
        try:
            output = function(*arguments)
        except Exception:  # whatever a framework raises for arguments that do not fit
            continue
        trees = (arguments, output)
        if all(any(_is_of_floats(framework, x) for x in tree.leaves(part)) for part in trees):
            return arguments
    return None


def outcome_of(name: str, function: Callable[..., Any], framework: Framework) -> Outcome:
    """Return what a check says of a function at its example."""
    arguments = fitting_arguments(function, framework)
    if arguments is None:
        return Outcome(name, NO_EXAMPLE)
    outcome = checked(name, function, arguments, None)
    positions = [k for k, x in enumerate(arguments) if _is_of_floats(framework, x)]
    if outcome.outcome != UNDECIDED or len(positions) < 2:
        return outcome
    by_last = checked(name, function, arguments, positions[-1])
    is_settled = by_last.outcome in (CORRECT, FINDING)
    return replace(by_last, is_by_last=True) if is_settled else outcome


def _is_of_floats(framework: Framework, value: Any) -> bool:
    return framework.is_array(value) and framework.kind(value) in "fc"


def checked(
    name: str, function: Callable[..., Any], arguments: list[Any], argnums: int | None
) -> Outcome:
    """Return what a check says of a function, by all of its arguments or by one of them."""
    try:
        report = adbench.check(function, *arguments, operators="vjp", argnums=argnums, budget_s=0)
    except SpecError as error:
        return Outcome(name, UNREADABLE, str(error))
    except Exception as error:  # a bug of ours, which is to be seen beside the others
        return Outcome(name, UNDECIDED, as_sentence(describe_exception(error)))
    messages = [
        f"{row.verdict or row.outcome}: {row.message or row.worst_entry}" for row in report.rows
    ]
    verdicts = {str(row.verdict or row.outcome) for row in report.rows}
    if verdicts <= {"correct"} and verdicts:
        return Outcome(name, CORRECT)
    is_finding = not verdicts.isdisjoint({"wrong", "imprecise"})
    return Outcome(name, FINDING if is_finding else UNDECIDED, "; ".join(dict.fromkeys(messages)))


@click.command()
@click.argument("framework_name", metavar="FRAMEWORK", type=click.Choice(tuple(MODULES)))
@click.option("--module", "modules", multiple=True, help="Whose functions. Default: `MODULES`.")
@click.option("--only", default="", help="A part of the names of the functions.")
def main(framework_name: str, modules: tuple[str, ...], only: str) -> None:
    """Check every public function of a framework's modules at example arguments."""
    warnings.simplefilter("ignore")  # of deprecated functions
    framework = framework_called(framework_name)
    has_finding = False
    rows: list[list[object]] = []
    with framework.modes("float64"):
        for module in modules or MODULES[framework_name]:
            outcomes = []
            for name, function in functions_of(module):
                if only in name:
                    outcomes.append(outcome_of(name, function, framework))
            listed = [outcome.outcome for outcome in outcomes]
            rows.append([module, *[listed.count(outcome) for outcome in OUTCOMES]])
            has_finding |= FINDING in listed
            _print_lists(module, outcomes)
    click.echo(tabulate(rows, headers=("module", *OUTCOMES)))
    sys.exit(has_finding)


def _print_lists(module: str, outcomes: list[Outcome]) -> None:
    """Print the functions of a module, each with its sentence unless it is correct."""
    click.echo(f"\n{module}")
    for kind in OUTCOMES:
        chosen = [outcome for outcome in outcomes if outcome.outcome == kind]
        if not chosen:
            continue
        if kind in (CORRECT, NO_EXAMPLE):
            click.echo(f"  {kind}: {', '.join(map(str, chosen))}")
            continue
        for outcome in chosen:
            click.echo(f"  {kind}: {outcome}: {outcome.message}")


if __name__ == "__main__":
    main()
