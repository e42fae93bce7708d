"""The code blocks of the documentation, run as a reader would run them.

A page is run from its first block to its last, in a folder of its own:

python   is run; one whose first line is `# name.py` is that file in the folder as well
text     is what the Python blocks above it have printed since the last such block
sh       is a script that ends with the exit status 0
console  has commands behind `$ `, and below each its standard output, where anything is shown
yaml     can be read, and so can toml

`...` in what is shown stands for whatever is printed there, and any blank for any blanks.
A block below `<!-- skip: next "reason" -->`, or between `skip: start` and `skip: end`, is not run.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import yaml
from sybil import Document, Example, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.myst import CodeBlockParser, SkipParser

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LANGUAGES = ("python", "text", "sh", "console", "yaml", "toml")
FRAMEWORKS = ("torch", "jax", "tensorflow")
FENCE = re.compile(r"^ *(```+|~~~+)([^`\n]*)\n.*?^ *\1[ \t]*$", re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r"# (\w+\.py)\n")
COMMAND = re.compile(r"^\$ (.*(?:\\\n.*)*)\n", re.MULTILINE)
SECONDS = 300
LENIENCE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE  # columns move with other numbers


@dataclass(frozen=True)
class Block:
    """A code block, and why it is not run, if it is not."""

    language: str
    source: str
    line: int
    reason: str | None


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def count_of_fences(page: Path) -> int:
    """Count the code blocks of a page without sybil; MyST's directives are none."""
    text = page.read_text(encoding="utf-8")
    return sum(not match[2].startswith("{") for match in FENCE.finditer(text))


def parse(page: Path, runner: Runner | None = None) -> Document:
    runner = runner or Runner(Path())
    evaluators = {
        "python": runner.run_python,
        "text": runner.compare_output,
        "sh": runner.run_script,
        "console": runner.run_commands,
        "yaml": lambda example: unreadable(yaml.safe_load, example, yaml.YAMLError),
        "toml": lambda example: unreadable(tomllib.loads, example, tomllib.TOMLDecodeError),
    }
    parsers = [CodeBlockParser(language, evaluators[language]) for language in LANGUAGES]
    return Sybil([*parsers, SkipParser()]).parse(page)


def blocks(page: Path) -> Iterator[Block]:
    """Go through the blocks of a page without running any."""
    reason, is_of_one_block = None, False
    for example in parse(page):
        if isinstance(example.parsed, tuple):
            action, reason = example.parsed
            is_of_one_block = action == "next"
            continue
        yield Block(example.region.lexemes["arguments"], example.parsed, example.line, reason)
        if is_of_one_block:
            reason = None


def missing_frameworks(source: str) -> list[str]:
    return [
        name for name in FRAMEWORKS if re.search(rf"\b{name}\b", source) and find_spec(name) is None
    ]


def environment() -> dict[str, str]:
    """Return the variables of a terminal of 120 columns that has this Python's commands first."""
    return os.environ | {
        "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]),
        "COLUMNS": "120",
        "NO_COLOR": "1",
    }


class Runner:
    """Runs the blocks of one page in a folder, and keeps what the Python blocks print."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.printed = ""
        self.execute = PythonEvaluator()

    def run_python(self, example: Example) -> None:
        named = FILE_NAME.match(example.parsed)
        if named:
            (self.folder / named[1]).write_text(example.parsed, encoding="utf-8")
        screen = io.StringIO()
        with contextlib.redirect_stdout(screen):
            self.execute(example)
        self.printed += screen.getvalue()

    def compare_output(self, example: Example) -> str | None:
        printed, self.printed = self.printed, ""
        return difference(example.parsed, printed)

    def run_script(self, example: Example) -> str | None:
        return failure(self.run(f"set -e\n{example.parsed}"))

    def run_commands(self, example: Example) -> str | None:
        _, *parts = COMMAND.split(example.parsed)
        for command, expected in zip(parts[::2], parts[1::2], strict=True):
            done = self.run(command)
            message = failure(done)
            if not message and expected.strip():
                message = difference(expected, done.stdout)
            if message:
                return f"$ {command}\n{message}"
        return None

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )


def unreadable(
    read: Callable[[str], object], example: Example, error: type[Exception]
) -> str | None:
    """Say why a block cannot be read."""
    try:
        read(example.parsed)
    except error as problem:
        return str(problem)
    return None


def failure(done: subprocess.CompletedProcess[str]) -> str | None:
    """Say with what a script failed."""
    if done.returncode == 0:
        return None
    return f"exit status {done.returncode}:\n{done.stdout}{done.stderr}"


def difference(expected: str, printed: str) -> str | None:
    """Say how what was printed differs from what is shown, blanks at the ends of lines aside."""
    expected, printed = (without_blank_ends(text) for text in (expected, printed))
    if doctest.OutputChecker().check_output(expected, printed, LENIENCE):
        return None
    return f"shown:\n{expected}\nprinted:\n{printed}"


def without_blank_ends(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n")) + "\n"
