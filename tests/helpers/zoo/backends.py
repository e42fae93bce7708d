"""Backends that go wrong in one way each, as files that a user might name on the command line.

All but a few go wrong in the gradient in reverse mode, and answer the one in forward mode rightly.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

RIGHT = "return self.grad(function)(active)"
"""What answers rightly."""

ONCE = """
self.calls += 1
if self.calls == 1:
    {}
return self.grad(function)(active)
"""
"""Does something in the first call, and answers rightly."""

TENTH = """
self.calls += 1
if self.calls == 10:
    {}
return self.grad(function)(active)
"""
"""Does something in the tenth call, and answers rightly."""

FILE = """
import ctypes, gc, os, re, resource, signal, subprocess, sys, threading, time
import numpy as np
from adbench.extend import Unsupported
from adbench.backends.reference import Tape
{head}

class Faulty(Tape):
    calls = 0

    def {method}:
{body}
"""

LINE = """
import fcntl, struct

def line():
    '''The descriptors on which this process may write to a pipe: the runner's line among them.'''
    found = []
    for number in range(3, 256):
        try:
            flags = fcntl.fcntl(number, fcntl.F_GETFL)
            os.lseek(number, 0, os.SEEK_CUR)
        except OSError as error:
            if error.errno == 29 and flags & os.O_ACCMODE != os.O_RDONLY:
                found.append(number)
    return found

def say(data):
    for number in line():
        os.write(number, data)

def message(data):
    return struct.pack("!i", len(data)) + data
"""
"""Finds the line to the runner, whatever the runner made it of, and writes on it."""


@dataclass(frozen=True)
class FaultyBackend:
    """A backend that goes wrong in one way, and how its cells should end."""

    name: str
    endings: tuple[str, ...]
    """How the faulty cell may end: an outcome, or a verdict where it is answered."""
    body: str = RIGHT
    """What stands in the faulty method."""
    head: str = ""
    """What stands before the class."""
    method: str = "gradient_reverse(self, function, active, direction)"
    text: str | None = None
    """The whole file, where it is not made of the parts above."""
    message: str = ""
    """A pattern that the faulty row's message must have."""
    spoils_all: bool = False
    """Whether its other cells may go wrong too, since the fault changes the whole process."""
    is_fast: bool = False
    """Whether it stands for its kind in the ordinary suite."""

    def write(self, folder: Path) -> Path:
        """Write the file to a folder, and return its path."""
        path = folder / f"{self.name}.py"
        body = textwrap.indent(textwrap.dedent(self.body).strip(), " " * 8)
        made = FILE.format(head=self.head, method=self.method, body=body)
        text = made if self.text is None else self.text
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
        return path


def fault(name: str, endings: str, body: str = RIGHT, **fields) -> FaultyBackend:
    """A faulty backend; endings: words with blanks between them."""
    return FaultyBackend(name, tuple(endings.split()), body, **fields)


DYING = [
    fault(
        "segfault", "crashed", "ctypes.string_at(0)",
        message=r"SIGSEGV.*line \d+ in gradient_reverse", is_fast=True,
    ),
    fault("abort", "crashed", "os.abort()", message=r"SIGABRT.*line \d+ in gradient_reverse"),
    fault("illegal", "crashed", "os.kill(os.getpid(), signal.SIGILL)", message="SIGILL"),
    fault("bus_error", "crashed", "os.kill(os.getpid(), signal.SIGBUS)", message="SIGBUS"),
    fault("killed", "crashed", "os.kill(os.getpid(), signal.SIGKILL)", message="SIGKILL"),
    fault("terminated", "crashed", "os.kill(os.getpid(), signal.SIGTERM)", message="SIGTERM"),
    fault("group_killed", "crashed", "os.killpg(os.getpgrp(), 9)", message="SIGKILL"),
    fault("real_time_signal", "crashed", "os.kill(os.getpid(), 40)"),
    fault("exit_3", "crashed", "os._exit(3)", message="status 3"),
    fault("exit_0", "crashed", "os._exit(0)", message="status 0"),
    fault("sys_exit", "crashed raised", 'sys.exit("bye")'),
    fault("keyboard_interrupt", "crashed raised", "raise KeyboardInterrupt"),
    fault("generator_exit", "crashed raised", "raise GeneratorExit"),
    fault("base_exception", "crashed raised", "class X(BaseException): pass\nraise X('base')"),
    fault(
        "asynchronous_exit", "crashed raised correct",
        f"""
        identity = ctypes.c_ulong(threading.get_ident())
        ctypes.pythonapi.PyThreadState_SetAsyncExc(identity, ctypes.py_object(SystemExit))
        {RIGHT}
        """,
    ),
    fault("tenth_call_segfault", "crashed", TENTH.format("ctypes.string_at(0)")),
    fault(
        "thread_segfault", "crashed",
        """
        threading.Thread(target=ctypes.string_at, args=(0,)).start()
        time.sleep(60)
        """,
    ),
    fault(
        "stack_overflow", "crashed timed_out raised",
        "sys.setrecursionlimit(10**8)\ndef f(n): return f(n + 1)\nf(0)",
    ),
    fault(
        "processor_limit", "crashed",
        "resource.setrlimit(resource.RLIMIT_CPU, (1, 2))\nwhile True: pass",
    ),
    fault(
        "exit_in_message", "crashed",
        """
        class X(Exception):
            def __str__(self): os._exit(9)
        raise X()
        """,
    ),
    fault(
        "exit_at_close", "crashed correct",
        ONCE.format("import atexit; atexit.register(os.abort)"),
    ),
]  # fmt: skip
"""Their process dies."""

HANGING = [
    fault("loop", "timed_out", "while True: pass", is_fast=True),
    fault("tenth_call_hangs", "timed_out", TENTH.format("time.sleep(1e4)")),
    fault("regular_expression", "timed_out", 're.match(r"(a+)+$", "a" * 60 + "b")'),
    fault("sleep_with_lock", "timed_out", "ctypes.PyDLL(None).sleep(1000)"),
    fault("stops_itself", "timed_out", f"os.kill(os.getpid(), signal.SIGSTOP)\n{RIGHT}"),
    fault("deadlock", "timed_out", "lock = threading.Lock()\nlock.acquire()\nlock.acquire()"),
    fault("empty_pipe", "timed_out", "os.read(os.pipe()[0], 1)"),
    fault(
        "deaf_loop", "timed_out",
        """
        for number in range(1, 64):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        while True: time.sleep(1)
        """,
    ),
    fault(
        "message_hangs", "timed_out",
        """
        class X(Exception):
            def __str__(self):
                while True: pass
        raise X()
        """,
    ),
    fault(
        "fork_storm", "timed_out",
        """
        while True:
            if os.fork() == 0: time.sleep(1e4)
            time.sleep(0.1)
        """,
    ),
    fault("million_leaves", "timed_out wrong raised out_of_memory", "return [1.0] * 1_000_000"),
    fault(
        "endless_answer", "timed_out wrong raised out_of_memory crashed",
        """
        class Endless(list):
            def __iter__(self):
                while True: yield np.ones(1)
        return Endless([1])
        """,
    ),
    fault("frozen_clock", "timed_out correct raised", f"time.monotonic = lambda: 0.0\n{RIGHT}",
          spoils_all=True),
    fault(
        "frozen_timer", "timed_out correct raised",
        f"time.perf_counter = time.perf_counter_ns = lambda: 0\n{RIGHT}", spoils_all=True,
    ),
]  # fmt: skip
"""They do not come back."""

RAISING = [
    fault("raises", "raised", 'raise RuntimeError("first call")', message="first call"),
    fault("tenth_call_raises", "raised", TENTH.format('raise RuntimeError("tenth call")'),
          message="tenth call"),
    fault("stage_raises", "raised", 'raise RuntimeError("no stage for you")', spoils_all=True,
          method="stage(self, call, active, constants, direction)", message="no stage"),
    fault("stop_iteration", "raised", "raise StopIteration"),
    fault("not_installed", "raised not_installed", "import no_such_module"),
    fault("memory_error", "out_of_memory", "raise MemoryError"),
    fault("unsupported", "unsupported", 'raise Unsupported("Ask another.")', message="Ask another"),
    fault("exception_group", "raised", 'raise ExceptionGroup("many", [ValueError()] * 1000)'),
    fault("recursion", "raised", "def f(n): return f(n + 1)\nf(0)"),
    fault("self_reference", "raised wrong", "answer = []\nanswer.append(answer)\nreturn answer"),
    fault("descriptor_limit", "raised crashed correct", spoils_all=True,
          body=f"resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))\n{RIGHT}"),
    fault(
        "finalize_raises", "raised wrong",
        """
        class Evil(np.ndarray):
            def __array_finalize__(self, other): raise RuntimeError("finalize")
        return np.zeros(3).view(Evil)
        """,
    ),
    fault(
        "message_raises", "raised crashed",
        """
        class X(Exception):
            def __str__(self): raise RuntimeError("str")
            __repr__ = __str__
        raise X()
        """,
    ),
    fault(
        "message_of_no_text", "raised crashed",
        """
        class X(Exception):
            def __str__(self): return 5
        raise X()
        """,
    ),
    fault(
        "name_of_class", "raised",
        r'raise type("\x1b[2J\u202e" + "N" * 1_000_000, (Exception,), {})("x")',
    ),
    fault(
        "chain_of_causes", "raised",
        """
        error = None
        for number in range(5000):
            cause, error = error, ValueError(number)
            error.__cause__ = cause
        raise error
        """,
    ),
]  # fmt: skip
"""They raise."""

ANSWERING = [
    fault("wrong_shape", "wrong", "return self.grad(function)(active)[None]"),
    fault("wrong_dtype", "wrong", 'return self.grad(function)(active).astype("float32")'),
    fault("nan", "wrong", "return self.grad(function)(active) * np.nan", is_fast=True),
    fault("infinite", "wrong", "return self.grad(function)(active) + np.inf"),
    fault("complex", "wrong raised", "return self.grad(function)(active) + 0j"),
    fault("none", "wrong raised", "return None"),
    fault("text", "wrong raised", 'return "hello"'),
    fault("object", "wrong raised", "return object()"),
    fault("object_array", "wrong raised", "return np.array([object()] * 3, dtype=object)"),
    fault("dates", "wrong raised", 'return np.array(["2020-01-01"] * 3, dtype="datetime64[D]")'),
    fault("texts", "wrong raised", 'return np.array(["1.0", "2.0", "3.0"])'),
    fault("generator", "wrong raised", "return (number for number in [1, 2])"),
    fault("function", "wrong raised", "return function"),
    fault("class", "wrong raised", "return np.ndarray"),
    fault("mixed_keys", "wrong raised", 'return {1: np.ones(3), "a": np.ones(1)}'),
    fault("empty", "wrong raised", "return np.zeros(0)"),
    fault("one_too_many", "wrong raised", "return [self.grad(function)(active)] * 2"),
    fault("input_itself", "wrong", "return active"),
    fault("masked", "wrong raised correct", "return np.ma.masked_array(np.ones(3), True)"),
    fault(
        "lying_array", "wrong raised",
        """
        class Lying(np.ndarray):
            shape = property(lambda self: (3,))
            __eq__ = __ne__ = lambda self, other: True
        return np.zeros(2).view(Lying)
        """,
    ),
    fault(
        "always_equal", "wrong raised",
        """
        class Equal(np.ndarray):
            def __array_ufunc__(self, *arguments, **options): return np.zeros(3)
            def __sub__(self, other): return np.zeros(3)
        return np.ones(3).view(Equal)
        """,
    ),
    fault("gigabyte", "wrong timed_out out_of_memory crashed", "return np.ones(125_000_000)"),
]  # fmt: skip
"""They answer something odd."""

PRINTING = [
    fault("prints_100_mb", "correct", ONCE.format('os.write(1, b"x" * 100_000_000)'),
          is_fast=True),
    fault("prints_for_ever", "timed_out crashed", 'while True: os.write(1, b"z" * 1_000_000)'),
    fault("prints_and_aborts", "crashed",
          'os.write(2, b"y" * 300_000_000)\nos.abort()', message="SIGABRT"),
    fault("one_long_line", "crashed",
          'sys.stderr.write("w" * 5_000_000)\nsys.stderr.flush()\nos._exit(5)', message="status 5"),
    fault("binary_log", "crashed", 'os.write(1, bytes(range(256)) * 100)\nos._exit(5)'),
    fault(
        "closes_output", "correct",
        ONCE.format("sys.stdout.close(); sys.stderr.close(); sys.stdout = None"),
        spoils_all=True,
    ),
    fault("closes_log", "correct", ONCE.format("os.close(1); os.close(2)")),
    fault("warns", "correct", f'import warnings\nwarnings.warn("w" * 100)\n{RIGHT}'),
    fault(
        "surrogate", "raised", r'raise RuntimeError("cannot open /data/caf\udce9.bin")',
        message="cannot open",
    ),
    fault(
        "controls", "raised",
        r'raise RuntimeError("\x1b[2J\x1b]0;title\x07\x00\u202e\x9b1m [bold]b[/nope] '
        r'</td><script>alert(1)</script> | `x` =cmd|calc\r\n::error::x ]]> &amp; end")',
        is_fast=True,
    ),
    fault("ten_megabytes", "raised", 'raise RuntimeError("m" * 10_000_000)'),
    fault("markup", "raised", r'raise RuntimeError("[/][red][link=file:///x][/bold]\\[x")'),
    fault("formula", "raised", '''raise RuntimeError("=cmd|' /C calc'!A0")'''),
    fault(
        "unsupported_17_mb", "unsupported",
        r'raise Unsupported("\x1b[2J\x1b]0;pwned\x07 u" * 1_000_000)',
    ),
]  # fmt: skip
"""They print a lot, or say what is hard to print."""

SLEEPER = 'subprocess.Popen(["sleep", "600"])'
BUSY = 'subprocess.Popen([sys.executable, "-c", "while True: pass"])'

FORKING = [
    fault("child_stays", "correct crashed", ONCE.format(SLEEPER)),
    fault("busy_child", "correct crashed", ONCE.format(BUSY)),
    fault("child_and_hang", "timed_out", f"{SLEEPER}\nwhile True: time.sleep(1)"),
    fault(
        "fork_and_exit", "crashed",
        "if os.fork() == 0:\n    time.sleep(600)\n    os._exit(0)\nos._exit(3)",
        message="status 3",
    ),
    fault("forked_sleeper", "correct crashed",
          ONCE.format("os.fork() == 0 and (time.sleep(600), os._exit(0))")),
    fault("forked_child_returns", "correct crashed", ONCE.format("os.fork()"), spoils_all=True,
          is_fast=True),
    fault("three_forks_return", "correct crashed", ONCE.format("os.fork(), os.fork(), os.fork()"),
          spoils_all=True),
    fault("parent_exits_child_returns", "crashed",
          f"if os.fork(): os._exit(3)\n{RIGHT}", spoils_all=True),
    fault("child_in_session", "correct crashed",
          ONCE.format('subprocess.Popen(["sleep", "600"], start_new_session=True)')),
    fault(
        "daemon", "correct crashed",
        ONCE.format(
            "os.fork() == 0 and (os.setsid(), os.fork() and os._exit(0), time.sleep(600), "
            "os._exit(0))"
        ),
    ),
    fault(
        "child_of_none", "correct crashed",
        ONCE.format(
            "subprocess.Popen(['sleep', '600'], start_new_session=True, env=dict(os.environ), "
            "close_fds=True, stdin=-1, stdout=-1, stderr=-1)"
        ),
    ),
    fault("pool", "correct crashed timed_out raised",
          ONCE.format("import multiprocessing; self.pool = multiprocessing.Pool(2)")),
]  # fmt: skip
"""They start processes of their own, which must not outlive the run."""

LINE_ENDINGS = "crashed timed_out"

ON_THE_LINE = [
    fault("closes_line", "crashed", f"os.closerange(3, 1000)\n{RIGHT}"),
    fault("closes_line_and_hangs", LINE_ENDINGS,
          "os.closerange(3, 1000)\nwhile True: time.sleep(1)"),
    fault("closes_all", "crashed", f"os.closerange(0, 1000)\n{RIGHT}"),
    fault("swaps_line", LINE_ENDINGS,
          f"for number in line(): os.dup2(os.open(os.devnull, 1), number)\n{RIGHT}", head=LINE),
    fault("garbage", LINE_ENDINGS, f'say(b"garbage garbage garbage")\n{RIGHT}', head=LINE),
    fault("no_json", LINE_ENDINGS, f'say(message(b"not json{{"))\n{RIGHT}', head=LINE),
    fault("half_a_message", LINE_ENDINGS,
          'say(struct.pack("!i", 1000) + b"x")\ntime.sleep(1e4)', head=LINE, is_fast=True),
    fault("half_a_length", LINE_ENDINGS, 'say(b"\\0")\ntime.sleep(1e4)', head=LINE),
    fault("a_byte_a_second", LINE_ENDINGS,
          'say(struct.pack("!i", 1000))\nwhile True: say(b"x"); time.sleep(1)', head=LINE),
    fault("a_terabyte", LINE_ENDINGS,
          'say(struct.pack("!i", -1) + struct.pack("!Q", 1 << 40) + b"x")\ntime.sleep(1e4)',
          head=LINE),
    fault("negative_length", LINE_ENDINGS, f'say(struct.pack("!i", -5) + b"x" * 40)\n{RIGHT}',
          head=LINE),
    fault("endless_message", LINE_ENDINGS,
          'say(struct.pack("!i", 2**31 - 1))\nwhile True: say(bytes(1 << 16))', head=LINE),
    fault("empty_message", LINE_ENDINGS, f'say(message(b""))\n{RIGHT}', head=LINE),
    fault("nested_message", LINE_ENDINGS, f'say(message(b"\\x91" * 100_000))\n{RIGHT}',
          head=LINE),
    fault(
        "forged_reply", "crashed",
        f"""
        from adbench.running import protocol
        for serial in range(1, 100): say(message(protocol.encode(serial, protocol.CellOpen())))
        {RIGHT}
        """, head=LINE,
    ),
    fault(
        "many_replies", LINE_ENDINGS,
        """
        from adbench.running import protocol
        while True: say(message(protocol.encode(1, protocol.CellOpen())))
        """, head=LINE,
    ),
    fault("eats_requests", "timed_out crashed correct",  # whoever of the two reads first
          ONCE.format(
              "threading.Thread(daemon=True, target=lambda: [os.read(number, 1 << 16) for _ in "
              "range(9) for number in range(3, 20) if readable(number)]).start()"
          ),
          head="import select\ndef readable(number):\n"
               "    try: return select.select([number], [], [], 0.5)[0]\n"
               "    except (OSError, ValueError): return False\n",
          spoils_all=True),
]  # fmt: skip
"""They write what they like on the line to the runner, or close it."""

SPOILING = [
    fault(
        "globals", "correct raised",
        f"""
        import warnings
        np.random.seed(0); os.chdir("/"); os.environ.clear(); np.seterr(all="raise")
        signal.signal(signal.SIGALRM, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN)
        warnings.simplefilter("error"); gc.disable(); sys.path.clear()
        {RIGHT}
        """,
    ),
    fault("recursion_limit", "correct raised", f"sys.setrecursionlimit(60)\n{RIGHT}"),
    fault("alarm", "crashed raised correct",
          f"signal.setitimer(signal.ITIMER_REAL, 0.3)\n{RIGHT}"),
    fault("ball_precision", "correct raised", f"import flint\nflint.ctx.prec = 8\n{RIGHT}"),
    fault("thread_hangs", "correct",
          ONCE.format("threading.Thread(target=time.sleep, args=(1000,)).start()")),
    fault(
        "thread_spins", "correct",
        """
        def spin():
            while True: pass
        self.calls += 1
        if self.calls == 1: threading.Thread(target=spin, daemon=True).start()
        return self.grad(function)(active)
        """,
    ),
    fault("modules_cleared", "raised crashed", f"sys.modules.clear()\n{RIGHT}"),
    fault("json_patched", "correct raised crashed",
          f"import json, msgspec\njson.dumps = msgspec.msgpack = None\n{RIGHT}"),
    fault("builtins_patched", "correct raised crashed timed_out",
          f"import builtins\nbuiltins.len = builtins.isinstance = None\n{RIGHT}"),
    fault("numpy_patched", "correct raised wrong crashed",
          f"np.abs = np.max = np.isfinite = np.all = lambda *a, **o: np.True_\n{RIGHT}"),
    fault("ignores_segfault", "correct raised crashed",
          f"signal.signal(signal.SIGSEGV, signal.SIG_IGN)\nos.kill(os.getpid(), 11)\n{RIGHT}"),
    fault("umask", "correct", f"os.umask(0o777)\n{RIGHT}"),
    fault("file_limit", "correct raised crashed",
          f"resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\nprint('x' * 9999)\n{RIGHT}"),
    fault("nice", "correct", ONCE.format("os.nice(5)")),
    fault("traced", "correct timed_out",
          f"sys.settrace(lambda *a: None); sys.setprofile(lambda *a: None)\n{RIGHT}"),
    fault("parents_death", "correct",
          f"ctypes.CDLL(None).prctl(1, 0)  # asks no more to die with the runner\n{RIGHT}"),
    fault("changes_input", "wrong raised",
          "answer = self.grad(function)(active)\nactive[...] = 7.0\nreturn answer"),
    fault("removes_temporary_folder", "correct raised",
          "import shutil, tempfile\nshutil.rmtree(tempfile.gettempdir(), ignore_errors=True)\n"
          f"{RIGHT}"),
    fault("leaves_files", "correct",
          ONCE.format("import tempfile; tempfile.mkdtemp(); tempfile.mkstemp()")),
    fault("exit_hangs", "correct",
          head="import atexit\natexit.register(lambda: time.sleep(1000))"),
]  # fmt: skip
SPOILING = [FaultyBackend(**{**vars(spoiler), "spoils_all": True}) for spoiler in SPOILING]
"""They change the whole process in which they run, which is theirs alone."""

OWN = """
import numpy as np
from adbench.extend import Backend
{}
"""

CLASS = """
class Own(Backend):
    framework = "own"
    xp = np
    def asarray(self, array): return array
    def to_numpy(self, array): return array
    def jvp(self, function, active, tangent): return function(active), tangent
"""


def own(name: str, endings: str, text: str, message: str = "", **fields) -> FaultyBackend:
    """A backend whose file is broken as a whole."""
    return FaultyBackend(
        name, tuple(endings.split()), text=text, message=message, spoils_all=True, **fields
    )


def of_class(old: str, new: str) -> str:
    """The file of a backend of one's own, with one part of it exchanged."""
    assert old in CLASS
    return OWN.format(CLASS.replace(old, new))


NEVER = "raised crashed timed_out not_installed unsupported"

BROKEN = [
    own("import_exits", "raised crashed", "import sys\nsys.exit(7)"),
    own("import_exits_hard", "crashed", "import os\nos._exit(7)"),
    own("import_segfaults", "crashed", "import ctypes\nctypes.string_at(0)"),
    own("import_raises_base", "raised crashed", "class X(BaseException): pass\nraise X('b')"),
    own("import_interrupts", "raised crashed", "raise KeyboardInterrupt"),
    own("syntax", "raised", "def (:\n", "not valid Python"),
    own("missing", "raised not_installed", "import no_such_thing_xyz", "no_such_thing_xyz",
        is_fast=True),
    own("no_class", "raised", "x = 1\n", "0 subclasses"),
    own("two_classes", "raised", OWN.format(CLASS + CLASS.replace("Own", "Two")), "2 subclasses"),
    own("empty_class", NEVER, OWN.format("class Own(Backend): pass")),
    own("no_namespace", NEVER, of_class("    xp = np\n", "")),
    own("no_transformation", NEVER, of_class("jvp(self, ", "other(self, ")),
    own("jvp_of_five", NEVER, of_class("def jvp", "jvp = 5\n    def other")),
    own("jvp_of_one", NEVER + " wrong", of_class("return function(active), tangent", "return 1")),
    own("no_arguments", NEVER, of_class("jvp(self, function, active, tangent)", "jvp(self)")),
    own("asarray_of_none", NEVER + " wrong", of_class("asarray(self, array): return array",
                                                     "asarray(self, array): return None")),
    own("init_raises", "raised", of_class("xp = np", "def __init__(self): raise OSError('lib.so')"),
        "lib.so"),
    own("no_utf8", "raised", "x = '\udcff'\n"),
    own("nul_byte", "raised", "x = 1\n\0\n"),
    own("empty_file", "raised", ""),
    own("loud_import", "correct", FILE.format(
        head="print('hello ' * 1_000_000)", method="unused(self)", body="        pass")),
]  # fmt: skip
"""Their files cannot be used at all, or only in part. None of them ends in success but the last."""

STARTING_LATE = [
    own("import_hangs", "timed_out crashed", "import time\nwhile True: time.sleep(1)",
        "Could not be started"),
    own("init_hangs", "timed_out crashed",
        of_class("xp = np", "def __init__(self):\n        while True: pass"),
        "Could not be started"),
]  # fmt: skip
"""They hang as they start."""

GROUPS: dict[str, list[FaultyBackend]] = {
    "dying": DYING,
    "hanging": HANGING,
    "raising": RAISING,
    "answering": ANSWERING,
    "printing": PRINTING,
    "forking": FORKING,
    "on_the_line": ON_THE_LINE,
    "spoiling": SPOILING,
    "broken": BROKEN,
}
"""The faults by their kinds."""


def write_all(faults: Iterable[FaultyBackend], folder: Path) -> list[Path]:
    """Write the files of faulty backends to a folder, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    return [faulty.write(folder) for faulty in faults]
