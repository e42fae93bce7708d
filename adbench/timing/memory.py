"""The peak of a process's resident memory during a call, as Linux counts it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

STATUS = Path("/proc/self/status")
"""Where Linux tells a process's resident size and its peak."""

CLEAR = Path("/proc/self/clear_refs")
"""Where "5" is written to reset the peak."""


def watched(call: Callable[[], T]) -> tuple[T, int | None]:
    """Call, and return the result and by how much the resident size rose meanwhile (bytes).

    The rise is a multiple of the page size, and 0 where freed memory that the process holds is
    enough. None where the system cannot tell (Linux alone can: proc(5), clear_refs).
    """
    before_kb = _reset()
    result = call()
    if before_kb is None:
        return result, None
    rise_kb = max(0, _kilobytes("VmHWM") - before_kb)
    return result, rise_kb * 1024


def _reset() -> int | None:
    """Reset the peak resident size (VmHWM) to the present one, and return that in kB.

    None where the system cannot.
    """
    try:
        CLEAR.write_text("5")
        return _kilobytes("VmRSS")
    except OSError:
        return None


def _kilobytes(field: str) -> int:
    for line in STATUS.read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    raise OSError(f"{STATUS} has no field {field}")
