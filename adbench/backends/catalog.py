"""Which backends there are, as light records: nothing of a framework is imported to list them.

An entry point in the group `adbench.backends` names a sequence of `Entry` records, one a staging, the customary one
first; the entry point's name is the framework's. These are the ones that adbench brings.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A backend by name, before its framework is imported.

    name: "framework:staging".
    load: where its class is, as "module:attribute" or "path/to/file.py:attribute".
    requires: the module that must be importable, or None; `distribution` is its name on the package index.
    """

    name: str
    load: str
    requires: str | None = None
    distribution: str | None = None

    @property
    def framework(self) -> str:
        """The part of the name before the colon."""
        return self.name.partition(":")[0]

    @property
    def staging(self) -> str:
        """The part of the name after the colon."""
        return self.name.partition(":")[2]


REFERENCE = (Entry("reference:tape", "adbench.backends.reference:Tape"),)

TORCH = (Entry("torch:eager", "adbench.backends.torch:Eager", "torch", "torch"),)

JAX = (
    Entry("jax:jit", "adbench.backends.jax:Jit", "jax", "jax"),
    Entry("jax:eager", "adbench.backends.jax:Eager", "jax", "jax"),
)

TENSORFLOW = (
    Entry("tensorflow:function", "adbench.backends.tensorflow:Function", "tensorflow", "tensorflow"),
    Entry("tensorflow:eager", "adbench.backends.tensorflow:Eager", "tensorflow", "tensorflow"),
)

DIFFERENCES = (Entry("differences:central", "adbench.backends.differences:Central"),)
