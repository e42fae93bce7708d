"""The graph of a model that a user names, traced in a worker: its file may loop, crash or print."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from adbench.cases.model import SpecError
from adbench.graphs.graph import FunctionGraph, GraphRequest
from adbench.planning.settings import Settings
from adbench.results.row import Outcome
from adbench.running.planner import Announce, announced
from adbench.running.protocol import DrawGraph, GraphDrawn, UserCodeFailed
from adbench.running.worker_pool import TRUTH, WorkerFailed, worker_pool


def draw(name: str, request: GraphRequest, settings: Settings, announce: Announce) -> FunctionGraph:
    """Return the graph of the model called `name`.

    announce: called with what is done, where that takes long. Raises SpecError where the name is
    unknown, where the model cannot be used, and where it has no graph or one that is too large.
    """
    message = DrawGraph(name, settings.points, request)
    with (
        TemporaryDirectory(prefix="adbench-") as folder,
        worker_pool(settings, Path(folder)) as workers,
        announced(f"drawing {name}", announce),
    ):
        try:
            reply = workers.ask(TRUTH, message, settings.timeout_s)
        except WorkerFailed as failure:
            raise SpecError(_why_not_drawn(name, failure, settings.timeout_s)) from None
    if isinstance(reply, UserCodeFailed):
        raise SpecError(reply.message)
    assert isinstance(reply, GraphDrawn)
    return reply.graph


def _why_not_drawn(name: str, failure: WorkerFailed, limit_s: float) -> str:
    if failure.outcome is Outcome.TIMED_OUT:
        return f"{name} could not be drawn within {limit_s:g} s; choose a smaller --size."
    return f"{name} could not be drawn. {failure.message}"
