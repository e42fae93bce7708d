"""The other checkers, in a process of their own.

`python -m adbench.selftest.checkers torch SEED` prints one JSON object.

They judge the same functions with the same rules, at the same points.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib import import_module
from types import ModuleType

from adbench.cases.inputs import make_inputs
from adbench.selftest import subjects


def main(framework: str, seed: int) -> None:
    """Print what the checkers of a framework say of every bug and control.

    {name: {checker: whether it alarmed}}.
    """
    warnings.simplefilter("ignore")
    checkers = import_module(f"adbench.selftest.{framework}")
    with checkers.Eager().modes():
        print(json.dumps(_alarms(checkers, seed)))


def _alarms(checkers: ModuleType, seed: int) -> dict[str, dict[str, bool]]:
    alarms = {}
    for name, subject in subjects.SUBJECTS.items():
        inputs = make_inputs(subjects.MODELS[name], "", seed, subjects.LOWEST_DTYPE)
        point, *constants = inputs.arguments
        alarms[name] = checkers.alarms(subject, subjects.as_tuple(point), tuple(constants))
    return alarms


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
