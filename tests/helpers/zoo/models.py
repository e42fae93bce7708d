"""Model files that go wrong in one way each, and how `adbench check` on them should end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FILE = """
import ctypes, os, subprocess, sys, time
import numpy as np
from adbench import Model
{head}
{function}
{make}
model = Model(name={name}, function=f, make=make, sizes={sizes}{fields})
"""

SUM_OF_SQUARES = "def f(xp, x): return xp.sum(x * x)"
THREE_NUMBERS = "def make(size, rng): return (rng.standard_normal(3),)"

RUNS, USAGE, UNANSWERED = 0, 2, 3
"""Exit statuses: all is right, the file cannot be used, and something was not answered."""


@dataclass(frozen=True)
class FaultyModel:
    """A model file, and how a check of it may end."""

    name: str
    statuses: tuple[int, ...]
    text: str | bytes
    sentence: str = ""
    """A pattern that standard error or output must have."""
    is_fast: bool = False
    """Whether it stands for its kind in the ordinary suite."""

    def write(self, folder: Path) -> Path:
        """Write the file to a folder, and return its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.py"
        text = self.text
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return path


def file(name: str, text: str | bytes, *statuses: int, **fields) -> FaultyModel:
    """A model file by its whole text."""
    return FaultyModel(name, statuses or (USAGE,), text, **fields)


def model(
    name: str,
    *statuses: int,
    function: str = SUM_OF_SQUARES,
    make: str = THREE_NUMBERS,
    head: str = "",
    title: str | None = None,
    sizes: str = '{"s": {}}',
    fields: str = "",
    **rest,
) -> FaultyModel:
    """A model file with one part exchanged; where no status is given it must be refused.

    title: the expression for the model's name; fields: what else `Model` is given.
    """
    text = FILE.format(
        head=head,
        function=function,
        make=make,
        name=repr(name) if title is None else title,
        sizes=sizes,
        fields=f", {fields}" if fields else "",
    )
    return FaultyModel(name, statuses or (USAGE,), text, **rest)


def made(name: str, expression: str, *statuses: int, **fields) -> FaultyModel:
    """A model by what its `make` returns."""
    return model(name, *statuses, make=f"def make(size, rng): return {expression}", **fields)


def computed(name: str, expression: str, *statuses: int, **fields) -> FaultyModel:
    """A model by what its function returns."""
    return model(name, *statuses, function=f"def f(xp, x): return {expression}", **fields)


IMPORTING = [
    file("syntax", "def f(:\n", sentence="not valid Python"),
    file("missing", "import no_such_thing\n", sentence="no_such_thing", is_fast=True),
    file("missing_name", "from numpy import no_such_name\n"),
    file("sys_exit", "import sys\nsys.exit(5)\n"),
    file("os_exit", "import os\nos._exit(0)\n", USAGE, UNANSWERED, is_fast=True),
    file("interrupt", "raise KeyboardInterrupt\n", USAGE, UNANSWERED, 130),
    file("segfault", "import ctypes\nctypes.string_at(0)\n", USAGE, UNANSWERED),
    file("loop", "while True: pass\n", USAGE, UNANSWERED, is_fast=True),
    file("deaf_loop", "import signal, time\nsignal.pthread_sigmask(0, range(1, 64))\n"
         "while True: time.sleep(1)\n", USAGE, UNANSWERED),
    file("closes_all", "import os\nos.closerange(0, 1000)\nx = 1\n", USAGE, UNANSWERED),
    file("kills_group", "import os\nos.killpg(os.getpgrp(), 9)\n", USAGE, UNANSWERED),
    file("forks", "import os, time\nos.fork() == 0 and time.sleep(600)\n", USAGE, UNANSWERED),
    file("no_model", "x = 1\n", sentence="defines no model"),
    file("no_utf8", b"\xff\xfe\x00bad"),
    file("nul_byte", b"x = 1\n\x00\n"),
    file("byte_order_mark", b"\xef\xbb\xbfx = 1\n"),
    file("empty", ""),
    file("ten_megabytes", r'raise RuntimeError("\x1b[31mX\x1b[0m" * 1_000_000)', is_fast=True),
    file("message_raises", "class X(Exception):\n"
         "    def __str__(self): raise RuntimeError('str')\nraise X()\n"),
    file("base_exception", "class X(BaseException): pass\nraise X('b')\n"),
    file("surrogate", r"raise RuntimeError('caf\udce9 \x1b[2J \u202e')"),
    file("deep", "x = " + "(" * 5000 + ")" * 5000),
    file("of_two_names", FILE.format(
        head="", function=SUM_OF_SQUARES, make=THREE_NUMBERS, name="'one'", sizes='{"s": {}}',
        fields="") + FILE.format(
        head="", function=SUM_OF_SQUARES, make=THREE_NUMBERS, name="'two'", sizes='{"s": {}}',
        fields="").replace("model =", "other ="), RUNS),
]  # fmt: skip
"""What their import does."""

MAKING = [
    model("make_loop", USAGE, UNANSWERED,
          make="def make(size, rng):\n    while True: time.sleep(1)", is_fast=True),
    made("make_128_tb", "(np.ones(1 << 44),)", USAGE, UNANSWERED),
    made("make_exits", "sys.exit(3)"),
    made("make_exits_hard", "os._exit(0)", USAGE, UNANSWERED),
    made("make_raises", "(1 / 0,)", sentence="ZeroDivisionError"),
    made("make_no_tuple", "rng.standard_normal(3)"),
    made("make_unseeded", "(np.random.standard_normal(3),)"),
    made("make_nothing", "()"),
    made("make_no_number", "(np.zeros(0),)", RUNS, USAGE, UNANSWERED),
    made("make_nan", "(np.array([1.0, np.nan]),)"),
    made("make_infinite", "(np.array([1.0, np.inf]),)"),
    made("make_integers", "(np.arange(3),)"),
    made("make_truths", "(np.array([True, False]),)"),
    made("make_complex", "(np.array([1j, 2.0]),)", RUNS, USAGE),
    made("make_half", "(np.ones(3, 'float16'),)", RUNS, USAGE),
    made("make_long", "(np.ones(3, dtype=np.longdouble) / 3,)", RUNS, USAGE),
    made("make_text", "('abc',)"),
    made("make_texts", "(np.array(['a', 'b']),)"),
    made("make_objects", "(np.array([object()], dtype=object),)"),
    made("make_dates", "(np.array(['2020-01-01'], dtype='datetime64[D]'),)"),
    made("make_records", "(np.zeros(3, dtype=[('a', float)]),)"),
    made("make_masked", "(np.ma.masked_array(np.ones(3), True),)", RUNS, USAGE),
    made("make_none", "(None,)"),
    made("make_float", "(1.5,)", RUNS, USAGE),
    made("make_scalar", "(np.array(1.5),)", RUNS, USAGE),
    made("make_huge", "(np.array([1e308, 1e308]),)", RUNS, USAGE, UNANSWERED),
    made("make_mixed_keys", "({1: np.ones(2), 'a': np.ones(1)},)",
         function="def f(xp, d): return xp.sum(d[1])", is_fast=True),
    made("make_odd_keys", "({'a.b': np.ones(2), '[0]': np.ones(1), '': np.ones(1)},)", RUNS, USAGE,
         function="def f(xp, d): return xp.sum(d['a.b'])"),
    made("make_cycle", "(lambda a: (a.append(a), a)[1:])([])"),
    made("make_deep", "(__import__('functools').reduce(lambda a, _: [a], range(3000), 1.0),)"),
    made("make_changes_size", "size.clear() or (np.ones(3),)", RUNS, USAGE,
         sizes='{"s": {"n": 3}}'),
    made("constant_nan", "(rng.standard_normal(3), np.array(np.nan))", RUNS, USAGE, UNANSWERED,
         function="def f(xp, x, c): return xp.sum(x) * c"),
    made("constant_text", "(rng.standard_normal(3), 'mode')", RUNS,
         function="def f(xp, x, c): return xp.sum(x)", is_fast=True),
    made("constant_object", "(rng.standard_normal(3), object())",
         function="def f(xp, x, c): return xp.sum(x)"),
    made("constant_complex", "(rng.standard_normal(3), np.array(1j))", RUNS, USAGE,
         function="def f(xp, x, c): return xp.sum(x) * xp.real(c * c)"),
]  # fmt: skip
"""What their `make` gives."""

COMPUTING = [
    computed("gives_tuple", "(xp.sum(x),)"),
    computed("gives_dict", "{'a': xp.sum(x)}"),
    computed("gives_none", "None"),
    computed("gives_float", "3.5"),
    computed("gives_complex", "xp.sum(x) * 1j", RUNS, USAGE),
    computed("gives_truth", "xp.all(x > 0)"),
    computed("gives_integer", "xp.sum(xp.astype(x, xp.int64))"),
    computed("gives_text", "'text'"),
    computed("gives_nothing", "x[:0]", RUNS, USAGE, UNANSWERED),
    computed("gives_nan", "xp.sum(xp.log(-x * x))", RUNS, USAGE, UNANSWERED),
    computed("gives_infinity", "xp.sum(1 / (x - x))", RUNS, USAGE, UNANSWERED),
    computed("gives_constant", "xp.asarray(1.0)", RUNS, USAGE, UNANSWERED),
    computed("gives_input", "x", RUNS, USAGE),
    computed("in_place", "xp.sum(x.__iadd__(1.0))"),
    computed("in_place_item", "x.__setitem__(0, 1.0) or xp.sum(x)"),
    computed("random", "xp.sum(x) * np.random.rand()"),
    computed("raises", "1 / 0"),
    computed("raises_for_others", "xp.sum(x) if isinstance(x, np.ndarray) else 1 / 0",
             USAGE, UNANSWERED),
    computed("hangs", "time.sleep(1e5)", USAGE, UNANSWERED),
    computed("hangs_for_others", "xp.sum(x) if isinstance(x, np.ndarray) else time.sleep(1e5)",
             USAGE, UNANSWERED),
    computed("exits", "os._exit(0)", USAGE, UNANSWERED),
    computed("segfaults", "ctypes.string_at(0)", USAGE, UNANSWERED, is_fast=True),
    computed("recurses", "f(xp, x)"),
    computed("starts_processes", "subprocess.Popen(['sleep', '600']) and xp.sum(x)", RUNS,
             USAGE, UNANSWERED, head="import warnings; warnings.simplefilter('ignore')"),
    computed("prints", "print('hello' * 10) or xp.sum(x)", RUNS, USAGE),
    computed("changes_folder", "os.chdir('/') or xp.sum(x)", RUNS),
    computed("reads_input", "xp.sum(x) * len(input())"),
    computed("closes_output", "os.close(1) or xp.sum(x)", RUNS, USAGE, UNANSWERED),
    model("of_no_xp", function="def f(x): return x"),
    model("coroutine", function="async def f(xp, x): return xp.sum(x)"),
    model("generator", function="def f(xp, x): yield xp.sum(x)"),
    model("no_size", make="def make(size, rng): return (np.ones(size['n']),)"),
]  # fmt: skip
"""What their function does."""

FIELDS = [
    model("no_name", title='""'),
    model("number_as_name", title="5"),
    model("sizes_list", sizes="[1]"),
    model("sizes_empty", sizes="{}"),
    model("size_by_number", sizes="{1: {}}", is_fast=True),
    model("size_of_none", RUNS, USAGE, sizes='{"s": None}'),
    model("active_3", fields="active=3"),
    model("active_text", fields='active="x"'),
    model("active_negative", RUNS, USAGE, fields="active=-1"),
    model("active_true", RUNS, USAGE, fields="active=True"),
    model("oracle_of_text", USAGE, UNANSWERED, fields='oracle={"gradient": lambda x: "text"}'),
    model("oracle_of_shape", USAGE, UNANSWERED, sentence="(?i)oracle",
          fields='oracle={"gradient": lambda x: x[:2]}'),
    model("oracle_raises", USAGE, UNANSWERED, fields='oracle={"gradient": lambda x: 1 / 0}'),
    model("oracle_hangs", USAGE, UNANSWERED,
          fields='oracle={"gradient": lambda x: time.sleep(1e5)}'),
    model("oracle_exits", USAGE, UNANSWERED, fields='oracle={"gradient": lambda x: os._exit(0)}'),
    model("oracle_wrong", RUNS, 1, USAGE, UNANSWERED, fields='oracle={"gradient": lambda x: x}'),
    model("oracle_of_none", USAGE, fields="oracle=5"),
    model("oracle_unknown", fields='oracle={"gradeint": lambda x: x}'),
    model("native_unknown", RUNS, USAGE, UNANSWERED, fields='native={"tourch": lambda x: x}'),
    model("orders_negative", fields="orders=-3"),
    model("orders_text", fields='orders="3"', is_fast=True),
    model("orders_float", fields="orders=2.5"),
    model("sweep_number", fields="sweep=5"),
    model("sweep_of_keys", RUNS, USAGE, fields='sweep={"a": {"n": 1}, "b": {"m": 2}}'),
    model("summary_number", RUNS, USAGE, fields="summary=5"),
    model("accuracy_nan", fields='accuracy=float("nan")'),
    model("accuracy_text", fields='accuracy="1e-6"'),
    model("unknown_field", fields="colour=5"),
    model("twice_one_name", sentence="twice_one_name", is_fast=True,
          head=f"{SUM_OF_SQUARES}\n{THREE_NUMBERS}\n"
               "first = Model(name='twice_one_name', function=f, make=make, sizes={'s': {}})"),
]  # fmt: skip
"""What they say of themselves."""

GROUPS = {"importing": IMPORTING, "making": MAKING, "computing": COMPUTING, "fields": FIELDS}
"""The files by their kinds."""

NAMES = {
    "markup": "[red]bold[/red]",
    "closing_markup": "[/nope]",
    "script": "<script>alert(1)</script>",
    "newline": "a\nb",
    "carriage_return": "a\rb",
    "emoji": "🦖🦖",
    "long": "L" * 10_000,
    "parent": "../../../../evil",
    "absolute": "/evil",
    "table": "a|b`c`",
    "formula": "=cmd|' /C calc'!A0",
    "plus_formula": "+1+1",
    "at_formula": "@SUM(1)",
    "escape": "\x1b[31mred\x1b[0m",
    "title": "\x1b]0;title\x07",
    "right_to_left": "abc\u202edef",
    "line_separator": "a\u2028b",
    "surrogate": "a\udcffb",
    "nul": "a\0b",
    "blank": "  ",
    "colon": "mlp:v2",
    "builtin": "mlp",
    "like_a_file": "x.py",
    "command": "::error::x",
    "cdata": "]]>",
    "entity": "&lt;b&gt;",
    "comma": 'a,"b",c',
    "heading": "# heading",
    "dash": "-- --out",
}
"""Names of models that are hard to print, to write or to find again."""


def named(key: str) -> FaultyModel:
    """A right model with one of `NAMES`."""
    return model(f"named_{key}", RUNS, USAGE, title=ascii(NAMES[key]))


def sized(key: str) -> FaultyModel:
    """A right model whose size has one of `NAMES`."""
    return model(f"sized_{key}", RUNS, USAGE, sizes=f"{{{NAMES[key]!a}: {{}}}}")


IN_PLACE = """
def is_called_from(place):
    frame = sys._getframe()
    while frame:
        if place in frame.f_code.co_filename: return True
        frame = frame.f_back
"""


def wrong_in(place: str, body: str) -> FaultyModel:
    """A right model whose function goes wrong where it is called from a part of adbench."""
    function = f"def f(xp, x):\n    if is_called_from({place!r}): {body}\n    return xp.sum(x * x)"
    return model("goes_wrong_there", RUNS, UNANSWERED, head=IN_PLACE, function=function)


def one_sentence(text: str) -> bool:
    """Whether a text on standard error is one line of adbench's, and not a long one."""
    lines = [line for line in text.splitlines() if not re.match(r"adbench: planning\b", line)]
    return len(lines) == 1 and lines[0].startswith("adbench: ") and len(text) < 3000
