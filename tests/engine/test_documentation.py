"""The page on the engine shows what the engine does."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "engine.md"


BLOCKS = re.findall(r"```(?:python)?\n(.*?)```", PAGE.read_text(), re.DOTALL)


def printed(example: str) -> str:
    out = io.StringIO()
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(out):
        exec(example, names)
    return out.getvalue()


def test_the_example_prints_the_graph_and_the_source_that_are_shown() -> None:
    (example,) = [block for block in BLOCKS if "ad.compile" in block]
    assert printed(example) == "".join(
        block for block in BLOCKS if block.startswith(("x0 = input", "def enter"))
    )


def test_the_gradient_on_balls_is_the_one_that_is_shown() -> None:
    pytest.importorskip("flint")
    (example,) = [block for block in BLOCKS if "ball_arithmetic" in block]
    assert printed(example) == "".join(
        block for block in BLOCKS if block.startswith("ElementArray")
    )


def test_every_file_that_is_named_is_there() -> None:
    root = PAGE.parents[1]
    engine = root / "reference_ad"
    named = set(re.findall(r"`([\w/]+\.py)`", PAGE.read_text()))
    missing = [
        name
        for name in named
        if not (root / name).exists()
        and not any(path.as_posix().endswith(f"/{name}") for path in engine.rglob("*.py"))
    ]
    assert missing == []
