"""The page on the engine names files that are there; its code is run by tests/documentation."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "engine.md"


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
