"""Every defect that is claimed of a framework shows itself in plain code of that framework."""

import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

from adbench.atlas.bugs import BUGS
from adbench.atlas.models import CORNERS
from adbench.atlas.operations import OPERATIONS

FRAMEWORKS = sorted({bug.framework for bug in BUGS})
PAGE = Path(__file__).parents[2] / "docs" / "atlas.md"

RUN_EACH = """
import contextlib, io, json, sys, warnings
warnings.simplefilter("ignore")
printed = []
for code in json.load(sys.stdin):
    screen = io.StringIO()
    with contextlib.redirect_stdout(screen):
        exec(code, {})
    printed.append(screen.getvalue().strip())
print(json.dumps(printed))
"""


def can_run(bug):
    """Whether the code of a defect finds what it needs here: Inductor compiles C++."""
    needs_compiler = any("torch.compile" in line for line in bug.code)
    return not needs_compiler or any(map(shutil.which, ("g++", "clang++")))


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_what_is_claimed_of_a_framework_is_what_it_prints(framework):
    if find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    bugs = [bug for bug in BUGS if bug.framework == framework and can_run(bug)]
    if version(framework).partition("+")[0] != bugs[0].version:
        pytest.skip(f"the defects were seen in {framework} {bugs[0].version}")
    done = subprocess.run(
        [sys.executable, "-c", RUN_EACH],
        input=json.dumps(["\n".join(bug.code) for bug in bugs]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [bug.returned for bug in bugs]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: f"{bug.framework}: {bug.corner}")
def test_a_defect_belongs_to_a_corner_and_is_no_convention(bug):
    assert bug.corner in CORNERS or bug.corner in OPERATIONS
    assert bug.returned != bug.right
    assert len(bug.code) <= 6


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: f"{bug.framework}: {bug.corner}")
def test_the_page_lists_the_defect_with_its_code(bug):
    text = PAGE.read_text()
    assert bug.summary in text
    assert "\n".join(bug.code) in text
