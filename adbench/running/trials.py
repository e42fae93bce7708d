"""Trials: the calls of a cell in other circumstances than its first, for the judge to look at.

At further points, with arrays that lie otherwise in memory, with other calls in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from adbench.backends.base import Backend, Layout, Problem, prepare
from adbench.cases.answer import Answer, collect, mismatch, relative_error
from adbench.cases.case import NATIVE
from adbench.cases.inputs import Array
from adbench.cases.operators import Mode, Operator
from adbench.judging.judge import SECOND_POINT, Trial
from adbench.running.prepared_cell import PreparedCell, arrays_of, trees_of
from reference_ad.engine import tree

ORDINALS = ("second", "third", "fourth")
"""What further points are called, by their numbers."""

MEMORY_LAYOUT = "memory layout"
"""The check with arrays that lie otherwise in memory, as `failed_checks` has it."""

NOT_CONTIGUOUS = (
    "With arrays that are not contiguous in memory, as transposed and expanded ones are, the "
    "answer is wrong."
)

EXPANDED_COTANGENT = (
    "With a cotangent that is one number expanded over the output, as the backward pass of a sum "
    "gives, the answer is not that with an array of ones."
)

REPEATED_COTANGENT = (
    "With a cotangent that is one row expanded over the output, as the backward pass of a sum over "
    "rows gives, the answer is not that with an array of such rows."
)

SAME_VALUE = {"float64": 1e-9, "float32": 1e-5, "float16": 1e-2, "bfloat16": 1e-2}
"""Values that differ by no more than this, relatively, are those of the same function."""

FAR_OFF = "At large arguments, where the value is right, the derivative is wrong."

CALL_BETWEEN = (
    "Where the function is called once more, at another point, between its forward and its "
    "backward pass, the answer is wrong: what the backward pass needs belongs into the context of "
    "its own call."
)


class Trials:
    """Makes the trials of one cell."""

    def __init__(self, backend: Backend, cell: PreparedCell) -> None:
        self._backend = backend
        self._cell = cell

    def at_further_points(self, numbers: Iterable[int], *, in_place: bool) -> Iterator[Trial]:
        """Call the cell at further points.

        At the first of them with the same arrays changed in place where that is asked and can be
        done, and at each with new arrays. What is kept by the identity of an array is stale in the
        former, what keeps an array itself is stale in the latter.
        """
        for number in numbers:
            if number >= self._cell.points.nearer:
                yield from self._far_off(number)
                continue
            moved = self._problem_at(number)
            circumstances = f"At a {ORDINALS[number]} point the answer is wrong."
            if number == 0 and in_place and self._overwrite(moved):
                answer = self._collect(self._cell.operator())
                self._overwrite(self._cell.problem_at(self._backend, self._cell.points.first))
                yield Trial(SECOND_POINT, circumstances, answer, number)
            answer = self._answer(moved)
            yield Trial(SECOND_POINT, circumstances, answer, number)

    def _far_off(self, number: int) -> Iterator[Trial]:
        """Call hand-written code far from its points, if its value is right there."""
        if self._cell.case.implementation != NATIVE or not self._is_value_right(number):
            return
        answer = self._tried(lambda: self._answer(self._problem_at(number)))
        if answer is not None:
            yield Trial(SECOND_POINT, FAR_OFF, answer, number, roughly=True)

    def _is_value_right(self, number: int) -> bool:
        """Whether the function has the value of the specification at a further point."""
        inputs, model = self._cell.points.further[number], self._cell.model
        problem = self._problem_at(number)
        value = self._tried(
            lambda: collect(
                problem.function(problem.active, problem.constants), self._backend.to_numpy
            )
        )
        with np.errstate(all="ignore"):
            right = collect(model.output(inputs.xp, *inputs.arguments))
        if value is None or mismatch(value, right) or not value.is_finite:
            return False
        return relative_error(value, right) <= SAME_VALUE[self._cell.case.dtype]

    def in_other_layouts(self, number: int) -> Iterator[Trial]:
        """Call hand-written code at a further point with arrays that are not contiguous."""
        if self._cell.case.implementation != NATIVE:
            return
        moved = self._problem_at(number)
        for layout in (Layout.GAPS, Layout.TRANSPOSED):
            laid_out = self._laid_out(moved, layout)
            if laid_out is not None:
                answer = self._tried(partial(self._answer, laid_out))
                if answer is not None:
                    yield Trial(MEMORY_LAYOUT, NOT_CONTIGUOUS, answer, number)

    def of_reverse_mode(self) -> Iterator[Trial]:
        """Call hand-written code in ways that its backward pass may not be ready for."""
        case = self._cell.case
        if case.implementation != NATIVE or case.mode is not Mode.REVERSE:
            return
        if case.operator is Operator.VJP:
            yield from self._with_expanded_cotangent()
        if case.operator in (Operator.VJP, Operator.GRADIENT) and not self._backend.is_staged:
            yield from self._with_a_call_between()
            yield from self._with_all_arguments_active()

    def _with_expanded_cotangent(self) -> Iterator[Trial]:
        cotangent = self._cell.points.first.cotangent
        yield from self._with_cotangent(
            np.ones_like(cotangent), Layout.EXPANDED, EXPANDED_COTANGENT
        )
        if cotangent.ndim > 1:
            repeated = np.broadcast_to(cotangent[:1], cotangent.shape).copy()
            yield from self._with_cotangent(repeated, Layout.REPEATED, REPEATED_COTANGENT)

    def _with_cotangent(
        self, cotangent: Array, layout: Layout, circumstances: str
    ) -> Iterator[Trial]:
        """Compare the answers for a cotangent that is contiguous, and in another layout."""
        problem = self._fresh_problem()
        contiguous = self._backend.asarray(cotangent)
        laid_out = self._backend.laid_out(contiguous, layout)
        if laid_out is None:
            return
        beside = self._tried(lambda: self._answer(replace(problem, direction=contiguous)))
        answer = self._tried(lambda: self._answer(replace(problem, direction=laid_out)))
        if answer is not None and beside is not None:
            yield Trial(MEMORY_LAYOUT, circumstances, answer, beside=beside)

    def _with_a_call_between(self) -> Iterator[Trial]:
        problem = self._fresh_problem()
        if not self._cell.points.further:
            return
        other = self._problem_at(0)

        def function(active: Any, constants: tuple[Any, ...]) -> Any:
            output = problem.function(active, constants)
            problem.function(other.active, other.constants)
            return output

        answer = self._tried(lambda: self._answer_of(replace(problem, function=function)))
        if answer is not None:
            yield Trial("call between", CALL_BETWEEN, answer)

    def _with_all_arguments_active(self) -> Iterator[Trial]:
        """Differentiate with respect to all floating arguments, and keep what belongs to one."""
        problem, inputs = self._fresh_problem(), self._cell.points.first
        places = [
            position - (position > inputs.active)  # among the constants
            for position in inputs.floating_positions
            if position != inputs.active
        ]
        if not places:
            return

        def function(actives: Any, constants: tuple[Any, ...]) -> Any:
            active, *others = actives
            arguments = list(constants)
            for place, argument in zip(places, others, strict=True):
                arguments[place] = argument
            return problem.function(active, tuple(arguments))

        actives = (problem.active, *(problem.constants[place] for place in places))
        joint = replace(problem, function=function, active=actives)
        answer = self._tried(lambda: self._answer_of(joint, lambda answers: answers[0]))
        if answer is not None:
            circumstances = (
                "Where the derivatives by all arguments are asked for at once, that by "
                f"{self._cell.question.active_name or 'those given'} is wrong."
            )
            yield Trial("all arguments", circumstances, answer)

    # ---- pieces

    def _fresh_problem(self) -> Problem:
        """The cell's problem with arrays of its own, which may be written into."""
        return self._cell.problem_at(self._backend, self._cell.points.first)

    def _problem_at(self, number: int) -> Problem:
        return self._cell.problem_at(self._backend, self._cell.points.further[number])

    def _answer(self, problem: Problem) -> Answer:
        """What the cell's call gives with other arrays."""
        answer = self._cell.call(problem.active, problem.constants, problem.direction)
        return self._collect(answer)

    def _answer_of(
        self, problem: Problem, choose: Callable[[Any], Any] = lambda answer: answer
    ) -> Answer:
        """What the cell's question has for an answer where its function is another.

        choose: takes what is wanted of the answer.
        """
        case = self._cell.case
        _, call = prepare(self._backend, problem, case.operator, case.mode, case.order)
        return self._collect(choose(call(problem.active, problem.constants, problem.direction)))

    def _tried(self, answer: Callable[[], Answer]) -> Answer | None:
        """An answer, or None where the code refuses: that is all that can be asked of it."""
        try:
            return answer()
        except Exception:
            return None

    def _collect(self, answer: Any) -> Answer:
        return self._cell.collected(self._backend, answer)

    def _laid_out(self, problem: Problem, layout: Layout) -> Problem | None:
        """The problem with all arrays in another layout, or None where the framework has none."""
        if self._backend.laid_out(arrays_of(problem)[0], layout) is None:
            return None
        trees = [
            tree.map(lambda array: self._backend.laid_out(array, layout), argument)
            for argument in trees_of(problem)
        ]
        active, *constants = trees[: 1 + len(problem.constants)]
        direction = trees[-1] if problem.direction is not None else None
        return replace(problem, active=active, constants=tuple(constants), direction=direction)

    def _overwrite(self, other: Problem) -> bool:
        """Write the numbers of another problem into the arrays of the cell's.

        Return whether the backend can.
        """
        pairs = zip(arrays_of(self._cell.problem), arrays_of(other), strict=True)
        return all(
            self._backend.overwrite(array, self._backend.to_numpy(values))
            for array, values in pairs
        )
