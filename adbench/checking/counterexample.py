"""A point at which a hand-written function is wrong: drawn, made simple, and written as code.

What a check has found wrong at a suggested point is made simple by hypothesis: numbers become 0, 1
or have fewer digits for as long as the derivative stays wrong. Where nothing was wrong, hypothesis
draws a few points of its own.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adbench.cases.case import NATIVE
from adbench.cases.inputs import Array
from adbench.cases.model import SpecError
from adbench.cases.operators import Mode, Operator
from adbench.checking.at_the_point import check_at_point
from adbench.checking.report import Example, Report
from adbench.checking.sifting import has_passed
from adbench.functions.as_code import code_of
from adbench.planning.group import Group
from adbench.planning.plan import Plan
from adbench.results.row import Row, Verdict
from adbench.suggesting.suggestions import (
    SuggestedPoint,
    Suggestion,
    at_suggestion,
    keep_meanings,
)
from reference_ad.engine import tree

MOST_NUMBERS = 64
"""Of a point with more active numbers none is made simpler."""

MOST_TRIALS = 200
"""So many points are tried at most to make one simple."""

DRAWN_POINTS = 10
"""So many points are drawn where no suggested one was wrong."""

LONGEST_SEARCH_S = 1.0
"""Nothing is drawn after this time (s)."""

LONGEST_SIMPLIFYING_S = 3.0
"""A point is made no simpler after this time (s)."""

SPECIAL_NUMBERS = (0.0, 1.0, -1.0, 0.5, -2.0, 1e-3, 10.0, -30.0, 100.0, 1e4)
"""What points are drawn from, beside numbers like those of the point that was asked."""

DERIVATIVES = (Operator.GRADIENT, Operator.VJP, Operator.DERIVATIVE)
"""A function that is asked none of these is asked no gradient at drawn points either."""

Arguments = tuple[Any, ...]


@dataclass(frozen=True)
class Counterexample:
    """A point at which a derivative is wrong."""

    model: str
    """The name of the model."""
    backend: str
    """Who was wrong."""
    drawn_rows: tuple[Row, ...]
    """What was judged at a point that was drawn; none of one that the check has a row of."""
    code: str
    """Code that checks the function there again; "" where it would be too long."""

    @property
    def example(self) -> Example | None:
        """The code with what it shows; None where there is none."""
        if not self.code:
            return None
        return Example(f"{self.model} is wrong on {self.backend} here:", self.code)


def find_counterexamples(plan: Plan, rows: Iterable[Row]) -> list[Counterexample]:
    """Return a simple point for each hand-written function that is wrong at some point.

    Where a function is right wherever it was judged, a few points more are drawn, as long as the
    budget of the plan for what was not asked allows.
    """
    rows = [row for row in rows if row.implementation == NATIVE]
    finished_at = time.monotonic() + plan.settings.most_beyond_s
    found = []
    for model, group in _functions(plan).items():
        for backend in dict.fromkeys(row.backend for row in rows if row.model == model):
            search = _Search(group, backend, finished_at)
            counterexample = search.of_function(_wrong_point(plan, rows, model, backend))
            if counterexample is not None:
                found.append(counterexample)
    return found


def with_counterexamples(report: Report, counterexamples: Iterable[Counterexample]) -> Report:
    """Return a report with points at which functions are wrong, and the code that shows it."""
    counterexamples = [*counterexamples]
    drawn = [row for found in counterexamples for row in found.drawn_rows]
    examples = [found.example for found in counterexamples if found.example is not None]
    return replace(report, rows=(*report.rows, *drawn), examples=tuple(examples))


def _functions(plan: Plan) -> dict[str, Group]:
    """A group of each model whose hand-written function was judged, by the name of the model."""
    groups: dict[str, Group] = {}
    for group in plan.groups:
        model = group.source.model
        is_of_derivative = group.question.operator in DERIVATIVES
        if is_of_derivative and not group.beyond and plan.judges_native(model):
            groups.setdefault(model.name, group)
    return groups


def _wrong_point(plan: Plan, rows: Sequence[Row], model: str, backend: str) -> Arguments | None:
    """The arguments of the first suggested point at which a function was wrong.

    None where it was wrong nowhere, and () where it was wrong elsewhere alone, where there is
    nothing to add to what the check says.
    """
    wrong = {row.model for row in rows if row.verdict is Verdict.WRONG and row.backend == backend}
    for group in plan.groups:
        if group.about == model and group.is_suggested and group.source.model.name in wrong:
            return tuple(group.source.model.make({}, np.random.default_rng(0)))
    return () if model in wrong else None


class _Search:
    """The search for a point at which one function is wrong on one backend."""

    def __init__(self, group: Group, backend: str, finished_at: float) -> None:
        self._model = group.source.model
        self._size = group.question.size
        self._dtype = group.question.dtype
        self._backend = backend
        self._finished_at = finished_at
        self._operator = Operator.VJP
        self._rows: tuple[Row, ...] = ()

    def of_function(self, wrong: Arguments | None) -> Counterexample | None:
        """Return the simplest point that is found from where it is wrong, or a drawn one."""
        if wrong == ():
            return None
        is_drawn = wrong is None
        if wrong is None:
            wrong = self._drawn()
        if wrong is None:
            return None
        simple = self._simplified(wrong)
        rows = self._rows_at(simple) if is_drawn else ()
        code = code_of(self._model, simple)
        return Counterexample(self._model.name, self._backend, rows, code)

    def _rows_at(self, arguments: Arguments) -> tuple[Row, ...]:
        suggestion = Suggestion("at a drawn point", "at a drawn point", arguments)
        model = replace(at_suggestion(self._model, suggestion), sizes={self._size: {}}, stagings={})
        asked = [(self._operator, Mode.REVERSE)]
        if not getattr(model.function, "is_read", False):
            asked.insert(0, (Operator.VALUE, Mode.NONE))
        try:
            rows = check_at_point(model, self._backend, self._dtype, asked).rows
        except SpecError:  # the function takes no such arguments
            return ()
        # Where it has another value than its specification, its derivative is not judged.
        has_value = all(has_passed(row) for row in rows if row.operator == Operator.VALUE)
        return rows if has_value else ()

    def _is_wrong(self, arguments: Arguments) -> bool:
        return any(row.verdict is Verdict.WRONG for row in self._rows_at(arguments))

    def _drawn(self) -> Arguments | None:
        """A point out of few that hypothesis draws at which the function is wrong."""
        first = self._first_arguments()
        if first is None:
            return None
        candidates = _candidates_to_draw(first[self._model.active])
        self._finished_at = min(self._finished_at, time.monotonic() + LONGEST_SEARCH_S)
        return self._found(first, candidates, DRAWN_POINTS)

    def _simplified(self, wrong: Arguments) -> Arguments:
        """The point with simpler numbers, as long as the function is wrong there."""
        self._finished_at = min(self._finished_at, time.monotonic() + LONGEST_SIMPLIFYING_S)
        candidates = _simpler_numbers(wrong[self._model.active])
        return self._found(wrong, candidates, MOST_TRIALS) or wrong

    def _first_arguments(self) -> Arguments | None:
        if isinstance(self._model.make, SuggestedPoint):
            return None
        try:
            made = self._model.make(self._model.size(self._size), np.random.default_rng(0))
        except Exception:  # what is wrong with the model has been said
            return None
        return tuple(tree.map(np.asarray, argument) for argument in made)

    def _found(
        self, arguments: Arguments, candidates: Sequence[Sequence[float]], trials: int
    ) -> Arguments | None:
        """The simplest arguments, with active numbers out of the candidates, that are wrong.

        None where there are too many numbers, or none are wrong that are tried.
        """
        if not candidates:
            return None
        import hypothesis
        from hypothesis import strategies

        active = self._model.active
        wrong: list[Arguments] = []

        def filled(numbers: Sequence[float]) -> Arguments:
            remaining = iter(numbers)

            def fill(leaf: Array) -> Array:
                taken = [next(remaining) for _ in range(np.size(leaf))]
                return np.reshape(np.array(taken, np.float64), np.shape(leaf))

            changed = list(arguments)
            changed[active] = tree.map(fill, arguments[active])
            return tuple(changed)

        def is_wrong(numbers: Sequence[float]) -> bool:
            if time.monotonic() > self._finished_at:
                return False
            point = filled(numbers)
            if not keep_meanings(arguments, point, active) or not self._is_wrong(point):
                return False
            wrong.append(point)
            return True

        settings = hypothesis.settings(
            max_examples=trials, database=None, deadline=None, derandomize=True
        )
        strategy = strategies.tuples(*map(strategies.sampled_from, candidates))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return filled(hypothesis.find(strategy, is_wrong, settings=settings))
            except (hypothesis.errors.NoSuchExample, hypothesis.errors.Flaky):
                return wrong[-1] if wrong else None


def _simpler_numbers(active: Any) -> list[list[float]]:
    """For each active number the simpler ones that it may be replaced by, itself the last."""
    numbers = _numbers_of(active)
    if len(numbers) > MOST_NUMBERS:
        return []
    return [
        list(dict.fromkeys([0.0, 1.0, float(f"{x:.1g}"), float(f"{x:.2g}"), x])) for x in numbers
    ]


def _candidates_to_draw(active: Any) -> list[list[float]]:
    """For each active number what is drawn in its place."""
    numbers = _numbers_of(active)
    if len(numbers) > MOST_NUMBERS:
        return []
    return [list(dict.fromkeys([*SPECIAL_NUMBERS, x, -x, 2 * x])) for x in numbers]


def _numbers_of(active: Any) -> list[float]:
    return [float(x) for leaf in tree.leaves(active) for x in np.ravel(leaf)]
