"""The worker: the process in which one framework is imported and its cells are computed, checked
and timed.

It is started as `python -m adbench.running.worker FD FD` with its threads already set in the
environment, reads requests from the first descriptor and answers each on the second. What the
framework prints goes to the worker's log. A cell is opened once, sampled in turns, and closed with
its row; whatever it raises ends in its row as well.
"""

from __future__ import annotations

import ctypes
import faulthandler
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import isnan, nan
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from adbench import registry
from adbench.backends.base import Backend, Problem, Unsupported, prepare, to_backend
from adbench.cases.case import DTYPES, NATIVE, Case
from adbench.cases.inputs import Inputs, make_inputs
from adbench.cases.model import Model, SpecError
from adbench.cases.operators import Mode, Operator
from adbench.judging import behaviour
from adbench.judging.examiner import Evidence, Examiner, argument_names, second_path
from adbench.results.row import Outcome, Row, Verdict
from adbench.running import protocol as wire
from adbench.timing import clock, memory, stats
from adbench.truth import answers
from adbench.truth import truth as known
from adbench.truth.certificate import CertificateError
from reference_ad.engine import tree

DOUBTFUL_INTERVAL = 0.5
"""A confidence interval wider than this fraction of its median is flagged."""

SECOND_POINT_LIMIT_S = 2.0
"""Where the truth takes longer than this (s), it is not computed at a second point as well."""

SLOW_CALL_S = 0.3
"""A call that takes longer than this (s) is made at the second point once, with new arrays, and not
in place too."""

SETTLE_EVERY_S = 5.0
"""The garbage of the cells opened within this time (s) is collected together: it takes a framework
0.1 s."""

NOT_REPEATABLE = "not repeatable"
"""The flag of a cell whose second answer differs from its first."""


@dataclass
class Cell:
    """A cell that is open in this worker: its prepared calls, and the samples taken so far."""

    case: Case
    row: Row
    operator: Callable[[], Any]
    primal: Callable[[], Any]
    loops: int
    primal_loops: int
    samples: list[float] = field(default_factory=list)
    primal_samples: list[float] = field(default_factory=list)
    wall_s: float = 0.0
    cpu_s: float = 0.0


class Worker:
    """Answers requests for one backend. `name` is the backend's; `load_model` finds a model by its
    origin."""

    def __init__(
        self,
        backend: Backend,
        name: str,
        seed: int,
        lowest_dtype: str,
        threads: int,
        load_model: Callable[[str], Model] = registry.load_model,
    ) -> None:
        self.backend = backend
        self.name = name
        self.seed = seed
        self.lowest_dtype = lowest_dtype
        self.threads = threads
        self.open_cells: dict[str, Cell] = {}
        self.settled_at = 0.0
        self.examiner = Examiner(backend.exact)
        self.load_model = lru_cache(maxsize=None)(load_model)
        self.inputs = lru_cache(maxsize=4)(self._inputs)
        self.inputs_elsewhere = lru_cache(maxsize=4)(self._inputs_elsewhere)
        self.staged_primal = lru_cache(maxsize=2)(self._staged_primal)

    def open(
        self,
        key: str,
        case: Case,
        origin: str,
        truth: str,
        known: dict[str, Any],
        *,
        timed: bool = True,
    ) -> Row | None:
        """Prepare, call and check one cell. Return its row where it has already ended, None where
        it can be timed."""
        row = Row.begun(case, self.name, **known)
        try:
            opened = self._opened(case, origin, truth, row, timed)
            if not timed:
                return opened.row
            self.open_cells[key] = opened
            if time.monotonic() - self.settled_at > SETTLE_EVERY_S:
                clock.settle()
                self.settled_at = time.monotonic()
            return None
        except Exception as error:
            return ended(row, error, self.backend)

    def _opened(self, case: Case, origin: str, truth_path: str, row: Row, timed: bool) -> Cell:
        if case.dtype not in self.backend.dtypes:
            raise Unsupported(
                f"It does not compute in {case.dtype}; it does in {', '.join(self.backend.dtypes)}."
            )
        model, inputs = self.load_model(origin), self.inputs(origin, case.size, case.dtype)
        problem = self._problem(model, inputs, case)
        (route, call), prepare_s = clock.once(
            lambda: prepare(self.backend, problem, case.operator, case.mode, case.order)
        )

        def operator() -> Any:
            answer = call(problem.active, problem.constants, problem.direction)
            self.backend.synchronize(answer)
            return answer

        first, first_s = clock.once(operator)
        answer = answers.collect(first, self.backend.to_numpy)
        there = self.inputs_elsewhere(origin, case.size, case.dtype)
        elsewhere: list[answers.Answer] = []
        if truth_path and second_path(truth_path).exists():
            moved = self._problem(model, there, case)
            # In place, where that can be done: what is kept by the identity of an array is then
            # stale. And with new
            # arrays: what keeps an array itself is stale then.
            if first_s < SLOW_CALL_S and self._overwritten(problem, moved):
                elsewhere.append(answers.collect(operator(), self.backend.to_numpy))
                self._overwritten(problem, self._problem(model, inputs, case))
            elsewhere.append(
                answers.collect(
                    call(moved.active, moved.constants, moved.direction), self.backend.to_numpy
                )
            )
        (second, second_s), peak = memory.watched(lambda: clock.once(operator))
        again = answers.collect(second, self.backend.to_numpy)
        evidence = Evidence(
            answer, again, tuple(elsewhere), self._changed(problem, inputs, model, case)
        )
        row = replace(
            row,
            route=route,
            prepare_s=prepare_s,
            first_s=first_s,
            repeatable=behaviour.same(answer, again),
            flags="" if behaviour.same(answer, again) else NOT_REPEATABLE,
            peak_bytes=peak,
        )
        row = self.examiner.examine(row, case, evidence, model, inputs, there, truth_path)
        if not timed:
            return Cell(case, row, operator, operator, 0, 0)
        primal, primal_loops = self.staged_primal(
            origin, replace(case, operator=Operator.VALUE, order=0, mode=Mode.NONE)
        )
        return Cell(case, row, operator, primal, clock.calibrate(operator, second_s), primal_loops)

    def sample(self, key: str, pairs: int, turn_s: float, most_s: float) -> Row | None:
        """Take paired samples of an open cell until `pairs` are taken or `turn_s` seconds have
        gone, at least one.

        A cell that has been sampled for `most_s` seconds is left as it is.
        """
        cell = self.open_cells[key]
        if cell.wall_s > most_s:
            return None
        try:
            with clock.undisturbed():
                wall, cpu = time.perf_counter(), time.process_time()
                for _ in range(pairs):
                    cell.samples.append(clock.sample(cell.operator, cell.loops))
                    cell.primal_samples.append(clock.sample(cell.primal, cell.primal_loops))
                    if time.perf_counter() - wall > turn_s:
                        break
                cell.wall_s += time.perf_counter() - wall
                cell.cpu_s += time.process_time() - cpu
            return None
        except Exception as error:
            del self.open_cells[key]
            return ended(cell.row, error, self.backend)

    def close(self, key: str) -> Row:
        """End a cell and return its row."""
        cell = self.open_cells.pop(key)
        time_s, primal_s = stats.median(cell.samples), stats.median(cell.primal_samples)
        cost = stats.ratio(cell.samples, cell.primal_samples)
        cpu_per_wall = cell.cpu_s / cell.wall_s if cell.wall_s else nan
        flags = [cell.row.flags] if cell.row.flags else []
        if cell.case.operator is not Operator.VALUE and cost.high < 1:
            flags.append("faster than its primal")
        if isnan(time_s.high):
            flags.append("too few samples for an interval")
        elif time_s.high - time_s.low > DOUBTFUL_INTERVAL * time_s.median:
            flags.append("wide interval")
        if cpu_per_wall > self.threads + 0.25:
            flags.append(f"used {cpu_per_wall:.1f} threads")
        return replace(
            cell.row,
            median_s=time_s.median,
            ci_low_s=time_s.low,
            ci_high_s=time_s.high,
            samples=len(cell.samples),
            loops=cell.loops,
            primal_s=primal_s.median,
            cost_ratio=cost.median,
            cost_ratio_low=cost.low,
            cost_ratio_high=cost.high,
            cpu_per_wall=cpu_per_wall,
            flags="; ".join(flags),
            samples_s=tuple(cell.samples),
            primal_samples_s=tuple(cell.primal_samples),
        )

    def _inputs(self, origin: str, size: str, dtype: str) -> Inputs:
        return make_inputs(self.load_model(origin), size, self.seed, self.lowest_dtype).astype(
            dtype
        )

    def _inputs_elsewhere(self, origin: str, size: str, dtype: str) -> Inputs:
        inputs = make_inputs(self.load_model(origin), size, self.seed, self.lowest_dtype)
        return behaviour.second_point(inputs, self.lowest_dtype).astype(dtype)

    def _overwritten(self, problem: Problem, other: Problem) -> bool:
        """Put the numbers of another problem into the arrays of this one, and return whether the
        backend can."""
        pairs = zip(_arrays(problem), _arrays(other), strict=True)
        return all(
            self.backend.overwrite(array, self.backend.to_numpy(values)) for array, values in pairs
        )

    def _changed(self, problem: Problem, inputs: Inputs, model: Model, case: Case) -> str:
        """Return which of the inputs on the backend's side are not what they were, in a
        sentence."""
        names = argument_names(model, len(inputs.arguments))
        titles = [names.pop(inputs.active), *names]
        trees = _trees(problem)
        directions = (
            ["the cotangent"] if case.operator is Operator.VJP else ["the cotangent", "the tangent"]
        )
        titles += directions[len(titles) - len(trees) :] if len(trees) > len(titles) else []
        paths = [
            f"{title}{path}"
            for title, each in zip(titles, trees, strict=True)
            for path in tree.paths(each)
        ]
        before = [
            self.backend.to_numpy(array) for array in _arrays(self._problem(model, inputs, case))
        ]
        return behaviour.changed(
            before, [self.backend.to_numpy(array) for array in _arrays(problem)], paths
        )

    def _problem(self, model: Model, inputs: Inputs, case: Case) -> Problem:
        native = case.implementation == NATIVE
        function = model.native[self.backend.framework] if native else model.function
        return to_backend(self.backend, function, inputs, case.operator, native=native)

    def _staged_primal(self, origin: str, case: Case) -> tuple[Callable[[], Any], int]:
        """Return the function alone, staged like the operators, with its loops. Cases of one size
        share it."""
        problem = self._problem(
            self.load_model(origin), self.inputs(origin, case.size, case.dtype), case
        )
        _, call = prepare(self.backend, problem, case.operator, case.mode, case.order)

        def primal() -> Any:
            value = call(problem.active, problem.constants, problem.direction)
            self.backend.synchronize(value)
            return value

        return primal, clock.calibrate(primal, clock.once(primal)[1])


def ended(row: Row, error: Exception, backend: Backend) -> Row:
    """Return the row of a cell that raised."""
    outcome = Outcome.RAISED
    if isinstance(error, Unsupported | NotImplementedError) or backend.lacks_rule(error):
        outcome = Outcome.UNSUPPORTED
    elif backend.is_out_of_memory(error):
        outcome = Outcome.OUT_OF_MEMORY
    # The verdict goes with the answer: a cell that did not end well has none.
    return replace(row, outcome=outcome, verdict=Verdict.NONE, message=sentence(error))


def sentence(error: BaseException) -> str:
    """Return an exception as one line: its type and the first lines of its message."""
    text = " ".join(str(error).split())
    if isinstance(error, Unsupported | SpecError):
        return text
    return f"{type(error).__name__}: {text[:400]}{' ...' if len(text) > 400 else ''}"


def _trees(problem: Problem) -> list[Any]:
    """What a problem is posed with: the active argument, the constants, the direction."""
    return [
        problem.active,
        *problem.constants,
        *([] if problem.direction is None else [problem.direction]),
    ]


def _arrays(problem: Problem) -> list[Any]:
    """Every array of a problem."""
    return [leaf for each in _trees(problem) for leaf in tree.leaves(each)]


def establish(request: wire.Message) -> wire.Message:
    """Compute the truth of a question and write it to the file asked for. This is the work of the
    truth's worker."""
    asked = {name: request[name] for name in ("size", "order", "seed", "lowest_dtype", "dtypes")}
    model = registry.load_model(request["origin"])
    try:
        return write_truth(
            model, operator=Operator(request["operator"]), path=Path(request["path"]), **asked
        )
    except CertificateError as error:
        return {"broken": str(error)}


def write_truth(
    model: Model,
    size: str,
    operator: Operator,
    order: int,
    seed: int,
    lowest_dtype: str,
    path: Path,
    dtypes: Sequence[str] = DTYPES,
) -> wire.Message:
    """Compute the truth of a question about a model, with bounds for `dtypes`, and write it to a
    file.

    The reply says where, and what is in doubt. Raises CertificateError where a derivative rule of
    ours is wrong.
    """
    inputs = make_inputs(model, size, seed, lowest_dtype)
    began = time.monotonic()
    try:
        truth = known.establish(model, inputs, operator, order, dtypes)
    except CertificateError:
        raise
    except Exception as error:
        return {"doubt": f"No truth could be computed: {sentence(error)}", "path": ""}
    known.save(truth, path)
    second_path(path).unlink(missing_ok=True)
    if time.monotonic() - began < SECOND_POINT_LIMIT_S and not truth.doubt:
        with suppress(Exception):  # where there is no truth, the second point is not judged
            moved = behaviour.second_point(inputs, lowest_dtype)
            there = known.establish(model, moved, operator, order, dtypes)
            if not there.doubt and there.answer.is_finite:
                known.save(there, second_path(path))
    return {"doubt": truth.doubt, "path": str(path)}


def serve(requests: Connection[Any, Any], replies: Connection[Any, Any]) -> None:
    """Answer requests until the runner closes the line."""
    worker: Worker | None = None
    modes = ExitStack()  # the backend's, for as long as the process lives
    while True:
        try:
            request = wire.receive(requests)
        except EOFError:
            return
        if request["do"] == "start":
            try:
                backend = registry.load_backend(request["load"])
                modes.enter_context(backend.modes())
                worker = Worker(
                    backend,
                    request["name"],
                    request["seed"],
                    request["lowest_dtype"],
                    request["threads"],
                )
                reply: wire.Message = {"ok": True}
            except ModuleNotFoundError as error:
                reply = {
                    "ok": False,
                    "outcome": Outcome.NOT_INSTALLED,
                    "message": f"{error.name} is not installed.",
                }
            except Exception as error:
                reply = {
                    "ok": False,
                    "outcome": Outcome.RAISED,
                    "message": f"Could not be started: {sentence(error)}",
                }
        elif request["do"] == "truth":
            reply = establish(request)
        else:
            assert worker is not None
            if request["do"] == "open":
                case = Case.from_json(request["case"])
                row = worker.open(
                    request["key"],
                    case,
                    request["origin"],
                    request["truth"],
                    request["known"],
                    timed=request["timed"],
                )
            elif request["do"] == "sample":
                row = worker.sample(
                    request["key"], request["pairs"], request["turn_s"], request["most_s"]
                )
            else:
                row = worker.close(request["key"])
            reply = {"row": row.to_json() if row else None}
        wire.send(replies, reply)


def main() -> None:
    """Serve on the descriptors given on the command line."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the runner's to handle
    if sys.platform == "linux":
        # A worker that hangs must not outlive a runner that was killed: PR_SET_PDEATHSIG (1),
        # prctl(2).
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    requests, replies = (int(descriptor) for descriptor in sys.argv[1:3])
    serve(Connection(requests, writable=False), Connection(replies, readable=False))


if __name__ == "__main__":
    main()
