"""The peak of a process's resident memory during a call, as Linux counts it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")


def peak_bytes(call: Callable[[], Any]) -> int | None:
    """Return by how much (bytes) the resident size rises above where it was while `call` runs.

    It is a multiple of the page size, and 0 where freed memory that the process holds is enough. None where the
    system cannot tell (Linux alone can: proc(5), clear_refs).
    """
    try:
        # 5 resets the peak resident size (VmHWM) to the present one.
        CLEAR.write_text("5")
        before = _kilobytes("VmRSS")
        call()
        return max(0, _kilobytes("VmHWM") - before) * 1024
    except OSError:
        return None


def _kilobytes(field: str) -> int:
    for line in STATUS.read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    raise OSError(f"{STATUS} has no field {field}")
