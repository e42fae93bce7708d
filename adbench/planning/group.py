"""The group: one question, whose cells on all backends are measured side by side."""

from __future__ import annotations

from dataclasses import dataclass

from adbench.cases.case import Case
from adbench.registry import ModelSource


@dataclass(frozen=True)
class Group:
    """One question, in every mode it is asked in.

    Its cells on all backends are measured in turns.
    """

    source: ModelSource
    """The model that is asked."""
    cases: tuple[Case, ...]
    """The question in each of its modes and implementations."""
    n: int
    """The number of active scalars."""
    m: int
    """The number of output scalars."""
    swept: bool = False
    """Whether the size belongs to the model's sweep."""
    growth: str = ""
    """The axis of the model's growth that the size belongs to; "" where it belongs to none."""
    stagings: bool = False
    """Whether it is asked in all stagings, those included that a run has only where they are
    named."""
    stagings_alone: bool = False
    """Whether it is asked for that alone."""
    beyond: str = ""
    """What is looked at beyond what was asked, such as "float32"; "" where it was asked."""
    about: str = ""
    """The name of the model that this is beyond."""

    @property
    def is_suggested(self) -> bool:
        """Whether it is asked at a point that was suggested for the function."""
        return self.source.is_at_suggested_point

    @property
    def question(self) -> Case:
        """A case that stands for the question."""
        return self.cases[0]

    @property
    def subject(self) -> tuple[str, str, str]:
        """The model, its size and the dtype: groups of one subject have the same inputs."""
        return self.question.model, self.question.size, self.question.dtype
