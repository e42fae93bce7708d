"""A cell of a stored run, or of a check, explained: read, computed again, told in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from adbench import registry
from adbench.backends.catalog import Entry
from adbench.cases.case import Case
from adbench.cases.model import SpecError
from adbench.cases.operators import Mode, Operator
from adbench.cases.user_file import digest_of
from adbench.comparing.kept_plan import KeptPlan
from adbench.comparing.measure import LOGS, Measured, measure
from adbench.comparing.remake import read_stored_run
from adbench.explaining.cell_names import find_cell, name_of
from adbench.explaining.evidence import CellEvidence, Script
from adbench.explaining.words import Section, sections
from adbench.planning.settings import CHECK, DEFAULT, PRESETS, Settings
from adbench.registry import file_of, is_path, module_of
from adbench.results.row import FAILURES, Row, Verdict
from adbench.running.planner import Announce, announced
from adbench.running.protocol import CellExplained, ExplainCell, TruthBroken, UserCodeFailed
from adbench.running.selection import Selection
from adbench.running.worker_pool import WorkerFailed, WorkerPool, worker_pool
from adbench.truth.certificate import CertificateError

LISTED_AT_MOST = 5
"""So many further cells are named that are wrong."""


@dataclass(frozen=True)
class Explanation:
    """What is known about a cell."""

    row: Row
    """Its row."""
    sections: tuple[Section, ...]
    """What is known, in words."""
    script: Script
    """A program that shows it, or why there is none."""


def explain_stored(folder: Path, cell: str, announce: Announce) -> Explanation:
    """Explain a cell of the run in `folder`.

    What its row lacks is computed again where model and backend are still there. Raises SpecError
    where there is no run, or the name means no cell or several.
    """
    stored = read_stored_run(folder)
    if not stored.rows:
        raise SpecError(f"The run in {folder} has no cell; it ended before its first one.")
    row = _chosen(stored.rows, cell, str(folder))
    missing: list[str] = []
    evidence = None
    if stored.kept is None:
        missing.append("The run kept no plan, so that its cells cannot be computed again.")
    else:
        missing += _changed_files(stored.kept)
        selection = stored.kept.selection
        settings = selection.settings(PRESETS.get(stored.kept.preset, DEFAULT))
        with (
            TemporaryDirectory(prefix="adbench-") as logs,
            worker_pool(settings, Path(logs)) as pool,
        ):
            evidence = _evidence(row, selection, settings, pool, missing, announce)
    return _explanation(row, stored.rows, evidence, missing)


def explain_checked(
    name: str, cell: str, backends: Sequence[str], announce: Announce
) -> Explanation:
    """Check a model or a function as it stands, and explain a cell of the check.

    cell: the first that is wrong or did not run where "". Raises SpecError where the model cannot
    be used, or nothing is wrong and no cell was named.
    """
    selection = Selection(models=[name], backends=list(backends))
    settings = selection.settings(CHECK)
    missing: list[str] = []
    with (
        TemporaryDirectory(prefix="adbench-") as folder,
        worker_pool(settings, Path(folder) / LOGS) as pool,
    ):
        plan = selection.plan(CHECK, pool, announce)
        measured = Measured()
        measure(plan, Path(folder), pool=pool, measured=measured)
        row = _chosen(measured.rows, cell, name)
        evidence = _evidence(row, selection, settings, pool, missing, announce)
    return _explanation(row, measured.rows, evidence, missing)


def _chosen(rows: Sequence[Row], cell: str, place: str) -> Row:
    """The cell that is named, or the first that is wrong."""
    if cell:
        return find_cell(rows, cell)
    failing = [row for row in rows if row.verdict is Verdict.WRONG or row.outcome in FAILURES]
    if not failing:
        raise SpecError(
            f"Nothing is wrong in {place}; name a cell to explain, such as {name_of(rows[0])}."
        )
    return failing[0]


def _explanation(
    row: Row, rows: Sequence[Row], evidence: CellEvidence | None, missing: Sequence[str]
) -> Explanation:
    script = Script(reason="The cell could not be computed again.")
    if evidence is not None:
        script = evidence.script
    others = [
        name_of(other)
        for other in rows
        if other.verdict is Verdict.WRONG and other.cell != row.cell
    ]
    parts = sections(row, rows, evidence, missing)
    if others:
        listed = ", ".join(others[:LISTED_AT_MOST])
        more = len(others) - LISTED_AT_MOST
        rest = f" and {more} more" if more > 0 else ""
        parts.append(Section("Wrong as well", (f"{listed}{rest}.",)))
    return Explanation(row, tuple(parts), script)


def _evidence(
    row: Row,
    selection: Selection,
    settings: Settings,
    pool: WorkerPool,
    missing: list[str],
    announce: Announce,
) -> CellEvidence | None:
    """What is seen when a cell is computed again; None, and why in `missing`, where that fails."""
    try:
        entry = _entry_of(row, selection)
        request = ExplainCell(
            _names(row, selection), _case_of(row), entry.name, settings.points.for_dtype(row.dtype)
        )
    except (SpecError, ValueError) as error:
        missing.append(f"The cell could not be computed again: {error}")
        return None
    with announced(f"computing {name_of(row)} again", announce):
        try:
            reply = pool.ask(entry, request, settings.timeout_s)
        except WorkerFailed as failure:
            missing.append(f"The cell could not be computed again. {failure.message}")
            return None
    if isinstance(reply, TruthBroken):
        raise CertificateError(reply.message)
    if isinstance(reply, UserCodeFailed):
        missing.append(f"The cell could not be computed again: {reply.message}")
        return None
    assert isinstance(reply, CellExplained)
    return reply.evidence


def _entry_of(row: Row, selection: Selection) -> Entry:
    """The backend of a row. Raises SpecError where it is there no more."""
    entries = [*registry.find_backends(selection.backends), *registry.all_backends().values()]
    for entry in entries:
        if entry.name == row.backend:
            return entry
    raise SpecError(f"There is no backend {row.backend!r} any more.")


def _names(row: Row, selection: Selection) -> tuple[str, ...]:
    """Where the model of a row may be."""
    if not selection.models:
        return (row.model.partition(registry.BY)[0],)
    elsewhere = [name for name in selection.models if file_of(name) or module_of(name)]
    installed = [name for name in selection.models if name not in elsewhere]
    if row.model.partition(registry.BY)[0] in installed:
        return (row.model.partition(registry.BY)[0],)
    return tuple(elsewhere) or tuple(installed)


def _case_of(row: Row) -> Case:
    """The case that a row answers. Raises ValueError for words of a later version."""
    return Case(
        row.model,
        row.size,
        row.dtype,
        Operator(row.operator),
        row.order,
        Mode(row.mode),
        row.implementation,
    )


def _changed_files(kept: KeptPlan) -> list[str]:
    """What is to be said of the user's files that are no longer what they were in the run."""
    sentences = []
    named = [file_of(name) for name in kept.selection.models]
    paths = [str(file[0]) for file in named if file is not None]
    paths += [name for name in kept.selection.backends if is_path(name)]
    for path in paths:
        try:
            is_same = digest_of(Path(path)) == kept.files.get(path)
        except SpecError as error:
            sentences.append(str(error))
            continue
        if not is_same:
            sentences.append(
                f"{path} was changed since the run; what is computed is of it as it is."
            )
    return sentences
