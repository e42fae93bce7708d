"""Joining the shards of a run: their journals, plans and step sweeps to those of one run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from adbench.cases.messages import first_differences
from adbench.cases.model import SpecError
from adbench.comparing.earlier import read_earlier_part
from adbench.comparing.folder import (
    ENVIRONMENT,
    EXPECTED,
    ISSUES,
    hold_run_folder,
    make_run_folder,
)
from adbench.comparing.kept_plan import PLAN, KeptPlan, read_plan
from adbench.comparing.outputs import write_steps
from adbench.comparing.remake import StoredRun, read_stored_run
from adbench.planning.plan import Part
from adbench.planning.shard import Shard
from adbench.registry import file_of
from adbench.results.files import OutputFiles
from adbench.results.journal import JOURNAL, Journal
from adbench.results.row import CellName, Row
from adbench.running.environment import describe
from adbench.running.spent import Spent

PROCESSOR = "the processor"
"""What hosts may differ in, of the versions that a plan keeps."""

NAMED_AT_MOST = 3
"""How many missing shards are named."""


@dataclass(frozen=True)
class StoredShard:
    """A shard as its folder holds it."""

    folder: Path
    """Where it lies."""
    kept: KeptPlan
    """Its plan."""
    part: Part
    """Which part of the whole plan it is."""
    run: StoredRun
    """What was measured."""

    @property
    def shard(self) -> Shard:
        """Its number, and how many there are."""
        return Shard.parse(self.part.shard)

    @property
    def spent(self) -> Spent:
        """The time that it took."""
        return read_earlier_part(self.folder / ENVIRONMENT, ()).spent


def merge(folders: Sequence[Path], out: Path | None = None, *, is_partial: bool = False) -> Path:
    """Join shards to one run, and return its folder.

    out: where it goes; reports/<date and time> where None. is_partial: whether shards may lack.
    Raises SpecError where a folder holds no shard, where the shards are not of one plan and one
    version of everything, and where one lacks or is there twice.
    """
    shards = sorted(map(_read_shard, folders), key=lambda shard: shard.shard.number)
    first, *others = shards
    for other in others:
        _refuse_unlike(first, other)
    _refuse_incomplete(shards, is_partial)
    folder = make_run_folder(out)
    with hold_run_folder(folder):
        _write(shards, OutputFiles(folder), folder)
    return folder


def _read_shard(folder: Path) -> StoredShard:
    kept = read_plan(folder)
    if kept is None or kept.part is None:
        reason = "its run is a whole one" if kept is not None else f"there is no {PLAN} in it"
        raise SpecError(
            f"{folder} holds no shard ({reason}); give the folders that `adbench run --shard K/N "
            "--out DIR` wrote."
        )
    return StoredShard(folder, kept, kept.part, read_stored_run(folder))


def _refuse_unlike(first: StoredShard, other: StoredShard) -> None:
    """Raise SpecError where two shards are not of one plan, or of one version of everything."""
    clauses = list(_differences(first, other))
    if not clauses:
        return
    raise SpecError(
        f"The shards in {first.folder} and {other.folder} do not belong together: "
        f"{first_differences(clauses)}. Run both by one command, with one version of everything."
    )


def _differences(first: StoredShard, other: StoredShard) -> Iterator[str]:
    """Say, in clauses, in what two shards differ that must be alike."""
    for name, version in first.kept.versions.items():
        other_version = other.kept.versions.get(name, "not there")
        if name != PROCESSOR and version != other_version:
            yield f"{name} is {version} in the one and {other_version} in the other"
    if first.shard.count != other.shard.count:
        yield f"one is {first.shard} and the other {other.shard}"
    contents, other_contents = _contents(first.kept), _contents(other.kept)
    for name in sorted(contents.keys() & other_contents.keys()):
        if contents[name] != other_contents[name]:
            yield f"{name} is another file in the one than in the other"
    if first.kept.preset != other.kept.preset or _asked(first.kept) != _asked(other.kept):
        yield "they were asked with other options"
    elif first.part.whole != other.part.whole:
        yield "the whole plans have other cells"


def _contents(kept: KeptPlan) -> dict[str, set[str]]:
    """The digests of the files of a plan by their names, wherever they lie."""
    contents: dict[str, set[str]] = {}
    for path, digest in kept.files.items():
        contents.setdefault(Path(path).name, set()).add(digest)
    return contents


def _asked(kept: KeptPlan) -> object:
    """What was asked, whichever part of it and wherever the files of it lie."""
    selection = kept.selection
    return replace(
        selection,
        models=[_without_folder(name) for name in selection.models],
        backends=[_without_folder(name) for name in selection.backends],
        shard="",
    )


def _without_folder(name: str) -> str:
    file = file_of(name)
    return name if file is None else f"{file[0].name}:{file[1]}"


def _refuse_incomplete(shards: Sequence[StoredShard], is_partial: bool) -> None:
    """Raise SpecError where a shard was given twice, or lacks."""
    count = shards[0].shard.count
    given = Counter(shard.shard.number for shard in shards)
    for number, times in given.items():
        if times > 1:
            folders = " and ".join(
                str(shard.folder) for shard in shards if shard.shard.number == number
            )
            raise SpecError(f"The shard {number}/{count} was given twice, in {folders}; give one.")
    missing = [f"{number}/{count}" for number in range(1, count + 1) if number not in given]
    if missing and not is_partial:
        named = ", ".join(missing[:NAMED_AT_MOST])
        if len(missing) > NAMED_AT_MOST:
            named += f" and {len(missing) - NAMED_AT_MOST} more"
        raise SpecError(
            f"{len(missing)} of {count} shards are missing: {named}; give their folders too, or "
            "--partial to join the others without them."
        )


def _write(shards: Sequence[StoredShard], files: OutputFiles, folder: Path) -> None:
    """Write plan, environment, journal and step sweep of the whole run."""
    kept = _whole_plan(shards)
    files.write_text(PLAN, kept.to_json())
    environment = _environment(shards, kept)
    files.write_text(ENVIRONMENT, json.dumps(environment, indent=2) + "\n")
    rows = {row.cell: row for shard in shards for row in shard.run.rows}
    with Journal(folder / JOURNAL) as journal:
        for row in _in_order(kept.cells, rows):
            journal.append(row)
    tables = [shard.run.steps for shard in shards if len(shard.run.steps)]
    if tables:
        write_steps(files, pd.concat(tables, ignore_index=True))
    sentence = files.sentence()
    if sentence:
        raise SpecError(sentence)


def _in_order(cells: Sequence[CellName], rows: Mapping[CellName, Row]) -> Iterator[Row]:
    return (rows[cell] for cell in cells if cell in rows)


def _whole_plan(shards: Sequence[StoredShard]) -> KeptPlan:
    """The plan of the whole run, with the cells in the order in which it would ask them."""
    by_position: dict[int, tuple[CellName, ...]] = {}
    for shard in shards:
        begin = 0
        for position, count in zip(shard.part.positions, shard.part.cells, strict=True):
            by_position[position] = shard.kept.cells[begin : begin + count]
            begin += count
    kept = shards[0].kept
    return replace(
        kept,
        selection=replace(kept.selection, shard=""),
        files={path: digest for shard in shards for path, digest in shard.kept.files.items()},
        cells=tuple(cell for position in sorted(by_position) for cell in by_position[position]),
        part=None,
    )


def _environment(shards: Sequence[StoredShard], kept: KeptPlan) -> dict[str, Any]:
    """What the whole run ran on: as the first shard says, with all hosts and times."""
    environments = [dict(shard.run.environment) for shard in shards]
    spent = Spent()
    for shard in shards:
        spent = spent.plus(shard.spent)
    hosts: dict[str, dict[str, Any]] = {}
    for shard, environment in zip(shards, environments, strict=True):
        name = str(environment.get("host", ""))
        host = hosts.setdefault(
            name, {key: environment.get(key) for key in ("platform", "cpu", "cpu_count")}
        )
        host.setdefault("shards", []).append(str(shard.shard))
    created = [str(environment["created"]) for environment in environments if environment]
    joining = describe(())
    declared = _declared(environments)
    return environments[0] | {
        "created": min(created, default=""),
        "merged": joining["created"],
        "command": joining["command"],
        "cells": len(kept.cells),
        "hosts": hosts,
        "spent": spent.describe(),
        **declared,
    }


def _declared(environments: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the shards have to say of declared failures, and where issues are tracked."""
    said = [sentence for each in environments for sentence in each.get(EXPECTED, ())]
    issues: dict[str, dict[str, str]] = {}
    for environment in environments:
        for model, addresses in environment.get(ISSUES, {}).items():
            issues.setdefault(model, {}).update(addresses)
    parts = {EXPECTED: list(dict.fromkeys(said)), ISSUES: issues}
    return {name: value for name, value in parts.items() if value}
