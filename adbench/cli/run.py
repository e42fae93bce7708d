"""`adbench run`: check and time models on all backends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from adbench.cases.model import SpecError
from adbench.cases.text import plain_text
from adbench.cli.detail import Detail, detail_options, show_run
from adbench.cli.selection import (
    OPTIONS,
    OPTIONS_OF_A_RUN,
    announce,
    expected_option,
    selection_options,
)
from adbench.running.temporary import in_temporary_folder

if TYPE_CHECKING:
    from rich.console import Console

    from adbench.changes.recorded_run import RecordedRun
    from adbench.comparing.compare import Comparison
    from adbench.comparing.kept_plan import KeptPlan
    from adbench.planning.plan import Plan
    from adbench.results.expected import Expectations
    from adbench.running.hosts import HostRun
    from adbench.running.selection import Selection

CHANGES = "changes.md"
"""What the comparison with an earlier run is written to, in the folder of the run."""


@click.command(name="run")
@selection_options(*OPTIONS, *OPTIONS_OF_A_RUN)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for the results. Default: reports/<date and time>.",
)
@click.option("--quick", is_flag=True, help="Smallest sizes, few samples: a minute or two.")
@click.option("--full", is_flag=True, help="All sizes and modes, many samples: some two hours.")
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Go on with the run in DIR, which was stopped; everything else is taken from it.",
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="An earlier run, which this one is compared with at its end, as by `adbench compare`.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Run on the hosts of the Dask cluster whose scheduler is there, or on two hosts of this "
    "machine: local:2.",
)
@expected_option
@detail_options
@in_temporary_folder
def command(
    selection: Selection,
    detail: Detail,
    out: Path | None,
    quick: bool,
    full: bool,
    resume: Path | None,
    baseline: Path | None,
    scheduler: str | None,
    expected: Path | None,
) -> None:
    """Check and time models on all backends.

    What is shown is the answer on one screen; the tables are in report.md of the run's folder.

    Exit status: 0 if no derivative is wrong, 1 if one is, 2 for bad usage, 3 if a cell raised,
    crashed, ran out of memory or out of time, or something that was named was asked or answered
    nothing, 4 if adbench itself is at fault, as where its own truth was not certified, 130 after
    Ctrl-C, 143 and 129 after SIGTERM and SIGHUP; what was measured is kept. A framework that is not
    installed is no failure, and neither is what --expected declares. --baseline does not change it:
    a verdict that turned wrong is wrong.
    """
    from rich.console import Console

    from adbench.cli.compare import read_run_aloud
    from adbench.results.expected import Expectations

    baseline_run = None if baseline is None else read_run_aloud(baseline)
    wanted = _Wanted(
        selection,
        _preset_name(quick, full),
        scheduler,
        None if expected is None else Expectations.read(expected),
        detail,
        Console(),
    )
    comparison, folder = _run_anew(wanted, out) if resume is None else _go_on(wanted, resume)
    if baseline_run is not None and len(comparison.table) and not comparison.unwritten:
        _show_changes(baseline_run, folder, detail, wanted.screen)
    if comparison.unwritten:
        click.echo(f"adbench: {comparison.unwritten}", err=True)
    sys.exit(comparison.exit_status)


@dataclass(frozen=True)
class _Wanted:
    """What the command was asked for."""

    selection: Selection
    preset: str
    """The name of the preset."""
    scheduler: str | None
    """The address of a cluster."""
    expectations: Expectations | None
    """The failures that were declared."""
    detail: Detail
    screen: Console

    def compare_with(self) -> dict[str, Any]:
        """Return what a comparison needs beside its plan and its hosts."""
        return {"expectations": self.expectations, **_progress(self.detail, self.screen)}


def _run_anew(wanted: _Wanted, out: Path | None) -> tuple[Comparison, Path]:
    """Make a plan, run it, and show what came of it. Return that, and the folder that it is in."""
    from adbench.comparing.compare import compare
    from adbench.comparing.folder import hold_run_folder, make_run_folder
    from adbench.comparing.kept_plan import KeptPlan
    from adbench.planning.settings import PRESETS

    plan = wanted.selection.plan(PRESETS[wanted.preset], announce=announce)
    kept = KeptPlan.of(plan, wanted.selection, wanted.preset)
    with _hosts(wanted.scheduler, plan) as hosts:
        folder = make_run_folder(out)
        with hold_run_folder(folder):
            comparison = compare(plan, folder, kept=kept, hosts=hosts, **wanted.compare_with())
    _show(comparison, plan, folder, wanted.detail, wanted.screen)
    return comparison, folder


def _go_on(wanted: _Wanted, folder: Path) -> tuple[Comparison, Path]:
    """Go on with a run, and show what came of all of it. Return that, and its folder."""
    from adbench.comparing.compare import compare
    from adbench.comparing.resume import read_kept_plan, stopped_run

    _refuse_other_options(folder, read_kept_plan(folder), wanted.selection, wanted.preset)
    with stopped_run(folder) as stopped, _hosts(wanted.scheduler, stopped.plan) as hosts:
        if stopped.damage:
            click.echo(f"adbench: {stopped.damage}", err=True)
        plan, earlier = stopped.plan, stopped.earlier
        comparison = compare(plan, folder, earlier=earlier, hosts=hosts, **wanted.compare_with())
    _show(comparison, plan, folder, wanted.detail, wanted.screen)
    return comparison, folder


@contextmanager
def _hosts(scheduler: str | None, plan: Plan) -> Iterator[HostRun | None]:
    """Give the hosts of a cluster, which have been found fit for a plan; None without a cluster."""
    if scheduler is None:
        yield None
        return
    try:
        from adbench.running.dask_transport import dask_transport
    except ModuleNotFoundError as error:
        raise SpecError(
            f"--scheduler needs Dask, and {error.name} is not installed; `pip install "
            '"adbench[distributed]"` installs it.'
        ) from None
    from adbench.running.hosts import HostRun

    with dask_transport(scheduler) as transport:
        hosts = HostRun(transport)
        hosts.check(plan)
        yield hosts


def _refuse_other_options(folder: Path, kept: KeptPlan, selection: Selection, preset: str) -> None:
    """Raise SpecError for an option that asks for something else than the run in `folder`."""
    from adbench.comparing.kept_plan import with_whole_paths

    context = click.get_current_context()
    whole_selection = with_whole_paths(selection)
    for parameter in context.command.params:
        name = str(parameter.name)
        if context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        field = name.removeprefix("more_")
        if hasattr(kept.selection, field):
            agrees = getattr(whole_selection, field) == getattr(kept.selection, field)
        elif name in ("quick", "full"):
            agrees = preset == kept.preset
        elif name == "out":
            agrees = context.params[name].resolve() == folder.resolve()
        else:
            agrees = True
        if not agrees:
            option = parameter.opts[0] if name != "models" else "another model"
            raise SpecError(
                f"--resume was given with {option}, which is not what the run in {folder} was "
                "given; leave it out: all is taken from that run."
            )


def _preset_name(quick: bool, full: bool) -> str:
    if quick and full:
        raise SpecError("--quick and --full were both given; choose one.")
    if quick:
        return "quick"
    if full:
        return "full"
    return "default"


def _progress(detail: Detail, screen: Console) -> dict[str, Any]:
    """What is shown while a run goes on: a bar, and a line on each model at each size."""
    from adbench.reporting.render import say

    if detail is Detail.QUIET:
        return {"progress": False}
    return {} if detail is Detail.JSON else {"say": partial(say, screen)}


def _show_changes(baseline_run: RecordedRun, folder: Path, detail: Detail, screen: Console) -> None:
    """Print what changed since an earlier run, and write it to the folder of the new one."""
    from rich.text import Text

    from adbench.changes import report
    from adbench.changes.changes import find_changes
    from adbench.changes.recorded_run import read_run
    from adbench.comparing.remake import remake
    from adbench.reporting.render import say
    from adbench.results.escaping import for_terminal
    from adbench.results.files import OutputFiles

    changes = find_changes(baseline_run, read_run(folder))
    files = OutputFiles(folder)
    files.write_text(CHANGES, report.to_markdown(changes))
    remake(folder, report.sentences(changes))
    if detail is Detail.JSON:
        return
    screen.rule(Text(for_terminal(f"Since the run in {baseline_run.folder}")))
    report.show(changes, screen, is_short=True)
    say(screen, files.sentence() or f"All of it is in {folder / CHANGES}.")


def _show(
    comparison: Comparison, plan: Plan, folder: Path, detail: Detail, screen: Console
) -> None:
    """Print the answer, where the results are, and what stopped the run early."""
    show_run(comparison.report, comparison.rows, comparison.exit_status, detail, screen)
    for sentence in _ending(comparison, plan, folder):
        click.echo(plain_text(sentence), err=detail is Detail.JSON)
    stopped_by = comparison.stopped_by
    if stopped_by is not None and not isinstance(stopped_by, KeyboardInterrupt):
        click.echo(f"adbench: {plain_text(str(stopped_by))}", err=True)


def _ending(comparison: Comparison, plan: Plan, folder: Path) -> Iterator[str]:
    """Yield where the results are, and how far the run came where it was stopped."""
    if plan.part is not None and not plan.total:
        whole = f"the whole plan has {plan.part.comparisons} comparisons"
        yield f"The shard {plan.part.shard} has nothing to do: {whole}."
    if not comparison.unwritten:
        results = "report.md, results.parquet, results.csv, samples.parquet"
        if comparison.stopped_by is None and not comparison.page_obstacle:
            results = f"report.html, {results}"
        yield f"Results are in {folder}: {results}."
    if comparison.page_obstacle:
        yield comparison.page_obstacle
    cells = f"{len(comparison.table)} of {plan.total} cells"
    if isinstance(comparison.stopped_by, KeyboardInterrupt):
        yield f"Interrupted: {cells} were measured and are kept."
        yield f"`adbench run --resume {folder}` measures the others."
    elif comparison.stopped_by is not None:
        yield f"Stopped, with {cells} measured and kept."
