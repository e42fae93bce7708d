"""The protocol between the runner and a worker: its messages, and how they are written and read.

The runner sends a request and waits for its reply; a worker answers requests one at a time, in
their order. A message travels in an envelope of four fields, as MessagePack:

    version   of the protocol, `VERSION`
    serial    the number of the request, counted by the runner; a reply has that of its request
    kind      the name of the message's class, below
    body      the fields of that class

`docs/protocol.md` says which reply may follow which request, and what each side may assume.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from adbench.cases.case import Case
from adbench.counting.operations import OperationCounts
from adbench.explaining.evidence import CellEvidence
from adbench.graphs.graph import FunctionGraph, GraphRequest
from adbench.planning.model_plan import Assignment, PlannedModel
from adbench.planning.points import Points
from adbench.results.row import Outcome, Row, plain_scalar
from adbench.step_sweep.row import StepRow
from adbench.timing.sampling import Sampling

VERSION = 3
"""The version of the protocol. It changes whenever a message of another version would be misread;
the four fields of the envelope never change."""


# ---- requests, from the runner


@dataclass(frozen=True)
class Start:
    """Import a backend's framework and begin a session on it.

    The first request to a worker that computes cells.
    """

    load: str
    """Where the backend's class is, as `Entry.load` says; "" for the worker of truths, which has
    none, and no session."""
    points: Points
    """The points at which models are evaluated."""
    threads: int
    """How many threads the backend may use; they are set in the worker's environment already."""


@dataclass(frozen=True)
class PlanModels:
    """Import the models of a file, and plan what is asked of each. It needs no session."""

    name: str
    """The path of the file, or `file.py:name` for one model of it."""
    assignment: Assignment
    """What is to be asked."""


@dataclass(frozen=True)
class EstablishTruth:
    """Compute the truth of a question, and write it to a file. It needs no session."""

    origin: str
    """Where the model is, as `ModelSource.origin` says."""
    case: Case
    """A case that stands for the question."""
    points: Points
    """The points at which the truth is wanted."""
    path: str
    """The file to write."""
    accuracy: float | None = None
    """The relative error that answers have by design; that of the model where None."""
    counted: bool = False
    """Whether the operations of the answers are counted too."""


@dataclass(frozen=True)
class Open:
    """Prepare, call and check a cell."""

    key: str
    """What `Sample` will call the cell."""
    case: Case
    """What is asked."""
    origin: str
    """Where the model is, as `ModelSource.origin` says."""
    begun: Row
    """The row of the cell, with nothing measured."""
    truth_path: str
    """The file with the truth, as `TruthEstablished` names it; "" where there is none."""
    timed: bool
    """Whether the cell is left open for samples; otherwise it ends with its check."""
    accuracy: float | None = None
    """The relative error that answers have by design; that of the model where None."""


@dataclass(frozen=True)
class Sample:
    """Take paired samples of open cells of one question, in rounds, until a turn is over."""

    keys: tuple[str, ...]
    """The keys of the cells, which are sampled next to each other."""
    sampling: Sampling
    """How much they are sampled."""


@dataclass(frozen=True)
class SweepSteps:
    """Compute the derivatives of a model by differences at all steps. It needs no session."""

    origin: str
    """Where the model is, as `ModelSource.origin` says."""
    size: str
    """The name of its size."""
    dtype: str
    """The dtype to compute in."""
    points: Points
    """The points of the run; the first is used."""


@dataclass(frozen=True)
class DrawGraph:
    """Import a model, and trace its graph. It needs no session."""

    name: str
    """The model, as `registry.find_models` takes it: one model, or a file that holds one."""
    points: Points
    """The points of the run; the first is used."""
    request: GraphRequest
    """What is to be drawn."""


@dataclass(frozen=True)
class ExplainCell:
    """Compute a cell again, and look at it closely. It needs a session."""

    names: tuple[str, ...]
    """Where its model may be, as `registry.find_models` takes names."""
    case: Case
    """What is asked."""
    backend: str
    """The name of the backend."""
    points: Points
    """The points of the run; the first is used."""


# ---- replies, from a worker


@dataclass(frozen=True)
class Started:
    """The session has begun."""


@dataclass(frozen=True)
class StartFailed:
    """No session could be begun; the worker is of no use."""

    outcome: Outcome
    """How every cell of this backend ends."""
    message: str
    """Why, in words."""


@dataclass(frozen=True)
class TruthEstablished:
    """The truth has been computed, as far as it can be."""

    path: str
    """The file that it was written to; "" where none could be computed."""
    doubt: str
    """Why answers cannot be judged by it, in a sentence; "" where they can."""
    counts: OperationCounts = field(default_factory=OperationCounts)
    """How many operations the answers take, where that was asked for."""
    is_known: bool = True
    """Whether there is a truth at all; otherwise `doubt` says what kept it from being computed."""


@dataclass(frozen=True)
class ModelsPlanned:
    """The models have been imported and planned."""

    models: tuple[PlannedModel, ...]
    """Their plans."""
    files: dict[str, str]
    """The file, and those beside it that it imports, by path; each with the digest of its text."""


@dataclass(frozen=True)
class StepsSwept:
    """The step sweep of a model is done."""

    rows: tuple[StepRow, ...]
    """Its rows; there are none where no truth is known."""


@dataclass(frozen=True)
class GraphDrawn:
    """The graph of a model has been traced."""

    graph: FunctionGraph
    """Its vertices and edges."""


@dataclass(frozen=True)
class CellExplained:
    """A cell was computed again."""

    evidence: CellEvidence
    """What was seen."""


@dataclass(frozen=True)
class UserCodeFailed:
    """A model cannot be imported, made, or called as it must be."""

    message: str
    """Why, in a sentence."""


@dataclass(frozen=True)
class ModelChanged:
    """The file of a model is no longer what it was when the run was planned, which ends the run."""

    message: str
    """Which file, in a sentence."""


@dataclass(frozen=True)
class TruthBroken:
    """The truth contradicts the function itself: a bug of ours, which stops the run."""

    message: str
    """What contradicts what, in words."""


@dataclass(frozen=True)
class TruthUnwritten:
    """The truth is known, and its file could not be written."""

    message: str
    """Why, in a sentence."""


@dataclass(frozen=True)
class CellOpen:
    """The cell is open, and can be sampled."""


@dataclass(frozen=True)
class Sampled:
    """A turn is over."""

    ended: dict[str, Row]
    """The rows of the cells that have ended, by their keys: they raised, or are settled."""
    unsettled: tuple[str, ...]
    """The keys of the cells that need more samples."""


@dataclass(frozen=True)
class CellRow:
    """The cell has ended."""

    row: Row
    """Its row, the last that the worker knows of it."""


@dataclass(frozen=True)
class Refused:
    """The request could not be understood or answered; the worker has done nothing."""

    message: str
    """Why, in a sentence."""


Request = Start | PlanModels | EstablishTruth | Open | Sample | SweepSteps | DrawGraph | ExplainCell
Begun = Started | StartFailed | ModelsPlanned | TruthEstablished | TruthBroken | TruthUnwritten
OfModels = StepsSwept | GraphDrawn | CellExplained | UserCodeFailed | ModelChanged
Reply = Begun | OfModels | CellOpen | Sampled | CellRow | Refused
Message = Request | Reply

REPLIES: dict[type[Any], tuple[type[Reply], ...]] = {
    Start: (Started, StartFailed),
    PlanModels: (ModelsPlanned, UserCodeFailed),
    EstablishTruth: (TruthEstablished, TruthBroken, TruthUnwritten, ModelChanged),
    Open: (CellOpen, CellRow, ModelChanged),
    Sample: (Sampled,),
    SweepSteps: (StepsSwept, TruthBroken, UserCodeFailed, ModelChanged),
    DrawGraph: (GraphDrawn, UserCodeFailed),
    ExplainCell: (CellExplained, TruthBroken, UserCodeFailed),
}
"""The replies that may follow each kind of request; beside them, any may be `Refused`."""

KINDS: dict[str, type[Any]] = {
    message_class.__name__: message_class
    for message_class in (*REPLIES, *dict.fromkeys(sum(REPLIES.values(), ())), Refused)
}
"""Every kind of message by its name in the envelope."""


class ProtocolError(Exception):
    """A message cannot be understood; the exception's text says why, in a sentence."""

    def __init__(self, sentence: str, serial: int = 0) -> None:
        """serial: of the message, 0 where that cannot be read either."""
        super().__init__(sentence)
        self.serial = serial


@dataclass(frozen=True)
class Envelope:
    """What a message travels in. Its fields are the same in every version."""

    version: int
    serial: int
    kind: str
    body: msgspec.Raw


@dataclass(frozen=True)
class Delivery:
    """A message that has arrived."""

    serial: int
    """The number of the request that it is or answers."""
    message: Message
    """The message."""


_ENCODER = msgspec.msgpack.Encoder(enc_hook=plain_scalar)
_ENVELOPE_DECODER = msgspec.msgpack.Decoder(Envelope)
_BODY_DECODERS = {
    kind: msgspec.msgpack.Decoder(message_class) for kind, message_class in KINDS.items()
}


def encode(serial: int, message: Message) -> bytes:
    """Return a message in its envelope, as bytes.

    Raises ProtocolError where it holds a text that is no Unicode, as a file name can be.
    """
    kind = type(message).__name__
    try:
        body = msgspec.Raw(_ENCODER.encode(message))
    except UnicodeEncodeError as error:
        raise ProtocolError(
            f"The message {kind} holds the text {error.object!r}, which is no Unicode; rename what "
            "is called so.",
            serial,
        ) from None
    return _ENCODER.encode(Envelope(VERSION, serial, kind, body))


def decode(data: bytes) -> Delivery:
    """Read what `encode` wrote.

    Raises ProtocolError where it is of another version or of no known kind, or is no message.
    """
    try:
        envelope = _ENVELOPE_DECODER.decode(data)
    except msgspec.DecodeError as error:
        raise ProtocolError(f"What arrived is no message of adbench: {error}.") from None
    if envelope.version != VERSION:
        raise ProtocolError(
            f"The message is of version {envelope.version} of the protocol, and this side speaks "
            f"version {VERSION}; install the same version of adbench on both sides.",
            envelope.serial,
        )
    if envelope.kind not in _BODY_DECODERS:
        raise ProtocolError(
            f"There is no kind of message {envelope.kind!r} in version {VERSION} of the protocol; "
            f"the kinds are {', '.join(KINDS)}.",
            envelope.serial,
        )
    try:
        return Delivery(envelope.serial, _BODY_DECODERS[envelope.kind].decode(envelope.body))
    except msgspec.DecodeError as error:
        raise ProtocolError(
            f"The message {envelope.kind} cannot be read: {error}.", envelope.serial
        ) from None
