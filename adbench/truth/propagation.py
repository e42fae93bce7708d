"""Bounds of first order, which keep what depends on what.

Balls forget that two numbers were computed of the same ones: eigenvectors and eigenvalues of one
matrix, or the iterates of Newton's method, which correct each other. Through a decomposition, or a
loop, they grow far beyond what rounding does. To first order in the rounding errors nothing is
forgotten. With e_i the error that rounding makes in the i-th result of a program, an answer is off
by

    sum_i (d answer / d e_i) e_i + ...,    |e_i| <= what `rounding.py` allows there,

and reverse mode gives the derivative of the answer with respect to all errors at once (S.
Linnainmaa, Taylor expansion of the accumulated rounding error, BIT 16, 1976). A solver or a
factorization is backward stable: its error is that of a nearby matrix, and passed on as such, so
that a function of matrices has its own condition number and not that of its eigenvectors.

The program is the one that computes the answer, derivatives included, in doubles. What the first
order leaves out is not bounded but tried: errors of a random sign and many times as large must move
the answer in proportion. They do not where a branch, or a kink, lies within the reach of rounding;
there is no bound of first order then. That they do is taken to show that the higher orders are at
most as large again, so that the bound is twice that of the first order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Any

import numpy as np

from adbench.backends.base import prepare, to_backend
from adbench.backends.reference import Tape as Engine
from adbench.cases.answer import Answer
from adbench.cases.inputs import Array
from adbench.cases.operators import Mode
from adbench.cases.question import Question
from adbench.truth.evaluation import UNDECIDED, cheapest_mode
from adbench.truth.formats import FORMATS, Format
from adbench.truth.formulas import exact_sum
from adbench.truth.rounding import arithmetic, lost_in_doubles, lost_in_storage
from ball_arithmetic import namespace, numbers, radii
from reference_ad.engine import tree
from reference_ad.engine.core import Primitive
from reference_ad.engine.rounding import Rounding
from reference_ad.engine.tape import Tape, TapeTracer
from reference_ad.engine.transposition import pull
from reference_ad.rules.elementwise import abs as absolute
from reference_ad.rules.reductions import sum as total
from reference_ad.transformations.batching import Batch, BatchTracer, over_basis

HIGHER_ORDERS = 2.0
"""By which factor a bound is wider than its first order."""

TRIALS = (16.0, 64.0, 256.0, 1024.0) * 2
"""By how much the errors are larger than rounding's in each trial."""

PROPORTIONAL = 1.25
"""An answer moves in proportion where it moves by this part of the first order at most."""

MOST_MOVED = 8
"""So many entries of an answer are looked at before all of them are."""

SEED = 20260
"""The seed of the random signs."""

MOST_NUMBERS = 1 << 27
"""A bound of first order takes the derivative of all entries with respect to all intermediate
results; where that is more numbers, there is none."""

MOST_CONTRACTED = 1 << 28
"""The same where a whole answer, with all that it is made of, is contracted to a number."""

MANY = 1 << 12
"""Of an array of so many numbers it is told in doubles how far rounding takes each, where that can
be: balls take microseconds for each."""

MOST_RESULTS = 4_000
"""A program with more intermediate results has no bound of first order."""


def first_order_bounds(
    question: Question, form: Format, truth: Answer, mode: Mode | None = None
) -> tuple[Array, ...] | None:
    """Return for each array how far rounding moves each entry to first order, and as far again.

    mode: how the answer is computed; None for the cheapest way.

    float64. None where the answer does not move in proportion to the errors, or where `truth`, the
    answer itself, is farther from what doubles give; where the derivatives would be too many; and
    where a program has complex numbers.
    """
    reaches = _reaches(question, Errors(form), truth, mode or cheapest_mode(question))
    return None if reaches is None else tuple(HIGHER_ORDERS * reach for reach in reaches)


def first_order_reach(
    question: Question, relative: float, truth: Answer
) -> tuple[Array, ...] | None:
    """Return for each array how far each entry moves where the active numbers do, twice as far.

    relative: by which part of their size the active numbers move. truth: the answer.

    float64. None as for `first_order_bounds`.
    """
    reaches = _reaches(question, Errors(of_inputs=relative), truth, cheapest_mode(question))
    return None if reaches is None else tuple(HIGHER_ORDERS * reach for reach in reaches)


def first_order_bound_of_contraction(
    question: Question, form: Format, truth: Array, contract: Contract
) -> Array | None:
    """Return how far rounding moves a contraction of an answer to first order, and as far again.

    contract: gives the contraction of the leaves of the answer, a scalar; it is taken to make no
    error. truth: the contraction itself.

    float64, of shape (). None as for `first_order_bounds`.
    """
    answer = Answer(("",), (truth,))
    reaches = _reaches(question, Errors(form), answer, cheapest_mode(question), contract)
    return None if reaches is None else HIGHER_ORDERS * reaches[0]


def _reaches(
    question: Question,
    source: Errors,
    answer: Answer,
    mode: Mode,
    contract: Contract | None = None,
) -> list[Array] | None:
    with np.errstate(all="ignore"):
        try:
            return _reaches_within_trials(question, source, answer, mode, contract)
        except UNDECIDED:
            return None


def _reaches_within_trials(
    question: Question,
    source: Errors,
    answer: Answer,
    mode: Mode,
    contract: Contract | None,
) -> list[Array] | None:
    most = MOST_NUMBERS // max(1, sum(array.size for array in answer.arrays))
    if contract is not None:
        most = MOST_CONTRACTED
    program = Program(source, most=most)
    outputs = program.run(question, mode, contract)
    if sum(map(np.size, program.answers)) > most:
        return None
    answers = [_plain(output) for output in outputs]
    rng = np.random.default_rng(SEED)

    def moved(scale: float) -> list[Array]:
        """The answers with errors that are larger than rounding's."""
        errors = [scale * size * rng.choice([-1.0, 1.0], size.shape) for size in program.sizes]
        trial = Program(source, errors)
        return [_plain(output) for output in trial.run(question, mode, contract)]

    first = moved(TRIALS[0])
    if not _is_proportional_where_most_moved(program, outputs, first):
        return None
    reaches = [program.reach(output) for output in outputs]
    is_rounded = source.form is not None
    if is_rounded and not _all_within(answers, answer.arrays, reaches, HIGHER_ORDERS):
        return None
    if not _all_within(answers, first, reaches, PROPORTIONAL * TRIALS[0]):
        return None
    for scale in TRIALS[1:]:
        if not _all_within(answers, moved(scale), reaches, PROPORTIONAL * scale):
            return None
    return reaches


def _is_proportional_where_most_moved(
    program: Program, outputs: Sequence[Any], moved: Sequence[Array]
) -> bool:
    """Whether errors move the entries in proportion that they move most, beside their size.

    moved: the answers in the first trial. The reach of a few entries takes no time beside that of
    all, which is not needed where these are refused.
    """
    answers = [np.asarray(_plain(output)) for output in outputs]
    shares = [
        np.ravel(np.abs(other - answer) / np.maximum(np.abs(answer), _rounding_of_doubles(answer)))
        for answer, other in zip(answers, moved, strict=True)
    ]
    largest = [np.max(share, initial=0.0) for share in shares]
    place = int(np.argmax(largest))
    entries = np.argsort(shares[place])[-MOST_MOVED:]
    answer, other = (np.ravel(array)[entries] for array in (answers[place], moved[place]))
    reach = PROPORTIONAL * TRIALS[0] * program.reach_of(outputs[place], entries)
    return bool(np.all(np.abs(answer - other) <= reach + _rounding_of_doubles(answers[place])))


def _all_within(
    answers: Sequence[Array], others: Sequence[Array], reaches: Sequence[Array], factor: float
) -> bool:
    """Whether two answers differ by this factor times the reaches at most, in every entry."""
    return all(
        bool(np.all(np.abs(answer - other) <= factor * reach + _rounding_of_doubles(answer)))
        for answer, other, reach in zip(answers, others, reaches, strict=True)
    )


def _rounding_of_doubles(answer: Array) -> Array:
    """What is no distance between two answers in doubles: the last places of the largest entry."""
    form = FORMATS["float64"]
    size = np.max(np.abs(answer), initial=0.0)
    return np.asarray(form.functions * form.unit * size + form.smallest)


Contract = Callable[[list[Any]], Any]
"""Makes a scalar of the leaves of an answer, in arrays of the engine."""


@dataclass(frozen=True)
class Errors:
    """What is off in a program."""

    form: Format | None = None
    """The format in which every result is rounded; None: nothing is."""

    of_inputs: float = 0.0
    """By which part of their size the active numbers are off."""


class Floats(Engine):
    """The reference engine on a program's own variables."""

    def __init__(self, program: Program, active: Any) -> None:
        self._program = program
        self._active = {id(leaf) for leaf in tree.leaves(active)}
        self.xp = namespace(program.brought_along)

    def asarray(self, array: Array) -> Any:
        if not np.issubdtype(array.dtype, np.floating):
            return np.array(array)
        values = np.array(array, np.float64)
        return self._program.input(values, is_active=id(array) in self._active)


class Program(Tape):
    """A tape on which every number has its error beside it, as one more input.

    The errors are 0, or in a trial those given.
    """

    def __init__(
        self, source: Errors, errors: Sequence[Array] | None = None, *, most: float = inf
    ) -> None:
        """Prepare a tape, of no more errors than `most`.

        More raise ValueError while the program runs, as does a trial that takes another way.
        """
        super().__init__()
        self._left = most
        self.source = source
        self.sizes: list[Array] = []
        """How large the errors may be, in the order of execution."""
        self.places: list[int] = []
        """Where the errors are on the tape."""
        self._trial = None if errors is None else iter(errors)
        self._is_exact = False

    def run(self, question: Question, mode: Mode, contract: Contract | None = None) -> list[Any]:
        """Compute the answer to a question in a mode, and return the leaves of its tree.

        contract: computes in place of these, without errors, what is made of them.
        """
        inputs, operator, form = question.inputs, question.operator, self.source.form
        with nullcontext() if form is None else arithmetic(form), self:
            engine = Floats(self, inputs.arguments[inputs.active])
            problem = to_backend(engine, question.model.output, inputs, operator)
            _, call = prepare(engine, problem, operator, mode, question.order)
            leaves = tree.leaves(call(problem.active, problem.constants, problem.direction))
            if contract is not None:
                self._is_exact = True
                return [contract(leaves)]
        return leaves

    def input(self, array: Array, *, is_active: bool) -> Any:
        """An argument of the model."""
        variable = self.variable(array)
        if not is_active or not self.source.of_inputs:
            return variable
        return self._erring(variable, lambda: self.source.of_inputs * np.abs(array))

    def brought_along(self, x: Any) -> Any:
        """A float, or an array of floats, that the model brings along."""
        array, form = np.array(x, np.float64), self.source.form
        variable = self.variable(array)
        if form is None:
            return variable
        return self._erring(variable, lambda: lost_in_storage(form, array))

    def process(self, primitive: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        form, rounding = self.source.form, primitive.rounding
        if self._is_exact or form is None or primitive is exact_sum or rounding is Rounding.EXACT:
            return super().process(primitive, args, params)
        if rounding is Rounding.BACKWARD_STABLE:
            longest = max(max(arg.shape[-2:]) for arg in args)
            relative = longest * form.functions * form.unit
            args = tuple(self._nearby(arg, relative) for arg in args)
            return self._nearby(super().process(primitive, args, params), relative)
        ans = super().process(primitive, args, params)
        if not isinstance(ans, TapeTracer):
            return ans
        value = ans.primal
        return self._erring(ans, lambda: _lost(form, primitive, args, params, value))

    def reach(self, output: Any) -> Array:
        """How far the errors move each entry of an output to first order."""
        index = self.index_of(output)
        lost = over_basis(output.primal, self, partial(self._moved, index)) if index >= 0 else []
        shape = np.shape(_plain(output))
        if not lost or lost[0] is None:
            return np.zeros(shape)
        return np.reshape(lost[0], shape)

    def reach_of(self, output: Any, entries: Array) -> Array:
        """How far the errors move some entries of an output, given by their flat places."""
        index, value = self.index_of(output), np.asarray(_plain(output))
        if index < 0 or not entries.size:
            return np.zeros(entries.shape)
        units = np.zeros((entries.size, value.size))
        units[np.arange(entries.size), entries] = 1.0
        with Batch(entries.size) as batch:
            stack = BatchTracer(batch, units.reshape(entries.size, *value.shape))
            (moved,) = self._moved(index, stack)
            return np.zeros(entries.shape) if moved is None else np.asarray(batch.whole(moved))

    def _moved(self, index: int, units: Any) -> list[Any]:
        """The sum of all errors' sizes times their derivatives, for some entries of an output."""
        cotangents = pull(self, [index], [units])
        moved: Any = None
        for place, size in zip(self.places, self.sizes, strict=True):
            g = cotangents[place]
            if g is None:
                continue
            axis = tuple(range(size.ndim))
            part = total(absolute(g) * size, axis=axis, keepdims=False)
            moved = part if moved is None else moved + part
        return [moved]

    def _erring(self, x: TapeTracer, size_of: Callable[[], Array]) -> Any:
        """An array and its error, each element of which is of at most some size."""
        if self._trial is None:
            self._left -= x.size
            if len(self.sizes) >= MOST_RESULTS or self._left < 0:
                raise ValueError("The program is too long for a bound of first order.")
            self.sizes.append(np.broadcast_to(size_of(), x.shape))
            error = np.zeros(x.shape)
        else:
            error = next(self._trial, np.asarray(np.nan))
        if error.shape != x.shape:
            raise ValueError("With larger errors the program is another one.")
        variable = self.variable(error)
        self.places.append(variable.index)
        return super().process(exact_sum, (x, variable), {})

    def _nearby(self, x: Any, relative: float) -> Any:
        """Matrices that are off by this part of their largest elements; constants as they are."""
        if not isinstance(x, TapeTracer):
            return x

        def size_of() -> Array:
            axes = (-2, -1) if x.ndim >= 2 else ()
            largest = np.max(np.abs(x.primal), axis=axes, keepdims=True, initial=0.0)
            return np.asarray(relative * largest)

        return self._erring(x, size_of)


def _lost(
    form: Format,
    primitive: Primitive,
    args: tuple[Any, ...],
    params: dict[str, Any],
    ans: Array,
) -> Array:
    """How far rounding takes one result."""
    if ans.dtype.kind != "f":
        raise ValueError("Only real numbers have bounds of first order.")
    plain_args = [_plain(arg) for arg in args]
    if ans.size >= MANY:
        in_doubles = lost_in_doubles(form, primitive, plain_args, params, ans)
        if in_doubles is not None:
            return in_doubles
    balls = [_exact_ball(arg) for arg in plain_args]
    lost = radii(primitive(*balls, **params))
    guessed = form.functions * form.unit * np.abs(ans)
    return np.where(np.isfinite(lost), lost, np.where(np.isfinite(guessed), guessed, 0.0))


def _plain(x: Any) -> Any:
    return x.primal if isinstance(x, TapeTracer) else x


def _exact_ball(x: Any) -> Any:
    is_float = isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind == "f"
    return numbers(x) if is_float else x
