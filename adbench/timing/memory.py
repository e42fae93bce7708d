"""The memory that a call needs, by the framework's own count or by the operating system's."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adbench.backends.base import Backend, Call, Memory
from adbench.timing import clock

STATUS = Path("/proc/self/status")
"""Where Linux tells a process's resident size and its peak."""

CLEAR = Path("/proc/self/clear_refs")
"""Where "5" is written to reset the peak."""

RESIDENT = "resident memory"
"""The method of `resident_memory`."""

REPEATS = 2
"""How often a short call is watched by the system; the least rise counts, since what else the
process does meanwhile adds to it."""

SHORT_CALL_S = 0.02
"""What a call takes at most (s) to be watched more than once."""


def memory_of(backend: Backend, call: Call, run: Callable[[], Any]) -> Memory | None:
    """Make a call once more, and return what memory it needed beyond what was held before.

    call: the prepared call; run: makes it, and waits for its result. None where nothing can count.
    """
    _collect_garbage()
    with clock.undisturbed():
        needed = backend.peak_memory(call, run)
    return needed or resident_memory(run)


def resident_memory(run: Callable[[], Any]) -> Memory | None:
    """Call, and return by how much the resident size of the process rose meanwhile.

    Freed memory that the process holds is given back to the system before (malloc_trim of the GNU C
    library, which does so in full for its main arena: workers have no other), so that it is counted
    where the call takes it again. What a framework's own pool holds
    is not given back, and not counted. Garbage in cycles, which calls of JAX leave behind, is
    collected before and not meanwhile. The rise is a multiple of the page size, 4096 bytes mostly;
    that of a call that takes nothing is 0. None where the system cannot tell (Linux alone can:
    proc(5), clear_refs).
    """
    rises = []
    for _ in range(REPEATS):
        _collect_garbage()
        _give_back()
        before_kb = _reset()
        if before_kb is None:
            return None
        with clock.undisturbed():
            _, seconds = clock.once(run)
        rises.append(max(0, _kilobytes("VmHWM") - before_kb))
        if seconds > SHORT_CALL_S:
            break
    return Memory(min(rises) * 1024, RESIDENT)


def _collect_garbage() -> None:
    """Free what earlier calls left in cycles: freed meanwhile it would hide what the call takes."""
    gc.collect()


def _give_back() -> None:
    """Give freed memory back to the system, where the C library can."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


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
