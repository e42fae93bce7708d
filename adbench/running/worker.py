"""The worker: a process round a session, in which one framework is imported.

A guard forks it (`worker_guard`), with its threads already set in the environment. It reads
requests from one descriptor and answers each on another, in the messages of `protocol`. What the
framework prints goes to the worker's log.
"""

from __future__ import annotations

import faulthandler
import os
import signal
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

from adbench import registry
from adbench.cases.messages import as_sentence, describe_exception
from adbench.cases.model import Model, SpecError
from adbench.cases.user_file import FileChanged, files_run
from adbench.counting.operations import OperationCounts
from adbench.explaining.again import cell_evidence
from adbench.graphs.trace import function_graph
from adbench.planning.model_plan import PlannedModel
from adbench.planning.points import drawing
from adbench.results.files import reason_of
from adbench.results.row import Outcome
from adbench.running import protocol, truths
from adbench.running.failures import failed_row
from adbench.running.model_plans import plan_models
from adbench.running.protocol import (
    CellExplained,
    CellOpen,
    CellRow,
    DrawGraph,
    EstablishTruth,
    ExplainCell,
    GraphDrawn,
    Message,
    ModelChanged,
    ModelsPlanned,
    Open,
    PlanModels,
    ProtocolError,
    Refused,
    Reply,
    Sample,
    Sampled,
    Start,
    Started,
    StartFailed,
    StepsSwept,
    SweepSteps,
    TruthBroken,
    TruthEstablished,
    TruthUnwritten,
    UserCodeFailed,
)
from adbench.running.session import Session
from adbench.step_sweep.run import rows as step_rows
from adbench.truth.certificate import CertificateError


class Worker:
    """Answers requests one by one; it holds the session between them."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._session_modes = ExitStack()
        self._load_model = lru_cache(maxsize=None)(self._imported_model)
        self._load_truths = lru_cache(maxsize=1)(truths.load)
        self._drawing = lru_cache(maxsize=1)(drawing)

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._session_modes.close()

    def answer(self, request: Message) -> Reply:
        """Do what a request asks for, and return the reply."""
        match request:
            case Start():
                return self._start(request)
            case PlanModels():
                return self._plan_models(request)
            case EstablishTruth():
                return self._establish_truth(request)
            case SweepSteps():
                return self._sweep_steps(request)
            case DrawGraph():
                return self._draw_graph(request)
            case Open() | Sample() | ExplainCell():
                if self._session is None:
                    return Refused("A cell was asked for before a session was; send Start first.")
                return self._in_session(self._session, request)
            case _:
                return Refused(
                    f"{type(request).__name__} is a reply; send a worker one of the requests."
                )

    def _start(self, request: Start) -> Started | StartFailed:
        if not request.load:
            return Started()
        try:
            backend = registry.load_backend(request.load)
            backend.set_up_process()
            session = Session(backend, request.points, request.threads)
            self._session = self._session_modes.enter_context(session)
        except ModuleNotFoundError as error:
            return StartFailed(Outcome.NOT_INSTALLED, f"{error.name} is not installed.")
        except Exception as error:
            message = f"Could not be started: {describe_exception(error)}"
            return StartFailed(Outcome.RAISED, message)
        return Started()

    def _defaults(self) -> AbstractContextManager[object]:
        """Return what models are imported in: the framework's defaults, as in a user's process.

        A module that a file makes has float32 parameters there.
        """
        if self._session is None:
            return nullcontext()
        return self._session.backend.native_modes("float32")

    def _imported_model(self, origin: str, accuracy: float | None) -> Model:
        with self._defaults():
            return _load_model(origin, accuracy)

    def _plan_models(self, request: PlanModels) -> ModelsPlanned | UserCodeFailed:
        try:
            with self._defaults():
                sources = registry.find_models([request.name])
            plans = plan_models(sources, request.assignment)
            return ModelsPlanned(tuple(PlannedModel.of(plan) for plan in plans), files_run())
        except SpecError as error:
            return UserCodeFailed(str(error))
        except BaseException as error:  # whatever ends a process at will ends the plan alone
            message = f"{request.name} could not be planned: {describe_exception(error, '')}"
            return UserCodeFailed(as_sentence(message))

    def _in_session(self, session: Session, request: Open | Sample | ExplainCell) -> Reply:
        if isinstance(request, ExplainCell):
            return self._explain_cell(session, request)
        return self._give_turn(session, request)

    def _explain_cell(
        self, session: Session, request: ExplainCell
    ) -> CellExplained | TruthBroken | UserCodeFailed:
        try:
            with self._defaults():
                source = registry.model_among(request.names, request.case.model)
            inputs = request.points.first(source.model, request.case.size)
            loading = registry.lines_that_load(source, session.backend.framework)
            evidence = cell_evidence(
                session.backend, source.model, request.case, inputs, request.backend, loading
            )
            return CellExplained(evidence)
        except CertificateError as error:
            return TruthBroken(str(error))
        except SpecError as error:
            return UserCodeFailed(str(error))
        except BaseException as error:  # whatever ends a process at will ends the explanation alone
            return UserCodeFailed(as_sentence(describe_exception(error)))

    def _draw_graph(self, request: DrawGraph) -> GraphDrawn | UserCodeFailed:
        try:
            with self._defaults():
                source = registry.find_model(request.name)
            size = request.request.size or next(iter(source.model.sizes))
            inputs = request.points.first(source.model, size)
            wanted = replace(request.request, size=size)
            return GraphDrawn(function_graph(source.model, inputs, wanted))
        except SpecError as error:
            return UserCodeFailed(str(error))
        except BaseException as error:  # whatever ends a process at will ends the picture alone
            message = f"{request.name} could not be drawn: {describe_exception(error, '')}"
            return UserCodeFailed(as_sentence(message))

    def _sweep_steps(
        self, request: SweepSteps
    ) -> StepsSwept | TruthBroken | UserCodeFailed | ModelChanged:
        try:
            model = self._load_model(request.origin, None)
            inputs = request.points.first(model, request.size)
            return StepsSwept(tuple(step_rows(model, request.size, inputs, request.dtype)))
        except CertificateError as error:
            return TruthBroken(str(error))
        except FileChanged as error:
            return ModelChanged(str(error))
        except Exception as error:
            return UserCodeFailed(as_sentence(describe_exception(error)))

    def _establish_truth(
        self, request: EstablishTruth
    ) -> TruthEstablished | TruthBroken | TruthUnwritten | ModelChanged:
        try:
            model = self._load_model(request.origin, request.accuracy)
        except FileChanged as error:
            return ModelChanged(str(error))
        try:
            established = truths.establish(model, request.case, self._drawing(request.points))
        except CertificateError as error:
            return TruthBroken(str(error))
        try:
            path = truths.save(established, Path(request.path))
        except OSError as error:
            return TruthUnwritten(_unwritten(Path(request.path).parent, error))
        counts = OperationCounts()
        if request.counted:
            counts = truths.count_operations(model, request.case, self._drawing(request.points))
        return TruthEstablished(path, established.doubt, counts, established.is_known)

    def _give_turn(
        self, session: Session, request: Open | Sample
    ) -> CellOpen | Sampled | CellRow | ModelChanged:
        match request:
            case Open():
                return self._open(session, request)
            case Sample(keys, sampling):
                turn = session.sample(keys, sampling)
                return Sampled(turn.ended, turn.unsettled)

    def _open(self, session: Session, request: Open) -> CellOpen | CellRow | ModelChanged:
        try:
            model = self._load_model(request.origin, request.accuracy)
            established = self._load_truths(request.truth_path)
        except FileChanged as error:
            return ModelChanged(str(error))
        except Exception as error:
            return CellRow(failed_row(request.begun, error, session.backend))
        row = session.open(
            request.key, request.case, model, request.begun, established, timed=request.timed
        )
        return CellOpen() if row is None else CellRow(row)


def _unwritten(folder: Path, error: OSError) -> str:
    """Why the file of a truth could not be written, and what to do."""
    return (
        f"It could not be written to the temporary folder {folder} ({reason_of(error)}); make room "
        "there, or set TMPDIR to another folder."
    )


def _load_model(origin: str, accuracy: float | None) -> Model:
    """Return the model at `origin`, with the accuracy that the runner knows of."""
    model = registry.load_model(origin)
    if accuracy is None:
        return model
    return replace(model, accuracy=accuracy)


def serve(requests: Connection[Any, Any], replies: Connection[Any, Any]) -> None:
    """Answer requests until the runner closes the line.

    A process that what was asked forked, and that comes back from it as well, ends here: the line
    is not its own.
    """
    worker = os.getpid()
    with Worker() as answering:
        while True:
            try:
                data = requests.recv_bytes()
            except EOFError:
                return
            reply = _answer(answering, data)
            if os.getpid() != worker:
                os._exit(0)
            replies.send_bytes(reply)


def _answer(worker: Worker, data: bytes) -> bytes:
    """Return the reply to a request, both as bytes. What cannot be read or written is refused."""
    try:
        delivery = protocol.decode(data)
        return protocol.encode(delivery.serial, worker.answer(delivery.message))
    except ProtocolError as error:
        return protocol.encode(error.serial, Refused(str(error)))


def main(requests: int, replies: int) -> None:
    """Serve on two descriptors."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the runner's to handle
    serve(Connection(requests, writable=False), Connection(replies, readable=False))
