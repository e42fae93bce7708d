"""Do the drop-ins agree with the originals, check by check, on a public project's own tests?

    python benchmarks/public_suites.py PATH [--csv FILE] [-- PYTEST ARGUMENTS]

PATH is a checked-out project. Its tests run as they are, with pytest, in this process. Every call
of `torch.autograd.gradcheck`, `torch.autograd.gradgradcheck` and `jax.test_util.check_grads` in
them is made twice, by the original and by the drop-in, at the same inputs, and the test goes on
with the answer of the original. Printed are the counts of every pair of outcomes, each
disagreement, why checks were left to the original, and the seconds of both. Who is right where
they disagree is looked into by hand: the table of the drop-in is printed for it.
"""

from __future__ import annotations

import csv
import os
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
from tabulate import tabulate

PASSED = "passed"
FAILED = "failed"
"""The outcomes of a check that said something; another exception goes by its own name."""

PLACES = {
    "gradcheck": ("torch.autograd", "torch.autograd.gradcheck"),
    "gradgradcheck": ("torch.autograd", "torch.autograd.gradcheck"),
    "check_grads": ("jax.test_util", "jax._src.public_test_util", "jax._src.test_util"),
}
"""The modules that tests take each check from."""

DROP_INS = {
    "gradcheck": "adbench.torch",
    "gradgradcheck": "adbench.torch",
    "check_grads": "adbench.jax",
}
"""The module that has the drop-in of each check."""

Check = Callable[..., Any]


@dataclass(frozen=True)
class Answer:
    """What one of the two checks said."""

    outcome: str
    """PASSED, FAILED, or the type of another exception."""

    message: str
    """The message of an exception, "" where nothing was raised."""

    left: str
    """Why the drop-in left the check to the original, "" where it did not."""

    seconds: float
    """How long it took (s)."""

    value: Any
    """What was returned, or the exception that was raised."""


@dataclass(frozen=True)
class Comparison:
    """One check of a suite, made by both."""

    test: str
    """The test that made it."""

    check: str
    """The name of the check."""

    original: str
    """The outcome of the original."""

    drop_in: str
    """The outcome of the drop-in."""

    left: str
    """Why the drop-in left it to the original, "" where it did not."""

    original_s: float
    """How long the original took (s)."""

    drop_in_s: float
    """How long the drop-in took (s)."""

    original_message: str
    """What the original raised, in words."""

    drop_in_message: str
    """What the drop-in raised, in words."""

    @property
    def agrees(self) -> bool:
        """Whether both say the same."""
        return self.original == self.drop_in


class Recorder:
    """A plugin of pytest's that makes every check of a test twice."""

    def __init__(self) -> None:
        self.comparisons: list[Comparison] = []
        self._test = ""

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._test = nodeid

    def twice(self, name: str, original: Check, drop_in: Check) -> Check:
        """Return a check that asks both, whoever comes first in turns, and answers as original."""

        def check(*arguments: Any, **keywords: Any) -> Any:
            answers: dict[Check, Answer] = {}
            is_even = len(self.comparisons) % 2 == 0
            for asked in (original, drop_in) if is_even else (drop_in, original):
                answers[asked] = _answer(asked, arguments, keywords)
            self._record(name, answers[original], answers[drop_in])
            value = answers[original].value
            if isinstance(value, Exception):
                raise value
            return value

        return check

    def _record(self, name: str, original: Answer, drop_in: Answer) -> None:
        self.comparisons.append(
            Comparison(
                self._test,
                name,
                original.outcome,
                drop_in.outcome,
                drop_in.left,
                original.seconds,
                drop_in.seconds,
                original.message,
                drop_in.message,
            )
        )


def _answer(check: Check, arguments: Any, keywords: Any) -> Answer:
    """What a check says of the arguments, with how long it took."""
    began = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value = check(*arguments, **keywords)
            outcome = FAILED if value is False else PASSED
        except Exception as error:
            value = error
            outcome = FAILED if _is_verdict(error) else type(error).__name__
    seconds = time.perf_counter() - began
    reasons = [str(each.message) for each in caught if each.category.__name__ == "NumericalCheck"]
    message = str(value) if isinstance(value, Exception) else ""
    return Answer(outcome, message, reasons[0] if reasons else "", seconds, value)


def _is_verdict(error: Exception) -> bool:
    """Whether an exception says that derivatives are not right."""
    return isinstance(error, AssertionError) or type(error).__name__ == "GradcheckError"


@contextmanager
def replaced(recorder: Recorder) -> Iterator[None]:
    """Put the double checks where tests take the originals from; put the originals back."""
    with pytest.MonkeyPatch.context() as patch:
        for name, places in PLACES.items():
            if find_spec(places[0].partition(".")[0]) is None:
                continue
            drop_in = getattr(import_module(DROP_INS[name]), name)
            modules = [_module(place) for place in places]
            double = recorder.twice(name, getattr(modules[-1], name), drop_in)
            for module in modules:
                patch.setattr(module, name, double)
        yield


def _module(name: str) -> ModuleType:
    """A module by its name, where its package has a function of that name too."""
    import_module(name)
    return sys.modules[name]


def _summary(comparisons: list[Comparison]) -> str:
    """The counts of every pair of outcomes, with the seconds of both."""
    rows = []
    pairs = Counter(
        (each.check, each.original, each.drop_in, bool(each.left)) for each in comparisons
    )
    for (check, original, drop_in, is_left), count in sorted(pairs.items()):
        same = [
            each
            for each in comparisons
            if (each.check, each.original, each.drop_in, bool(each.left))
            == (check, original, drop_in, is_left)
        ]
        original_s = sum(each.original_s for each in same)
        drop_in_s = sum(each.drop_in_s for each in same)
        who = "original" if is_left else "drop-in"
        rows.append([check, original, drop_in, who, count, original_s, drop_in_s])
    headers = ("check", "original", "drop-in", "judged by", "checks", "original s", "drop-in s")
    return tabulate(rows, headers=headers, floatfmt=".1f")


def _report(comparisons: list[Comparison]) -> None:
    """Print what the comparisons show."""
    for each in comparisons:
        if not each.agrees:
            click.echo(f"\n{each.test} {each.check}: {each.original}, drop-in {each.drop_in}")
            click.echo(f"original: {each.original_message[:500]}")
            click.echo(f"drop-in: {each.drop_in_message[:2000]}")
    click.echo("\nLeft to the original:")
    reasons = Counter(each.left.partition(": ")[2] for each in comparisons if each.left)
    for reason, count in reasons.most_common():
        click.echo(f"{count:5d}  {reason[:300]}")
    click.echo(f"\n{_summary(comparisons)}")
    original_s = sum(each.original_s for each in comparisons)
    drop_in_s = sum(each.drop_in_s for each in comparisons)
    agreeing = sum(each.agrees for each in comparisons)
    click.echo(
        f"\n{agreeing} of {len(comparisons)} checks agree; original {original_s:.1f} s, drop-in "
        f"{drop_in_s:.1f} s"
    )


def _write(comparisons: list[Comparison], path: Path) -> None:
    """Write one line a check."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([field.name for field in fields(Comparison)])
        writer.writerows(astuple(each) for each in comparisons)


@click.command()
@click.argument("project", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--csv", "table", type=click.Path(path_type=Path), help="Write a line a check here.")
@click.argument("pytest_arguments", nargs=-1)
def main(project: Path, table: Path | None, pytest_arguments: tuple[str, ...]) -> None:
    """Run a project's tests, with every gradient check made by the original and the drop-in."""
    recorder = Recorder()
    destination = table.absolute() if table else None
    os.chdir(project)
    sys.path.insert(0, str(Path.cwd()))
    with replaced(recorder):
        pytest.main(["-q", "--no-header", "--tb=no", *pytest_arguments], plugins=[recorder])
    if not recorder.comparisons:
        raise click.ClickException(f"No test in {project} makes a gradient check.")
    _report(recorder.comparisons)
    if destination:
        _write(recorder.comparisons, destination)


if __name__ == "__main__":
    main()
