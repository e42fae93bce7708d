"""One folder for all temporary files of a command, which is gone however the command ends.

Where the command is killed, the guard of a worker removes it.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

from adbench.running.stopping import signals_held_back

Parameters = ParamSpec("Parameters")
"""What a command is called with."""

_folders_of_commands: list[str] = []


def folder_of_command() -> str:
    """Return the folder of the command that runs in this process, "" where none does."""
    return _folders_of_commands[-1] if _folders_of_commands else ""


@contextmanager
def temporary_folder() -> Iterator[None]:
    """Let temporary files be made in a folder of their own, and remove it with all that is left.

    A signal that comes while it is removed does not leave half of it.
    """
    previous = tempfile.tempdir
    folder = tempfile.mkdtemp(prefix="adbench-")
    tempfile.tempdir = folder
    _folders_of_commands.append(folder)
    try:
        yield
    finally:
        with signals_held_back():
            tempfile.tempdir = previous
            _folders_of_commands.remove(folder)
            shutil.rmtree(folder, ignore_errors=True)


def in_temporary_folder(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Let a command make its temporary files in such a folder."""

    @functools.wraps(command)
    def call(*arguments: Parameters.args, **options: Parameters.kwargs) -> None:
        with temporary_folder():
            command(*arguments, **options)

    return call
