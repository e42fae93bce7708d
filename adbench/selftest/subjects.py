"""The bugs and controls as models.

Each a specification, and its hand-written rule on every framework.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from adbench.cases.model import Model
from adbench.selftest.bugs import BUGS, Subject
from adbench.selftest.controls import CONTROLS

FRAMEWORKS = ("reference", "torch", "jax")
"""Frameworks in which a rule can be written by hand; `adbench.selftest` has a module for each."""

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

    def __call__(self, inputs: Any) -> Any:
        return custom(self.framework, self.name)(*inputs)


def model_of(subject: Subject) -> Model:
    """Return a subject as a model; its one argument is the tuple of inputs."""

    def function(xp: Any, inputs: Any) -> Any:
        return subject.function(xp, *inputs)

    return Model(
        name=subject.name,
        function=function,
        make=lambda size, rng: (subject.point(rng),),
        sizes={"": {}},
        native={framework: Native(framework, subject.name) for framework in FRAMEWORKS},
    )


MODELS = {name: model_of(subject) for name, subject in SUBJECTS.items()}
