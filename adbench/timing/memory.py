"""The peak of a process's resident memory during a call, as Linux counts it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")


def watched(call: Callable[[], T]) -> tuple[T, int | None]:
    """Call, and return the result and by how much (bytes) the resident size rose above where it was
    meanwhile.

    The rise is a multiple of the page size, and 0 where freed memory that the process holds is
    enough. None where the system cannot tell (Linux alone can: proc(5), clear_refs).
    """
    before = _reset()
    result = call()
    return result, None if before is None else max(0, _kilobytes("VmHWM") - before) * 1024


def _reset() -> int | None:
    """Reset the peak resident size (VmHWM) to the present one, and return that in kB."""
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
