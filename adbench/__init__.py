"""adbench compares automatic-differentiation backends and checks gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adbench.cases import Model as Model

if TYPE_CHECKING:
    from adbench.checking.call import check as check
    from adbench.results.frames import load as load

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name == "check":
        from adbench.checking.call import check

        return check
    # pandas is imported when results are loaded, not when the package is.
    if name == "load":
        from adbench.results.frames import load

        return load
    raise AttributeError(f"module 'adbench' has no attribute {name!r}")
