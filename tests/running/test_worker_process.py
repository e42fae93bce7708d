"""Whatever a worker does to its line or its processes is told in time, and all of it is ended."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from adbench.backends.catalog import REFERENCE, Entry
from adbench.planning.points import Points
from adbench.planning.settings import Settings
from adbench.results.row import Outcome
from adbench.running import memory_limit, worker_pool
from adbench.running.protocol import Start, Started, StartFailed
from adbench.running.worker_log import WorkerLog
from adbench.running.worker_process import (
    SystemShort,
    WorkerFailed,
    WorkerProcess,
    signal_name,
)

POINTS = Points(seed=0, lowest_dtype="float64")
LIMIT_S = 30.0
"""No fault below that is told by itself may take longer."""

linux_alone = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone can")


@pytest.fixture
def worker(tmp_path):
    """A worker that runs code as it starts its session."""
    started = []

    def start(code, memory_bytes=0):
        file = tmp_path / "faulty.py"
        heading = "import ctypes, mmap, os, struct, sys, time\nline = int(sys.argv[2])\n"
        file.write_text(heading + textwrap.dedent(code))
        process = WorkerProcess(worker_pool.TRUTH, Settings(), tmp_path, "", memory_bytes)
        started.append(process)
        return process, Start(f"{file}:Backend", POINTS, threads=1)

    yield start
    for process in started:
        process.kill()


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("os.write(line, b'garbage garbage')", "something else has written to the worker's line"),
        (
            "os.write(line, struct.pack('!iQ', -1, 1 << 40) + b'x'); time.sleep(1e4)",
            "says that it is 1,099,511,627,776 bytes long",
        ),
        ("os.write(line, struct.pack('!i', 7) + b'not js{')", "The worker's reply cannot be read"),
        ("os.closerange(3, 1000)\nwhile True: time.sleep(1)", "closed its line to the runner"),
        ("os.fork() or time.sleep(1e4)\nos._exit(3)", "The worker exited with status 3."),
        ("os.kill(os.getppid(), 9); time.sleep(1e4)", "The worker was killed by SIGKILL."),
        ("os.kill(os.getppid(), 15); time.sleep(1e4)", "The worker was killed by SIGTERM."),
    ],
    ids=[
        "garbage",
        "a terabyte",
        "no JSON",
        "closed",
        "child lives",
        "guard killed",
        "guard ended",
    ],
)
def test_what_breaks_the_line_is_a_crash_at_once(worker, code, message):
    process, request = worker(code)
    began = time.monotonic()
    with pytest.raises(WorkerFailed, match=message) as caught:
        process.request(request, limit_s=600.0)
    assert caught.value.outcome is Outcome.CRASHED
    assert time.monotonic() - began < LIMIT_S
    assert process.process.poll() is not None


def test_half_a_message_is_late_at_the_limit(worker):
    process, request = worker("os.write(line, struct.pack('!i', 1000) + b'x'); time.sleep(1e4)")
    with pytest.raises(WorkerFailed) as caught:
        process.request(request, limit_s=2.0)
    assert caught.value.outcome is Outcome.TIMED_OUT


@linux_alone
def test_no_process_outlives_its_worker_whatever_it_forked(worker, tmp_path):
    process, request = worker(
        f"""
        import subprocess
        pids = [subprocess.Popen(["sleep", "600"], start_new_session=True, env={{}}).pid]
        child = os.fork()
        if child == 0:
            os.setsid()
            grandchild = os.fork()
            if grandchild:
                open({str(tmp_path / "grandchild")!r}, "w").write(str(grandchild))
                os._exit(0)
            os.environ.clear()
            time.sleep(600)
        os.waitpid(child, 0)
        open({str(tmp_path / "pids")!r}, "w").write(str(pids[0]))
        ctypes.string_at(0)
        """
    )
    with pytest.raises(WorkerFailed) as caught:
        process.request(request, limit_s=LIMIT_S)
    assert caught.value.outcome is Outcome.CRASHED
    assert 'says: Segmentation fault, File "faulty.py", line 17 in <module>' in str(caught.value)
    pids = [int((tmp_path / name).read_text()) for name in ("pids", "grandchild")]
    assert not any(map(is_running, pids))


def test_a_forked_child_that_comes_back_does_not_answer(worker):
    process, request = worker("os.fork()")
    replies = [process.request(request, LIMIT_S) for _ in range(2)]
    assert all(isinstance(reply, StartFailed) for reply in replies)


@linux_alone
def test_no_worker_outlives_a_runner_that_is_killed_however_early(tmp_path):
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from adbench.planning.settings import Settings\n"
        "from adbench.running import worker_pool\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "process = worker_pool.WorkerProcess(worker_pool.TRUTH, Settings(), folder)\n"
        "print(process.process.pid, flush=True)\ntime.sleep(600)\n"
    )
    for delay_s in (0.0, 0.3):
        runner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        guard = int(runner.stdout.readline())
        time.sleep(delay_s)
        runner.kill()
        runner.communicate()
        give_up_at = time.monotonic() + LIMIT_S
        while processes_of_session(guard) and time.monotonic() < give_up_at:
            time.sleep(0.05)
        assert processes_of_session(guard) == []


def processes_of_session(session):
    members = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            members.append(int(folder.name))
    return members


def test_what_lies_in_the_current_folder_is_no_module_of_a_worker(tmp_path, monkeypatch):
    for name in ("random", "signal", "numpy", "json"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('shadowed!')")
    monkeypatch.chdir(tmp_path)
    process = WorkerProcess(worker_pool.TRUTH, Settings(), tmp_path)
    try:
        assert process.request(Start(REFERENCE[0].load, POINTS, 1), LIMIT_S) == Started()
    finally:
        process.kill()


@linux_alone
def test_memory_beyond_the_limit_is_refused_to_the_worker(worker):
    process, request = worker("x = bytearray(10**9)", memory_bytes=600_000_000)
    reply = process.request(request, LIMIT_S)
    assert isinstance(reply, StartFailed) and "MemoryError" in reply.message


@linux_alone
def test_a_worker_that_holds_more_than_it_may_is_ended_with_figures(worker):
    process, request = worker(
        """
        shared = mmap.mmap(-1, 400_000_000)
        for place in range(0, len(shared), 4096):
            shared[place] = 1
        time.sleep(1e4)
        """,
        memory_bytes=300_000_000,
    )
    with pytest.raises(WorkerFailed, match=r"may take 300 MB \(--memory sets it\)") as caught:
        process.request(request, LIMIT_S)
    assert caught.value.outcome is Outcome.OUT_OF_MEMORY


def test_what_a_worker_prints_without_end_is_bounded_in_its_log(worker, tmp_path):
    process, request = worker(
        "os.write(1, b'first line\\n')\nfor _ in range(200): os.write(1, b'z' * 99_999 + b'\\n')\n"
        "os.write(2, b'last line\\n')\nos.abort()\n"
    )
    with pytest.raises(WorkerFailed, match=r"SIGABRT.*Aborted, File .faulty.py., line 6") as caught:
        process.request(request, LIMIT_S)
    assert caught.value.outcome is Outcome.CRASHED
    log = (tmp_path / "truth.log").read_bytes()
    assert len(log) < 2_000_000
    assert log.startswith(b"first line\n") and b"last line\n" in log[-10_000:]
    assert b"[adbench left out 18," in log


def test_a_descriptor_that_cannot_be_had_is_told_with_what_to_do(tmp_path, monkeypatch):
    descriptors = len(os.listdir("/dev/fd"))
    pipes = []

    def pipe():
        if len(pipes) == 2:
            raise OSError(24, "Too many open files")
        pipes.append(make_pipe())
        return pipes[-1]

    make_pipe = os.pipe
    monkeypatch.setattr(os, "pipe", pipe)
    with pytest.raises(SystemShort, match=r"no further descriptor; raise the limit of `ulimit -n`"):
        WorkerProcess(worker_pool.TRUTH, Settings(), tmp_path)
    assert len(os.listdir("/dev/fd")) == descriptors


def test_a_start_that_is_killed_is_tried_once_more(tmp_path):
    backend = tmp_path / "once.py"
    backend.write_text(
        "import os\nfrom pathlib import Path\nfrom adbench.backends.reference import Tape\n"
        "marker = Path(__file__).with_suffix('.marker')\n"
        "if not marker.exists():\n    marker.touch()\n    os.kill(os.getpid(), 9)\n"
        "class Once(Tape): pass\n"
    )
    with worker_pool.worker_pool(Settings(), tmp_path / "logs") as pool:
        assert pool.start(Entry("once:file", f"{backend}:Once")).process.poll() is None


def test_a_start_that_hangs_says_its_own_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(worker_pool, "SHORTEST_START_LIMIT_S", 1.5)
    backend = tmp_path / "hanging.py"
    backend.write_text("import time\nwhile True: time.sleep(1)\n")
    with (
        worker_pool.worker_pool(Settings(timeout_s=0.5), tmp_path / "logs") as pool,
        pytest.raises(WorkerFailed) as caught,
    ):
        pool.start(Entry("hanging:file", f"{backend}:B"))
    assert caught.value.message == "Could not be started within 1.5 s."
    assert caught.value.outcome is Outcome.TIMED_OUT


def test_the_line_of_the_user_s_file_is_found_in_what_faulthandler_wrote(tmp_path):
    path = tmp_path / "x.log"
    path.write_text("of another worker\n")
    log = WorkerLog(path)
    assert log.last_words() == ""
    with path.open("a") as file:
        file.write(
            "hello\nFatal Python error: Segmentation fault\n\n"
            "Thread 0x1 (most recent call first):\n"
            '  File "/tmp/other.py", line 3 in run\n\n'
            "Current thread 0x2 (most recent call first):\n"
            f'  File "{os.__file__}", line 9 in inner\n  File "/a/mine.py", line 12 in gradient\n\n'
            "Extension modules: numpy (total: 1)\n"
        )
    assert log.last_words() == (
        'Its log (x.log) says: Segmentation fault, File "mine.py", line 12 in gradient'
    )


@pytest.mark.parametrize(
    ("text", "size"), [("4GB", 4_000_000_000), ("512 MiB", 1 << 29), ("0.5gb", 500_000_000)]
)
def test_a_memory_limit_is_a_size_with_its_unit(text, size):
    assert memory_limit.parse_size(text) == size


@pytest.mark.parametrize("text", ["4", "4 apples", "-1GB", "1kB", "nan GB", ""])
def test_another_text_is_no_memory_limit(text):
    with pytest.raises(ValueError, match="give a size such as 4GB or 512MB"):
        memory_limit.parse_size(text)


def test_the_default_limit_leaves_room_on_the_machine():
    assert memory_limit.SMALLEST <= memory_limit.default_limit() < 1 << 50


@linux_alone
def test_a_stopped_worker_is_ended_at_the_limit(worker):
    process, request = worker("os.kill(os.getppid(), 19); os.kill(os.getpid(), 19)")
    with pytest.raises(WorkerFailed) as caught:
        process.request(request, limit_s=2.0)
    assert caught.value.outcome is Outcome.TIMED_OUT
    assert process.process.returncode in (0, -signal.SIGKILL)


def test_a_signal_without_a_name_has_its_number():
    assert signal_name(signal.SIGKILL) == "SIGKILL"
    assert signal_name(40) == "signal 40"
