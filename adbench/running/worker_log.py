"""What a worker's log says of its death: the line of the user's file, or the last line."""

from __future__ import annotations

import re
import sysconfig
from pathlib import Path

LAST_BYTES = 1 << 16
"""So much of the end of a log is read (bytes)."""

LONGEST_LINE = 200
"""How many characters of a line of a log are shown."""

FATAL = "Fatal Python error: "
"""What `faulthandler` begins with."""

THREADS = ("Current thread ", "Thread ", "Stack ")
"""What it begins the frames of a thread with; the thread that died is the current one."""

FRAME = re.compile(r'File "(?P<path>.+)", line (?P<line>\d+) in (?P<function>.+)')
"""A frame, as it writes one."""

OUT_OF_MEMORY = re.compile("bad_alloc|out of memory|allocate memory|memoryerror", re.IGNORECASE)
"""What programs say when memory cannot be had."""

LIBRARIES = (
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    str(Path(__file__).parents[1]),
)
"""Where the code lies that is neither a backend's author's nor a model's."""


class WorkerLog:
    """The part of a log that one worker writes."""

    def __init__(self, path: Path) -> None:
        """Begin at the end of what others wrote to the same file."""
        self.path = path
        self._start = path.stat().st_size if path.exists() else 0

    def _lines(self) -> list[str]:
        with self.path.open("rb") as log:
            size = log.seek(0, 2)
            log.seek(max(self._start, size - LAST_BYTES))
            text = log.read().decode(errors="replace")
        return [line.strip() for line in text.splitlines() if line.strip()]

    def last_words(self) -> str:
        """Return, in a sentence, what the log says last of its worker's death; "" where nothing."""
        lines = self._lines()
        if not lines:
            return ""
        crash = _place_of_crash(lines)
        if crash:
            return f"Its log ({self.path.name}) says: {crash[:LONGEST_LINE]}"
        return f"Its log ({self.path.name}) ends: {lines[-1][:LONGEST_LINE]}"

    def tells_of_memory(self) -> bool:
        """Whether the last lines say that memory could not be had."""
        return any(OUT_OF_MEMORY.search(line) for line in self._lines()[-100:])


def _place_of_crash(lines: list[str]) -> str:
    """Return what went wrong and where, from what `faulthandler` wrote; "" where it did not.

    The innermost frame outside of libraries is shown, which is where to look; or else the innermost
    of all.
    """
    heads = [number for number, line in enumerate(lines) if line.startswith(FATAL)]
    if not heads:
        return ""
    after = lines[heads[-1] :]
    what = after[0].removeprefix(FATAL)
    frames = _frames(after)
    for frame in frames:
        if not frame["path"].startswith(LIBRARIES):
            return f"{what}, {_in_words(frame)}"
    return f"{what}, {_in_words(frames[0])}" if frames else what


def _frames(lines: list[str]) -> list[re.Match[str]]:
    """Return the frames of the thread that died, from the innermost."""
    frames = []
    is_current = True
    for line in lines[1:]:
        if line.startswith(THREADS):
            is_current = line.startswith(THREADS[0])
        frame = FRAME.fullmatch(line)
        if frame and is_current:
            frames.append(frame)
    return frames


def _in_words(frame: re.Match[str]) -> str:
    return f'File "{Path(frame["path"]).name}", line {frame["line"]} in {frame["function"]}'
