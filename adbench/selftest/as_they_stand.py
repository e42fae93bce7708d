"""The bugs and controls as functions of a framework, checked without a specification.

`python -m adbench.selftest.as_they_stand torch float64 SEED` prints one JSON object: what
`adbench.check` and the framework's own checkers say of every function with its hand-written rule,
at the same point. Each is asked as users ask it: by one call.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib import import_module
from typing import Any

import numpy as np

from adbench.backends.base import Unsupported
from adbench.cases.inputs import make_inputs
from adbench.checking.call import check
from adbench.checking.report import Report
from adbench.results.exit_status import ExitStatus
from adbench.selftest import subjects
from adbench.selftest.run import OURS
from adbench.selftest.subject import Subject

WRONG_FAR_OFF = frozenset({"another formula: exp(-x) / (1 + exp(-x))^2"})
"""Controls that are right at their own point, and overflow to nan at large arguments: a check of
them as they stand says so, and is right."""


def main(framework: str, dtype: str, seed: int) -> None:
    """Print {name: {checker: whether it alarmed}} for what can be written in the framework."""
    warnings.simplefilter("ignore")
    rules = import_module(f"adbench.selftest.{framework}")
    with rules.Eager().modes():
        names = [name for name in subjects.SUBJECTS if name not in WRONG_FAR_OFF]
        alarms = {name: _alarms(framework, name, dtype, seed) for name in names}
    print(json.dumps({name: of_name for name, of_name in alarms.items() if of_name}))


def report(framework: str, subject: Subject, dtype: str, seed: int = 0) -> Report:
    """Return what `adbench.check` says of a subject as it stands.

    The framework's modes must be on. Raises Unsupported where the framework has no such rules.
    """
    rules = import_module(f"adbench.selftest.{framework}")
    backend = rules.Eager()
    function = rules.custom(subject)
    point, constants = arguments(subject, dtype, seed)
    return check(
        function,
        *(backend.asarray(array) for array in (*point, *constants)),
        argnums=tuple(range(len(point))),
        order=subject.order,
        backend=f"{framework}:eager",
    )


def arguments(
    subject: Subject, dtype: str, seed: int
) -> tuple[tuple[Any, ...], tuple[np.ndarray[Any, Any], ...]]:
    """Return the inputs of a subject in a dtype, and its constants."""
    inputs = make_inputs(subjects.MODELS[subject.name], "", seed, subjects.LOWEST_DTYPE)
    point, *constants = inputs.arguments
    in_dtype = tuple(np.asarray(array, dtype) for array in subjects.as_tuple(point))
    return in_dtype, tuple(np.asarray(constant) for constant in constants)


def _alarms(framework: str, name: str, dtype: str, seed: int) -> dict[str, bool]:
    """Whether each checker alarmed at a subject; {} where it cannot be written."""
    subject = subjects.SUBJECTS[name]
    try:
        ours = report(framework, subject, dtype, seed)
    except Unsupported:
        return {}
    checkers = import_module(f"adbench.selftest.{framework}")
    point, constants = arguments(subject, dtype, seed)
    return {
        OURS: ours.exit_status == ExitStatus.WRONG,
        **checkers.alarms(subject, point, constants),
    }


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
