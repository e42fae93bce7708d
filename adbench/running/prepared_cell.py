"""A prepared cell: a case on a backend whose call is built, staged, and not made yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adbench.backends.base import (
    Backend,
    Call,
    Problem,
    Unsupported,
    compressed,
    prepare,
    to_backend,
)
from adbench.backends.hand_written import returning_one_array
from adbench.backends.reference import Tape
from adbench.cases.answer import Answer, collect
from adbench.cases.case import NATIVE, Case
from adbench.cases.inputs import Inputs
from adbench.cases.model import Model
from adbench.cases.operators import DENSE, SINGLE, Mode, Operator
from adbench.cases.question import Question, array_name
from adbench.planning.points import SubjectPoints
from adbench.running.complex_problem import complex_problem, of_parts, takes_complex_arrays
from adbench.sparsity.expansion import as_hessian, as_jacobian
from adbench.timing import clock
from adbench.timing.clock import Thunk
from reference_ad.engine import tree

if TYPE_CHECKING:
    from adbench.sparsity.compression import Compression  # which imports SciPy


COMPLEX_DTYPES = ("float64", "float32")
"""The dtypes of which all frameworks have complex numbers."""


@dataclass(frozen=True)
class PreparedCell:
    """A cell whose call is built and staged."""

    case: Case
    """What is asked."""
    model: Model
    """The model it is asked of."""
    points: SubjectPoints
    """Its inputs at all points, as NumPy arrays."""
    problem: Problem
    """The function and its inputs at the first point, on the backend's side."""
    call: Call
    """The prepared call, `call(active, constants, direction)`."""
    operator: Thunk
    """The call at the first point, which waits for its result: what is timed."""
    route: str
    """How the backend answers."""
    prepare_s: float
    """How long building and staging the call took (s)."""

    @property
    def question(self) -> Question:
        """What is asked at the first point."""
        return Question.of(self.case, self.model, self.points.first)

    @property
    def colours(self) -> int | None:
        """In how many passes a sparse matrix is computed; None where it is none."""
        compression = self.problem.compression
        return None if compression is None else compression.colours

    def problem_at(self, backend: Backend, inputs: Inputs) -> Problem:
        """Move other inputs to the backend's side."""
        return problem_of(backend, self.case, self.model, inputs, self.problem.compression)

    def collected(self, backend: Backend, answer: Any) -> Answer:
        """Return the arrays of an answer, which are copied.

        Of a sparse matrix that is the whole of it, of several at once their tuple, and of complex
        arrays their parts.
        """
        if self.problem.is_complex:
            arrays = tree.map(backend.to_numpy, answer)
            return collect(of_parts(arrays, self.case, conjugates=bool(backend.conjugates)))
        compression = self.problem.compression
        if self.case.operator in SINGLE:
            return collect(_unstacked(tree.map(backend.to_numpy, answer)))
        if compression is None:
            return collect(answer, backend.to_numpy)
        matrix = compression.matrix(backend.to_numpy(answer)).toarray()
        inputs = self.points.first
        active = inputs.arguments[inputs.active]
        if self.case.operator is Operator.SPARSE_HESSIAN:
            return collect(as_hessian(matrix, active))
        return collect(as_jacobian(matrix, inputs.cotangent.shape, active))


def prepared(backend: Backend, case: Case, model: Model, points: SubjectPoints) -> PreparedCell:
    """Build and stage the call of a cell. Raises Unsupported where the backend has no way."""
    problem = problem_of(backend, case, model, points.first)
    (route, call), prepare_s = clock.once(
        lambda: prepare(backend, problem, case.operator, case.mode, case.order)
    )

    active, constants, direction = problem.active, problem.constants, problem.direction
    synchronize = backend.synchronize

    def operator() -> Any:
        answer = call(active, constants, direction)
        synchronize(answer)
        return answer

    return PreparedCell(case, model, points, problem, call, operator, route, prepare_s)


def problem_of(
    backend: Backend,
    case: Case,
    model: Model,
    inputs: Inputs,
    compression: Compression | None = None,
) -> Problem:
    """Move the inputs of a case to the backend's side.

    compression: of a sparse operator, where its pattern is known already.
    """
    if inputs.is_complex and case.dtype not in COMPLEX_DTYPES:
        raise Unsupported(f"There are no complex numbers in {case.dtype}.")
    if takes_complex_arrays(backend, case, inputs):
        return complex_problem(backend, case, model, inputs)
    native = case.implementation == NATIVE
    function = model.output if inputs.is_complex else model.output_of_reals
    if native:
        function = returning_one_array(backend, model, inputs)
    problem = to_backend(backend, function, inputs, case.operator, native=native)
    if case.operator not in DENSE:
        return problem
    compression = compression or _compression(case, model, inputs)
    by_output = case.mode is Mode.REVERSE
    like = inputs.cotangent if by_output else inputs.arguments[inputs.active]
    return compressed(problem, backend, compression, like)


def _compression(case: Case, model: Model, inputs: Inputs) -> Compression:
    """How a sparse operator of a model is computed. Raises SpecError where it cannot be traced."""
    from adbench.sparsity.compression import compression_of
    from adbench.sparsity.pattern import pattern_of

    traced = to_backend(Tape(), model.output, inputs, case.operator)
    pattern = pattern_of(traced.function, traced.active, traced.constants, case.operator)
    return compression_of(pattern, case.operator, case.mode)


def _unstacked(stacked: Any) -> tuple[Any, ...]:
    """Trees that are stacked along a first axis, as a tuple."""
    count = len(tree.leaves(stacked)[0])
    return tuple([tree.map(lambda leaf, k=k: leaf[k, ...], stacked) for k in range(count)])


def trees_of(problem: Problem) -> list[Any]:
    """Return what a problem is posed with: the active argument, the constants, the direction."""
    trees = [problem.active, *problem.constants]
    if problem.direction is not None:
        trees.append(problem.direction)
    return trees


def arrays_of(problem: Problem) -> list[Any]:
    """Return every array of a problem."""
    return [leaf for argument in trees_of(problem) for leaf in tree.leaves(argument)]


def array_names(cell: PreparedCell) -> list[str]:
    """Return what to call every array of a cell's problem: its argument, and its place in that."""
    argument_titles = cell.question.argument_names
    titles = [argument_titles.pop(cell.points.first.active), *argument_titles]
    directions = ["the cotangent", "the tangent"]
    if cell.case.operator is Operator.VJP:
        directions = ["the cotangent"]
    if cell.case.operator in DENSE:
        directions = ["the seeds"]
    if cell.case.operator in SINGLE:
        directions = ["the batch"]
    trees = trees_of(cell.problem)
    if len(trees) > len(titles):  # the directions come last; an hvp may have both
        titles += directions[len(titles) - len(trees) :]
    names = []
    for title, argument in zip(titles, trees, strict=True):
        names += [array_name(title, path) for path in tree.paths(argument)]
    return names
