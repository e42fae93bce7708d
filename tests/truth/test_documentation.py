"""The page on the truth shows what the code does, and names files that exist."""

import contextlib
import io
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "truth.md").read_text()


def test_the_example_prints_what_is_shown():
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (shown,) = re.findall(r"```\n(truth: .*?)```", PAGE, re.DOTALL)
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(example, {})
    assert output.getvalue() == shown


def test_every_file_that_is_named_exists():
    packages = ("cases", "truth", "judging")
    for name in re.findall(r"`(?:cases/)?(\w+\.py)`", PAGE):
        assert any((ROOT / "adbench" / package / name).is_file() for package in packages), name
