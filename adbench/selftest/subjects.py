"""The bugs and controls as models.

Each a specification, and its hand-written rule on every framework.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from adbench.cases.model import Model
from adbench.planning.plan import HIGHEST_ORDER
from adbench.selftest.bugs import BUGS
from adbench.selftest.controls import CONTROLS
from adbench.selftest.subject import Subject

LOWEST_DTYPE = "float32"
"""The lowest dtype that a subject is asked in: points are representable in it."""

SUBJECTS: dict[str, Subject] = {
    subject.name: subject
    for subject in (*(bug.wrong for bug in BUGS), *(bug.control for bug in BUGS), *CONTROLS)
}


@cache
def custom(framework: str, name: str) -> Callable[..., Any]:
    """Return a subject as a function of the framework's arrays with the hand-written rule.

    Imports the framework.
    """
    rules = import_module(f"adbench.selftest.{framework}")
    function: Callable[..., Any] = rules.custom(SUBJECTS[name])
    return function


@dataclass(frozen=True)
class Native:
    """A hand-written function by name: the framework is imported when it is first called."""

    framework: str
    name: str

    def __call__(self, inputs: Any, *constants: Any) -> Any:
        return custom(self.framework, self.name)(*as_tuple(inputs), *constants)


def as_tuple(inputs: Any) -> tuple[Any, ...]:
    """Return the inputs of a subject, of which one stands alone in its model."""
    return inputs if isinstance(inputs, tuple) else (inputs,)


def model_of(subject: Subject) -> Model:
    """Return a subject as a model.

    Its active argument is the tuple of inputs, or the one input there is.
    """

    def function(xp: Any, inputs: Any, *constants: Any) -> Any:
        return subject.function(xp, *as_tuple(inputs), *constants)

    def make(size: Any, rng: np.random.Generator) -> tuple[Any, ...]:
        point = subject.point(rng)
        constants = subject.constants(rng) if subject.constants else ()
        return (point if len(point) > 1 else point[0], *constants)

    return Model(
        name=subject.name,
        function=function,
        make=make,
        sizes={"": {}},
        orders=subject.order if subject.order > HIGHEST_ORDER else 1,
        native={framework: Native(framework, subject.name) for framework in subject.frameworks},
    )


MODELS = {name: model_of(subject) for name, subject in SUBJECTS.items()}
