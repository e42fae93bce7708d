"""The other checkers, in a process of their own: `python -m adbench.selftest.others torch SEED`
prints one JSON object.

They judge the same functions with the same rules, at the same points.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib import import_module

from adbench.cases.inputs import make_inputs
from adbench.selftest import subjects


def main(framework: str, seed: int) -> None:
    """Print what the checkers of a framework say of every bug and control: {name: {checker: whether
    it alarmed}}."""
    warnings.simplefilter("ignore")
    checkers = import_module(f"adbench.selftest.{framework}")
    said = {}
    for name, subject in subjects.SUBJECTS.items():
        (point,) = make_inputs(subjects.MODELS[name], "", seed).arguments
        said[name] = checkers.others(subject, tuple(point))
    print(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
