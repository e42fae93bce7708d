"""The worker keeps to the protocol, and the runner ends one that does not."""

import json
import os
import tempfile
import threading
from multiprocessing.connection import Connection

import pytest
from runs import FAKES

from adbench.backends.catalog import REFERENCE, Entry
from adbench.cases import Case, Mode, Operator
from adbench.planning.points import Points
from adbench.planning.settings import Settings
from adbench.results.row import Outcome, Row, Verdict
from adbench.running import protocol, worker, worker_pool
from adbench.running.protocol import (
    CellOpen,
    CellRow,
    EstablishTruth,
    ModelChanged,
    Open,
    Refused,
    Sample,
    Sampled,
    Start,
    Started,
    StartFailed,
    TruthEstablished,
)
from adbench.running.worker import Worker
from adbench.running.worker_pool import WorkerFailed, WorkerPool, WorkerProcess
from adbench.timing.sampling import Sampling

POINTS = Points(seed=0, lowest_dtype="float64")
START = Start(REFERENCE[0].load, POINTS, threads=1)
CASE = Case("chain", "L=3,k=1", "float64", Operator.GRADIENT, 1, Mode.REVERSE)
SAMPLE = Sample(("cell",), Sampling())


def open_request(origin="entry:chain", truth_path="", timed=True):
    begun = Row.begun(CASE, "reference:tape", message="as begun")
    return Open("cell", CASE, origin, begun, truth_path, timed)


def test_a_worker_of_truths_says_when_it_has_started():
    with Worker() as answering:
        assert answering.answer(Start("", POINTS, threads=1)) == Started()
        assert isinstance(answering.answer(open_request()), Refused)


def test_a_worker_goes_from_start_and_truth_to_the_row_of_a_cell(tmp_path):
    with Worker() as answering:
        truth = EstablishTruth("entry:chain", CASE, POINTS, str(tmp_path / "truth"))
        established = answering.answer(truth)
        assert established == TruthEstablished(str(tmp_path / "truth"), doubt="")
        assert answering.answer(START) == Started()
        assert answering.answer(open_request(truth_path=established.path)) == CellOpen()
        turn = answering.answer(Sample(("cell",), Sampling(turns=1, rounds=6, precision=1e9)))
    assert isinstance(turn, Sampled) and turn.unsettled == ()
    row = turn.ended["cell"]
    assert row.verdict is Verdict.CORRECT and row.samples == 6


def test_the_operations_of_the_answers_are_counted_where_that_is_asked_for(tmp_path):
    path = str(tmp_path / "truth")
    with Worker() as answering:
        request = EstablishTruth("entry:chain", CASE, POINTS, path, counted=True)
        counts = answering.answer(request).counts
    assert 1 < counts.by_mode["reverse"] / counts.primal < 5


def test_a_cell_that_is_not_timed_is_answered_by_its_row():
    with Worker() as answering:
        answering.answer(START)
        reply = answering.answer(open_request(timed=False))
    assert isinstance(reply, CellRow) and reply.row.message == "as begun"


def test_a_cell_before_a_session_is_refused():
    with Worker() as answering:
        assert answering.answer(SAMPLE) == Refused(
            "A cell was asked for before a session was; send Start first."
        )


def test_a_reply_is_no_request():
    with Worker() as answering:
        assert answering.answer(Started()) == Refused(
            "Started is a reply; send a worker one of the requests."
        )


def test_a_model_that_cannot_be_loaded_ends_its_cell():
    with Worker() as answering:
        answering.answer(START)
        reply = answering.answer(open_request(origin="module:nowhere_xyz:model"))
    assert isinstance(reply, CellRow) and reply.row.outcome is Outcome.RAISED
    assert reply.row.message == "ModuleNotFoundError: No module named 'nowhere_xyz'"


def test_a_model_whose_file_is_gone_has_changed_which_is_no_fault_of_its_cell(tmp_path):
    place = json.dumps([f"{tmp_path}/gone.py", "model", "0" * 64])
    with Worker() as answering:
        answering.answer(START)
        reply = answering.answer(open_request(origin=f"file:{place}"))
    assert isinstance(reply, ModelChanged)
    assert reply.message.startswith(f"{tmp_path}/gone.py was changed during the run")


@pytest.mark.parametrize(
    ("load", "failure"),
    [
        (
            f"{FAKES}:Unstartable",
            StartFailed(
                Outcome.RAISED,
                "Could not be started: OSError: libfake.so: cannot open shared object file",
            ),
        ),
        (
            "absent_framework:Eager",
            StartFailed(Outcome.NOT_INSTALLED, "absent_framework is not installed."),
        ),
    ],
    ids=["raising", "absent"],
)
def test_a_backend_that_cannot_be_started_says_why(load, failure):
    with Worker() as answering:
        assert answering.answer(Start(load, POINTS, threads=1)) == failure


@pytest.fixture
def line():
    """A worker that serves in a thread: the ends at which it is asked and answers."""
    worker_reads, asking = os.pipe()
    answered, worker_writes = os.pipe()
    ends = [
        Connection(worker_reads, writable=False),
        Connection(worker_writes, readable=False),
        Connection(asking, readable=False),
        Connection(answered, writable=False),
    ]
    thread = threading.Thread(target=worker.serve, args=ends[:2])
    thread.start()
    yield ends[2:]
    ends[2].close()
    thread.join(timeout=10)
    assert not thread.is_alive()
    for end in (*ends[:2], ends[3]):
        end.close()


def ask(line, serial, message):
    requests, replies = line
    requests.send_bytes(protocol.encode(serial, message))
    return protocol.decode(replies.recv_bytes())


def test_a_worker_answers_under_the_serial_of_the_request_and_goes_when_the_line_closes(line):
    for serial in (5, 9):
        assert ask(line, serial, START) == protocol.Delivery(serial, Started())


def test_a_worker_refuses_what_it_cannot_read_and_goes_on(line):
    requests, replies = line
    requests.send_bytes(protocol.encode(4, START).replace(b"Start", b"Stare"))
    delivery = protocol.decode(replies.recv_bytes())
    assert delivery.serial == 4
    assert delivery.message.message.startswith("There is no kind of message 'Stare'")
    requests.send_bytes(b"")
    assert isinstance(protocol.decode(replies.recv_bytes()).message, Refused)
    assert ask(line, 6, START) == protocol.Delivery(6, Started())


def test_a_worker_refuses_to_write_what_is_no_text_and_goes_on(line, monkeypatch):
    monkeypatch.setattr(Worker, "answer", lambda self, request: StartFailed("raised", "\udce4.py"))
    delivery = ask(line, 3, START)
    assert delivery == protocol.Delivery(
        3,
        Refused(
            r"The message StartFailed holds the text '\udce4.py', which is no Unicode; rename what "
            "is called so."
        ),
    )


@pytest.fixture
def process(tmp_path):
    started = WorkerProcess(worker_pool.TRUTH, Settings(), tmp_path)
    yield started
    started.kill()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (
            protocol.encode(8, CellOpen()),
            "The worker answered request 8 where request 1 was waiting for its answer.",
        ),
        (
            protocol.encode(1, Started()),
            "The worker answered Sample by Started, which does not belong to it.",
        ),
        (
            protocol.encode(1, Refused("It is Sunday.")),
            "The worker refused the request. It is Sunday.",
        ),
        (
            protocol.encode(1, CellOpen()).replace(b"version\x03", b"version\x04"),
            "The worker's reply cannot be read. The message is of version 4 of the protocol, and "
            "this side speaks version 3; install the same version of adbench on both sides.",
        ),
    ],
    ids=["another serial", "another kind", "refused", "another version"],
)
def test_a_worker_that_does_not_keep_to_the_protocol_is_ended(process, data, sentence, monkeypatch):
    decode = protocol.decode
    monkeypatch.setattr(protocol, "decode", lambda reply: decode(data))
    with pytest.raises(WorkerFailed) as caught:
        process.request(SAMPLE, limit_s=30.0)
    assert (caught.value.outcome, caught.value.message) == (Outcome.CRASHED, sentence)
    assert process.process.poll() is not None


def test_a_request_that_cannot_be_written_costs_a_row_and_not_the_run(process):
    with pytest.raises(WorkerFailed, match="The message Sample holds the text .* rename what"):
        process.request(Sample(("\udce4",), Sampling()), limit_s=30.0)


def test_a_worker_that_could_not_be_started_is_not_tried_again(tmp_path):
    pool = WorkerPool(Settings(), tmp_path)
    entry = Entry("fake:Unstartable", f"{FAKES}:Unstartable")
    failures = []
    for _ in range(2):
        with pytest.raises(WorkerFailed) as caught:
            pool.start(entry)
        failures.append(caught.value)
    assert failures[0] is failures[1]


def test_what_workers_leave_in_the_temporary_folder_goes_with_them(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    backend = tmp_path / "leaving.py"
    backend.write_text(
        "import tempfile\n"
        "from adbench.backends.reference import Tape\n"
        "tempfile.mkdtemp(prefix='left-')\n"
        "class Leaving(Tape): pass\n"
    )
    with worker_pool.worker_pool(Settings(), tmp_path / "logs") as pool:
        pool.start(Entry("leaving:file", f"{backend}:Leaving"))
        (folder,) = tmp_path.glob("adbench-workers-*")
        assert list(folder.glob("left-*"))
    assert {path.name for path in tmp_path.iterdir()} == {"leaving.py", "logs"}
