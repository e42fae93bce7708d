"""A Python file of the user's, with models or a backend: read once, and run from what was read.

What a file says is known by the digest of its text. So a run notices where a file is no longer what
it was when the run was planned.
"""

from __future__ import annotations

import hashlib
import importlib.abc
import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from adbench.cases.messages import as_sentence, describe_exception
from adbench.cases.model import SpecError

INSTALLED = "site-packages"
"""The folder of what is installed, which a run takes for unchanging."""


class FileChanged(SpecError):
    """A file of the user's is no longer what it was when the run was planned."""


@dataclass(frozen=True)
class UserFile:
    """A file that has been run."""

    module: ModuleType
    """The module that it makes."""

    digest: str
    """The SHA-256 of its text, in hexadecimal digits."""

    neighbours: Mapping[str, str]
    """The files below its folder that it was the first to import, with their digests by path."""


_run_files: dict[tuple[str, str], UserFile] = {}
"""What `run_file` has run in this process, by path and digest."""


def run_file(path: Path) -> UserFile:
    """Read a file and run it.

    Raises SpecError where it cannot be read or run, and ModuleNotFoundError where it imports what
    is not installed.
    """
    return _run_text(path, _read(path))


def run_file_once(path: Path, digest: str) -> UserFile:
    """Return what a file with this digest makes; this process runs it once.

    Raises FileChanged where the file has another text.
    """
    key = (str(path.resolve()), digest)
    if key not in _run_files:
        text = _read_in_a_run(path)
        if _digest(text) != digest:
            raise _changed(path)
        _run_text(path, text)
    return _run_files[key]


def digest_of(path: Path) -> str:
    """Return the digest of a file's text. Raises SpecError where it cannot be read."""
    return _digest(_read(path))


def files_run() -> dict[str, str]:
    """Return the digests of the files that this process has run, and their neighbours, by path."""
    digests: dict[str, str] = {}
    for (place, digest), file in _run_files.items():
        digests |= {place: digest, **file.neighbours}
    return digests


def check_unchanged(digests: Mapping[str, str]) -> None:
    """Raise FileChanged where a file, given by its path, has not the digest given for it."""
    for name, digest in digests.items():
        path = Path(name)
        if _digest(_read_in_a_run(path)) != digest:
            raise _changed(path)


def check_path(path: Path) -> None:
    """Raise SpecError for a path that no message or report can hold."""
    try:
        str(path.resolve()).encode()
    except (UnicodeEncodeError, ValueError, OSError, RuntimeError):
        raise SpecError(
            f"The path {str(path)!r} has bytes that are no UTF-8, or is none; rename the file or "
            "its folder."
        ) from None


def _changed(path: Path) -> FileChanged:
    return FileChanged(
        f"{path} was changed during the run: its rows would be of two versions. What was measured "
        "before is kept; start the run again."
    )


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _read(path: Path) -> bytes:
    check_path(path)
    if not path.is_file():
        raise SpecError(f"There is no file {path}; give the path of a Python file.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise SpecError(f"{path} cannot be read ({error.strerror}).") from error


def _read_in_a_run(path: Path) -> bytes:
    """Read a file that was there when the run was planned."""
    try:
        return _read(path)
    except FileChanged:
        raise
    except SpecError:
        raise _changed(path) from None


class _TextLoader(importlib.abc.SourceLoader):
    """Loads a module from a text that has been read, and leaves no bytecode behind."""

    def __init__(self, path: Path, text: bytes) -> None:
        self._path = path
        self._text = text

    def get_filename(self, fullname: str) -> str:
        return str(self._path)

    def get_data(self, path: str | bytes) -> bytes:
        return self._text


def _run_text(path: Path, text: bytes) -> UserFile:
    digest = _digest(text)
    place = str(path.resolve())
    # Two files of one name are two modules.
    name = f"_adbench_file_{_digest(place.encode())[:8]}_{path.stem}"
    loader = _TextLoader(path.absolute(), text)
    spec = importlib.util.spec_from_file_location(name, path.absolute(), loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    folder = str(path.parent.resolve())
    if folder not in sys.path:
        sys.path.append(folder)  # so that the file can import its neighbours, as a script can
    sys.modules[name] = module
    modules_before = set(sys.modules)
    _execute(loader, module, path)
    neighbours = _neighbours(path, set(sys.modules) - modules_before)
    _run_files[place, digest] = UserFile(module, digest, neighbours)
    return _run_files[place, digest]


def _execute(loader: _TextLoader, module: ModuleType, path: Path) -> None:
    try:
        loader.exec_module(module)
    except SyntaxError as error:
        place = f" in line {error.lineno}" if error.lineno else ""
        raise SpecError(f"{path} is not valid Python: {error.msg}{place}.") from error
    except (ModuleNotFoundError, KeyboardInterrupt):
        raise  # a framework that is not installed is an outcome of its own
    except BaseException as error:
        description = describe_exception(error, module.__file__ or "")
        raise SpecError(as_sentence(f"{path} raised {description}")) from error


def _neighbours(path: Path, modules: set[str]) -> dict[str, str]:
    """The digests of the files of some modules that lie below the folder of a file."""
    folder = path.parent.resolve()
    digests = {}
    for name in sorted(modules):
        file = getattr(sys.modules.get(name), "__file__", None)
        if not isinstance(file, str) or not file.endswith(".py"):
            continue
        place = Path(file).resolve()
        is_own = INSTALLED not in place.parts and place.is_relative_to(folder)
        if is_own and place.is_file() and place != path.resolve():
            digests[str(place)] = digest_of(place)
    return digests
