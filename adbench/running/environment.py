"""The environment of a run.

How threads are set before a framework is imported, and what is recorded of the machine.
"""

from __future__ import annotations

import functools
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from adbench.backends.catalog import Entry
from adbench.registry import installed_version

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "NPROC",  # the size of XLA's thread pool on CPU (DefaultThreadPoolSize in xla/pjrt/cpu)
)
"""What the frameworks and their libraries read their number of threads from."""

QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "MALLOC_ARENA_MAX": "1",  # malloc_trim gives back the end of the main arena alone
    "TF_ENABLE_ONEDNN_OPTS": "0",  # its fused kernels round otherwise from run to run
    "JAX_PLATFORMS": "cpu",
    "JAX_ENABLE_X64": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
    "PYTHONUNBUFFERED": "1",
}
"""What keeps the frameworks on the processor, reproducible, and out of the log."""


def worker_environment(threads: int, temporary_folder: str = "") -> dict[str, str]:
    """Return the environment variables that a worker is started with.

    This process's, with `threads` threads each. temporary_folder: where frameworks leave their
    temporary files; the system's folder where empty.
    """
    variables = {**os.environ, **QUIET, **dict.fromkeys(THREAD_VARIABLES, str(threads))}
    if temporary_folder:
        variables["TMPDIR"] = temporary_folder
    return variables


def describe(entries: Sequence[Entry], **facts: Any) -> dict[str, Any]:
    """Return what `environment.json` records.

    The machine, the versions, and `facts` about the run.
    """
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "adbench": version("adbench"),
        "python": platform.python_version(),
        "host": host_name(),
        "platform": platform.platform(),
        "cpu": cpu_name(),
        "cpu_count": os.cpu_count(),
        "command": ["adbench", *sys.argv[1:]],
        "versions": {name: _version(name) for name in ("numpy", "scipy", "pandas", "pyarrow")},
        "backends": {entry.name: installed_version(entry) for entry in entries},
        **facts,
    }


@functools.cache
def host_name() -> str:
    """Return the name by which this machine knows itself."""
    return platform.node()


def cpu_name() -> str:
    """Return the processor's name as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
