"""What the tests of faults share: commands in processes of their own, and a right model."""

from __future__ import annotations

from pathlib import Path

import pytest
from zoo.command import Launcher

SQUARE = '''"""A right model, for those that are not to blame."""

from adbench import Model


def f(xp, x):
    return xp.sum(x * x * x)


def make(size, rng):
    return (rng.standard_normal(3),)


model = Model(name="square", function=f, make=make, sizes={"s": {}})
'''

SLOW = '''"""Several questions, whose cells take their time."""

import time

from adbench import Model


def f(xp, x):
    time.sleep(0.002)
    return xp.sum(x * x)


def make(size, rng):
    return (rng.standard_normal(size["n"]),)


two, three, four, five = (
    Model(name=f"slow_{n}", function=f, make=make, sizes={f"n={n}": {"n": n}}) for n in range(2, 6)
)
'''


@pytest.fixture
def launcher(tmp_path):
    """Starts commands in a folder of the test's own, and ends them with it."""
    launcher = Launcher(tmp_path)
    yield launcher
    launcher.end()


@pytest.fixture
def square(tmp_path) -> Path:
    """The file of a right model."""
    path = tmp_path / "square.py"
    path.write_text(SQUARE)
    return path


@pytest.fixture
def slow(tmp_path) -> Path:
    """The file of a model that takes its time, so that something can happen meanwhile."""
    path = tmp_path / "slow.py"
    path.write_text(SLOW)
    return path


def pytest_collection_modifyitems(items):
    """Mark every test of this folder, for `make test-faults`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)
