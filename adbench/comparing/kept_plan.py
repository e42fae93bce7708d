"""The plan of a run as it is kept in its folder, so that a stopped run can be gone on with.

It holds what was asked for, and what the answers and times depend on beside it.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import msgspec

from adbench.cases.case import SPECIFICATION
from adbench.cases.model import SpecError
from adbench.cases.operators import Mode, Operator
from adbench.planning.plan import Part, Plan
from adbench.planning.settings import PRESETS
from adbench.registry import MODELS_GROUP, file_of, whole_origin
from adbench.results.files import reason_of
from adbench.results.row import CellName
from adbench.running.environment import describe
from adbench.running.selection import Selection

PLAN = "plan.json"
"""The file of a run that holds its plan."""


@dataclass(frozen=True)
class KeptPlan:
    """The plan of a run as it stands in the file."""

    preset: str
    """The name of the preset."""
    selection: Selection
    """What was asked for, with the paths of files from the root on."""
    versions: dict[str, str]
    """The versions of Python and of the packages and frameworks, and the processor."""
    files: dict[str, str]
    """The SHA-256 of each file that models and backends come from, by its path or its module."""
    cells: tuple[CellName, ...]
    """The cells, in the order in which they are asked."""
    left_out: tuple[str, ...]
    """What the sweeps leave out; see `Plan`."""
    orders_left_out: tuple[str, ...]
    """Which orders of derivatives are left out; see `Plan`."""
    unasked: tuple[str, ...] = ()
    """What was named and is asked nothing; see `Plan`."""
    part: Part | None = None
    """Which part of a whole plan it is; None where it is the whole."""

    @classmethod
    def of(cls, plan: Plan, selection: Selection, preset: str) -> KeptPlan:
        """Return what is to be kept of the plan that was made of a selection."""
        return cls(
            preset=preset,
            selection=with_whole_paths(selection),
            versions=_versions(plan),
            files=dict(_hashes(plan)),
            cells=cells_of(plan),
            left_out=tuple(plan.left_out),
            orders_left_out=tuple(plan.orders_left_out),
            unasked=tuple(plan.unasked),
            part=plan.part,
        )

    def to_json(self) -> str:
        """Return the content of the file."""
        # Python's own writer takes a path that is no UTF-8, whose bytes are lone surrogates.
        return json.dumps(msgspec.to_builtins(self), separators=(",", ":")) + "\n"

    def plan_again(self) -> Plan:
        """Make the plan of what was asked for anew.

        Raises SpecError where that cannot be done any more, such as for a file that is gone.
        """
        return self.selection.plan(PRESETS[self.preset])

    def differences(self, other: KeptPlan) -> list[str]:
        """Say, in clauses, what makes this plan another than one that was made before it."""
        clauses = [
            f"{name} was {before} and is {self.versions.get(name, 'not there')}"
            for name, before in other.versions.items()
            if self.versions.get(name) != before
        ]
        clauses += [
            f"{path} was changed"
            for path, before in other.files.items()
            if self.files.get(path) != before
        ]
        if self.cells != other.cells:
            clauses.append(_difference_of_cells(other.cells, self.cells))
        return clauses


def read_plan(folder: Path) -> KeptPlan | None:
    """Read the plan that a run kept in its folder; None where it kept none.

    Raises SpecError where it cannot be read.
    """
    path = folder / PLAN
    try:
        text = path.read_text(encoding="utf-8")
        return msgspec.convert(json.loads(text), KeptPlan)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SpecError(f"{path} cannot be read ({reason_of(error)}).") from error
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise SpecError(f"{path} is no plan of a run ({str(error).rstrip('.')}).") from error


def cells_of(plan: Plan) -> tuple[CellName, ...]:
    """Return what tells each cell of a plan from all others, in their order."""
    return tuple(cell for group in plan.groups for cell in plan.cell_names(group))


def with_whole_paths(selection: Selection) -> Selection:
    """Return a selection with the paths of files from the root on, wherever it is read again."""
    return replace(
        selection,
        models=[_whole_path(name) for name in selection.models],
        backends=[_whole_path(name) for name in selection.backends],
        operators=list(selection.operators),
        sizes=list(selection.sizes),
        dtypes=list(selection.dtypes),
    )


def _whole_path(name: str) -> str:
    """A path, or `file.py:name`, from the root on; any other name as it is."""
    file = file_of(name)
    if file is None:
        return name
    path, model_name = file
    return f"{path.resolve()}:{model_name}" if model_name else str(path.resolve())


def _versions(plan: Plan) -> dict[str, str]:
    """What the environment of a run says of its versions and its processor."""
    environment = describe((*plan.backends, *plan.further_stagings))
    versions = {
        "adbench": environment["adbench"],
        "Python": environment["python"],
        "the processor": environment["cpu"],
        **environment["versions"],
        **environment["backends"],
    }
    return {name: version or "not installed" for name, version in versions.items()}


def _hashes(plan: Plan) -> Iterator[tuple[str, str]]:
    """The SHA-256 of each file that the models and backends of a plan come from.

    The user's files stand under their paths, those of installed models under their modules' names,
    which are the same on every machine.
    """
    yield from plan.files.items()
    origins = dict.fromkeys(group.source.origin for group in plan.groups)
    for module in dict.fromkeys(filter(None, map(_module_of, origins))):
        try:
            yield module, hashlib.sha256(Path(_file_of_module(module)).read_bytes()).hexdigest()
        except OSError as error:
            yield module, reason_of(error)


def _module_of(origin: str) -> str:
    """The module that an installed model comes from, "" for one of a user's file or of no file."""
    kind, _, place = whole_origin(origin).partition(":")
    modules: list[str] = []
    if kind == "entry":
        modules = [point.module for point in entry_points(group=MODELS_GROUP, name=place)]
    elif kind == "module":
        modules = [place.partition(":")[0]]
    return next(filter(_file_of_module, modules), "")


def _file_of_module(module: str) -> str:
    """The path of an installed module, which is not imported by this; "" where it has none.

    `find_spec` of a dotted name would import what stands before the dot.
    """
    loaded = sys.modules.get(module)
    if loaded is not None and loaded.__file__:
        return loaded.__file__
    package, *rest = module.split(".")
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return ""
    if not rest:
        return spec.origin
    place = Path(spec.origin).parent.joinpath(*rest)
    files = (place.with_suffix(".py"), place / "__init__.py")
    return next((str(file) for file in files if file.is_file()), "")


def _difference_of_cells(before: tuple[CellName, ...], now: tuple[CellName, ...]) -> str:
    missing = _first_without_second(before, now)
    further = _first_without_second(now, before)
    if not missing and not further:
        return "its cells are in another order"
    cells = missing or further
    change = "no longer asked" if missing else "asked in addition"
    return f"{len(cells)} cells are {change}, such as {describe_cell(cells[0])}"


def _first_without_second(
    cells: tuple[CellName, ...], other_cells: tuple[CellName, ...]
) -> list[CellName]:
    others = frozenset(other_cells)
    return [cell for cell in cells if cell not in others]


def describe_cell(cell: CellName) -> str:
    """Return a cell in words, as `Case.describe` does, with its backend."""
    model, size, dtype, operator, order, mode, implementation, backend = cell
    words = [model]
    if implementation != SPECIFICATION:
        words.append(implementation)
    words += [size, dtype, operator]
    if operator == Operator.DERIVATIVE:
        words.append(str(order))
    if mode != Mode.NONE:
        words.append(mode)
    return f"{' '.join(words)} on {backend}"
