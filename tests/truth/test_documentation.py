"""The page on the truth names files that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "truth.md").read_text()


def test_every_file_that_is_named_exists():
    packages = ("cases", "truth", "judging")
    for name in re.findall(r"`(?:cases/)?(\w+\.py)`", PAGE):
        assert any((ROOT / "adbench" / package / name).is_file() for package in packages), name
