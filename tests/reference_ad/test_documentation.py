"""The page on the engine shows what the engine does."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "engine.md"


def test_the_example_prints_the_graph_and_the_source_that_are_shown() -> None:
    blocks = re.findall(r"```(?:python)?\n(.*?)```", PAGE.read_text(), re.DOTALL)
    example = next(block for block in blocks if block.startswith("import"))
    printed = io.StringIO()
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(printed):
        exec(example, names)
    shown = "".join(block for block in blocks if block.startswith(("x0 = input", "def enter")))
    assert printed.getvalue() == shown
