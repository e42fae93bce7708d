"""Models of other packages: found by their entry points, and imported in a worker alone."""

from __future__ import annotations

import pytest

RIGHT = """
import os
from adbench import Model

open({log!r}, "a").write(f"{{os.getppid()}} ")
model = Model(name="plugged", function=lambda xp, x: xp.sum(x * x),
              make=lambda size, rng: (rng.standard_normal(3),), sizes={{"s": {{}}}})
"""
FAULTS = {
    "raises": ("raise RuntimeError('no licence')", "no licence"),
    "exits": ("import os\nos._exit(3)", "could not be planned"),
    "hangs": ("while True: pass", "within 60 s"),
    "other_name": (
        "from adbench import Model\n"
        "model = Model(name='zzz', function=abs, make=abs, sizes={'s': {}})",
        "a model called 'zzz'; give both one name",
    ),
    "no_model": ("model = 5", "names a int; it must name an adbench.Model"),
}


def install(launcher, text):
    """Put a package with one model where Python finds it; return the environment for that."""
    folder = launcher.folder / "site"
    metadata = folder / "plug-1.0.dist-info"
    metadata.mkdir(parents=True)
    (folder / "plug.py").write_text(text)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: plug\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[adbench.models]\nplugged = plug:model\n")
    return {"PYTHONPATH": folder}.items()


def check(launcher, environment, *words):
    words = words or ("check", "plugged", "--operator", "gradient", "--backend", "reference")
    return launcher.run(*words, environment=environment, limit_s=100.0)


@pytest.mark.timeout(200)
def test_a_model_of_another_package_is_never_imported_by_the_command_itself(launcher):
    log = launcher.folder / "imported_under"
    environment = install(launcher, RIGHT.format(log=str(log)))
    command = check(launcher, environment)
    assert command.status == 0, command.stdout + command.stderr
    assert str(command.process.pid) not in log.read_text().split()  # its workers have guards
    assert launcher.left_behind(command) == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) for n in FAULTS])
def test_a_faulty_package_ends_in_a_sentence_and_is_in_nobody_elses_way(launcher, name):
    text, sentence = FAULTS[name]
    environment = install(launcher, text)
    command = check(launcher, environment)
    assert command.status == 2, command.stdout + command.stderr
    assert sentence in " ".join(command.stderr.split()), command.stderr
    assert "Traceback" not in command.stderr
    other = check(launcher, environment, "check", "mlp", "--operator", "gradient",
                  "--backend", "reference")  # fmt: skip
    assert other.status == 0, other.stdout + other.stderr
    assert launcher.left_behind(other) == []
