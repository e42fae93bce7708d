"""The command that asks one cell of a run again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any

from adbench.cases.case import DTYPES
from adbench.page.runs import plain_backend
from adbench.registry import MODELS_GROUP, file_of


def installed_models() -> frozenset[str]:
    """Return the names of the models that are installed, without importing one."""
    return frozenset(point.name for point in entry_points(group=MODELS_GROUP))


def command(row: Mapping[str, Any], files: Sequence[str], installed: frozenset[str]) -> str:
    """Return the command that asks a cell again, quoted for a shell.

    row: the cell, with the columns of a frame. files: the files of models that its run was given.
    installed: the models that need no file.
    """
    words = ["adbench", "run", *_models(str(row["model"]), files, installed)]
    words += _option("--size", row["size"])
    words += _option("--operator", row["operator"])
    if row["operator"] == "derivative":
        words += _option("--order", row["order"])
    if row["dtype"] != DTYPES[0]:
        words += _option("--dtype", row["dtype"])
    words += _option("--backend", plain_backend(str(row["backend"])))
    return shlex.join(words)


def _models(model: str, files: Sequence[str], installed: frozenset[str]) -> list[str]:
    """What names the model: itself where it is installed, else the file that it may be in."""
    if model in installed or not files:
        return [model]
    if len(files) > 1:
        return [*files]
    place = file_of(files[0])
    is_whole_file = place is not None and not place[1]
    return [f"{files[0]}:{model}" if is_whole_file else files[0]]


def _option(name: str, value: object) -> list[str]:
    """An option with its value, which may begin like an option."""
    text = str(value)
    return [f"{name}={text}"] if text.startswith("-") else [name, text]
