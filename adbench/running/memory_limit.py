"""How much memory a worker may take, and what is said where it wants more.

On Linux the kernel refuses a worker, and each process that it starts, more private memory than that
(RLIMIT_DATA: it counts what is mapped to be written, and no address space that is merely reserved,
as RLIMIT_AS does). Everywhere the runner looks at what the worker and its processes hold together,
twice a second while it waits for an answer.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import psutil

from adbench.cases.model import SpecError

SHARE_OF_AVAILABLE = 0.8
"""The part of the memory that is available which a worker may take, where no limit is given."""

SHARE_OF_ALL = 0.25
"""The part of all memory that it may take at least, however little is available."""

SMALLEST = 200_000_000
"""No worker starts with less than this (bytes)."""

UNITS = {"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12}
UNITS |= {"kib": 2.0**10, "mib": 2.0**20, "gib": 2.0**30, "tib": 2.0**40}
"""The units that a size may be given in."""

SIZE = re.compile(r"\s*(\d+(?:\.\d*)?)\s*([kmgt]i?b)\s*", re.IGNORECASE)

CGROUPS = Path("/sys/fs/cgroup")
"""Where Linux has the limits of groups of processes, such as containers."""


def parse_size(text: str) -> int:
    """Return a size such as "4GB" or "512 MiB" in bytes. Raises SpecError for another text."""
    match = SIZE.fullmatch(text)
    size = int(float(match[1]) * UNITS[match[2].lower()]) if match else 0
    if not SMALLEST <= size < 1 << 62:
        raise SpecError(
            f"The memory limit {text!r} was given; give a size such as 4GB or 512MB, of at least "
            f"{in_words(SMALLEST)}, which a worker takes by itself."
        )
    return size


def in_words(size: float) -> str:
    """Return a size (bytes) with its unit."""
    if size < 0.95e9:
        return f"{size / 1e6:.0f} MB"
    return f"{size / 1e9:.1f} GB"


def default_limit() -> int:
    """Return what a worker may take where no limit is given (bytes).

    Four fifths of what is available, as the machine and the groups of this process say.
    """
    memory = psutil.virtual_memory()
    rooms = [(memory.total, memory.available), *_rooms_of_groups()]
    total = min(total for total, _ in rooms)
    available = min(available for _, available in rooms)
    return max(int(available * SHARE_OF_AVAILABLE), int(total * SHARE_OF_ALL), SMALLEST)


def is_short() -> bool:
    """Whether less than a tenth of the memory is available."""
    memory = psutil.virtual_memory()
    rooms = [(memory.total, memory.available), *_rooms_of_groups()]
    return any(available < total / 10 for total, available in rooms)


def _rooms_of_groups() -> list[tuple[int, int]]:
    """Return how much each group of this process may hold, and how much of that is free (bytes)."""
    rooms = []
    for folder in _groups():
        with suppress(OSError, ValueError):  # "max" where there is no limit
            total = int((folder / "memory.max").read_text())
            used = int((folder / "memory.current").read_text())
            rooms.append((total, max(total - used, 0)))
        with suppress(OSError, ValueError):  # version 1 of groups
            total = int((folder / "memory.limit_in_bytes").read_text())
            used = int((folder / "memory.usage_in_bytes").read_text())
            rooms.append((total, max(total - used, 0)))
    return rooms


@cache
def _groups() -> tuple[Path, ...]:
    """Return the folders of the groups that this process is in, with those above them."""
    folders = {CGROUPS, CGROUPS / "memory"}
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, group = line.split(":", 2)
            root = CGROUPS / "memory" if "memory" in controllers.split(",") else CGROUPS
            path = root / group.lstrip("/")
            folders |= {path, *path.parents}
    return tuple(folder for folder in folders if folder.is_relative_to(CGROUPS))


def held_by(process: int) -> int:
    """Return what a process holds in memory with all that descend from it (bytes).

    What they share counts once for each. It is 0 where the process is gone.
    """
    return sum(_resident_sizes(process))


def _resident_sizes(process: int) -> Iterator[int]:
    with suppress(psutil.Error):
        parent = psutil.Process(process)
        yield parent.memory_info().rss
        for child in parent.children(recursive=True):
            with suppress(psutil.Error):
                yield child.memory_info().rss


def held_alone_by(process: int) -> int:
    """Return like `held_by`, with what processes share divided among them, which takes longer."""
    total = 0
    with suppress(psutil.Error):
        parent = psutil.Process(process)
        for member in (parent, *parent.children(recursive=True)):
            with suppress(psutil.Error):
                memory = member.memory_full_info()
                total += getattr(memory, "pss", memory.uss)
    return total


def kills_by_system() -> int | None:
    """Return how many processes the system has ended for want of memory.

    None where it does not say.
    """
    with suppress(OSError, ValueError):
        for line in Path("/proc/vmstat").read_text().splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
    return None


def sentence() -> str:
    """Say that this process asked for more than it may take; "" where it has no limit."""
    if sys.platform != "linux":
        return ""
    import resource

    allowed, _ = resource.getrlimit(resource.RLIMIT_DATA)
    if allowed == resource.RLIM_INFINITY:
        return ""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return (
        f"It asked for more than the {in_words(allowed)} of memory that a worker may take "
        f"(--memory sets it), and held {in_words(peak)} at most."
    )


def limit_in_words(allowed: int, held: int) -> str:
    """Say what a worker held at most and what it may take (bytes)."""
    return (
        f"It held {in_words(held)} of memory, and a worker may take {in_words(allowed)} (--memory "
        "sets it)."
    )
