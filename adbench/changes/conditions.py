"""What two runs did not have in common: each difference in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DECISIVE = {
    "cpu": "the processor",
    "cpu_count": "the number of cores",
    "threads": "the number of threads",
}
"""What two runs must have in common for their times to be judged, and what it is called."""

REMARKABLE = {
    "adbench": "the version of adbench",
    "python": "the version of Python",
    "platform": "the system",
    "effort": "the preset",
    "seed": "the seed of the inputs",
}
"""Facts that may be what a comparison is about, or change little, and what they are called."""

VERSIONS = ("versions", "backends")
"""Facts that are mappings from a package or a backend to its version."""


@dataclass(frozen=True)
class Conditions:
    """How far two runs can be compared."""

    obstacles: tuple[str, ...]
    """Sentences that say why times are not judged; none where they are."""
    remarks: tuple[str, ...]
    """Sentences that say what else is different."""

    @property
    def are_times_comparable(self) -> bool:
        """Whether times are judged."""
        return not self.obstacles


def compare_conditions(before: Mapping[str, Any], after: Mapping[str, Any]) -> Conditions:
    """Return what two environments, as `environment.json` holds them, do not have in common."""
    obstacles = [
        f"{sentence} Times are shown and not judged."
        for sentence in _differences(DECISIVE, before, after)
    ]
    remarks = _differences(REMARKABLE, before, after)
    for mapping_name in VERSIONS:
        versions_before = before.get(mapping_name, {})
        versions_after = after.get(mapping_name, {})
        common_names = [name for name in versions_before if name in versions_after]
        names = {name: f"the version of {name}" for name in common_names}
        remarks += _differences(names, versions_before, versions_after)
    return Conditions(tuple(obstacles), tuple(remarks))


def _differences(
    names: Mapping[str, str], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[str]:
    """A sentence for each fact of `names` that differs or that one run alone does not tell."""
    sentences = []
    for fact, name in names.items():
        if before.get(fact) == after.get(fact):
            continue
        subject = name[0].upper() + name[1:]
        sentences.append(
            f"{subject} differs: {_value(before, fact)} before, {_value(after, fact)} after."
        )
    return sentences


def _value(facts: Mapping[str, Any], fact: str) -> str:
    value = facts.get(fact)
    return "unknown" if value is None else str(value)
