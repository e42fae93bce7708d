"""The command line. Only click is imported here; what a command needs is imported when it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from adbench import __version__
from adbench.cases.case import DTYPES
from adbench.cases.model import SpecError

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from adbench.checking.report import Report
    from adbench.running.plan import Plan, Preset
    from adbench.step_sweep.rows import StepRow

ALL_RIGHT, WRONG, USAGE, NOT_RUN, BROKEN, INTERRUPTED = 0, 1, 2, 3, 4, 130
"""Exit statuses: no wrong derivative; one at least; bad usage; a cell could not be run;
adbench itself is at fault, for its own truth was not certified; stopped by Ctrl-C."""


class Commands(click.Group):
    """Commands that end in one sentence on stderr and an exit status, whatever they end with."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except SpecError as error:
            _end(str(error), USAGE)
        except KeyboardInterrupt:
            _end("interrupted.", INTERRUPTED)
        except Exception as error:
            from adbench.truth.certificate import CertificateError

            if not isinstance(error, CertificateError):
                raise
            _end(str(error), BROKEN)


def _end(sentence: str, status: int) -> NoReturn:
    click.echo(f"adbench: {sentence}", err=True)
    sys.exit(status)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="adbench")
def main() -> None:
    """Compare automatic-differentiation backends: is the derivative right, and what does it
    cost?"""


SELECTION_OPTIONS = (
    click.argument("models", nargs=-1, metavar="[MODEL | FILE.py]..."),
    click.option(
        "--model",
        "more",
        multiple=True,
        metavar="NAME",
        help="A model; may be repeated. Default: all.",
    ),
    click.option(
        "--backend",
        "backends",
        multiple=True,
        metavar="NAME",
        help="A backend: torch, jax:jit, mine.py. Default: all.",
    ),
    click.option(
        "--operator",
        "operators",
        multiple=True,
        metavar="NAME",
        help="An operator, such as gradient.",
    ),
    click.option(
        "--size",
        "sizes",
        multiple=True,
        metavar="NAME",
        help="A size of a model. Default: the smaller ones.",
    ),
    click.option(
        "--dtype",
        "dtypes",
        multiple=True,
        metavar="NAME",
        help=f"{' or '.join(DTYPES)}. Default: {DTYPES[0]}.",
    ),
    click.option(
        "--threads",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="Threads of every backend.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        help="Seconds a cell may take. Default: 60; 600 in a full run.",
    ),
    click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        help="Seed of the models' inputs.",
    ),
)
"""The arguments and options by which `run` and `check` are told what to ask of whom."""


def what_to_ask(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `SELECTION_OPTIONS`."""
    for option in reversed(SELECTION_OPTIONS):
        command = option(command)
    return command


@main.command()
@what_to_ask
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for the results. Default: reports/<date and time>.",
)
@click.option("--quick", is_flag=True, help="Smallest sizes, few samples: a minute or two.")
@click.option("--full", is_flag=True, help="All sizes and modes, many samples: an hour.")
def run(out: Path | None, quick: bool, full: bool, **asked: Any) -> None:
    """Check and time models on all backends, and show tables.

    Exit status: 0 if no derivative is wrong, 1 if one is, 2 for bad usage, 3 if a cell raised,
    crashed, ran out of memory or out of time, 4 if adbench's own truth was not certified, which is
    a bug of adbench and stops the run. A framework that is not installed is no failure.
    """
    from adbench.running import plan as planning

    if quick and full:
        raise SpecError("--quick and --full were both given; choose one.")
    effort = planning.QUICK if quick else planning.FULL if full else planning.DEFAULT
    plan = _plan(effort, **asked)
    folder = _new_folder(out)
    sys.exit(_run(plan, folder))


def _plan(
    effort: Preset,
    *,
    models: Sequence[str],
    more: Sequence[str] = (),
    backends: Sequence[str],
    operators: Sequence[str] = (),
    sizes: Sequence[str],
    dtypes: Sequence[str],
    threads: int = 1,
    timeout: float | None = None,
    seed: int,
) -> Plan:
    """Make the plan that the options of `SELECTION_OPTIONS` ask for; all models and backends where
    none is named."""
    from adbench import registry
    from adbench.running import plan as planning

    settings = planning.Settings(
        effort=effort,
        threads=threads,
        timeout_s=timeout or effort.timeout_s,
        seed=seed,
        lowest_dtype=max(_known("dtype", dtypes or DTYPES[:1], DTYPES), key=DTYPES.index),
    )
    with redirect_stdout(sys.stderr):  # what a model prints is no part of a report
        return planning.make_plan(
            registry.find_models((*models, *more) or registry.models()),
            registry.find_backends(backends or registry.backends()),
            settings,
            operators=operators,
            sizes=sizes,
            dtypes=dtypes or DTYPES[:1],
        )


def _run(plan: Plan, folder: Path) -> int:
    """Run a plan with a progress bar, write and show its results, and return the exit status."""
    import json

    from rich.console import Console

    from adbench.results import frames
    from adbench.running.environment import describe
    from adbench.step_sweep import rows as step_results
    from adbench.step_sweep import run as step_sweep
    from adbench.truth.certificate import CertificateError

    screen = Console()
    settings = plan.settings
    facts = {"effort": settings.effort.name, "threads": settings.threads, "seed": settings.seed}
    facts |= {"timeout_s": settings.timeout_s, "cells": plan.total}
    environment = describe(plan.backends, **facts)
    (folder / "environment.json").write_text(json.dumps(environment, indent=2) + "\n")
    interrupted, broken = False, ""
    steps: list[StepRow] = []
    try:
        _measure(plan, folder)
        steps = list(step_sweep.run(plan))
    except KeyboardInterrupt:
        interrupted = True
    except CertificateError as error:
        broken = str(error)
    table, sweep = frames.load(folder), step_results.frame(steps)
    frames.write(table, folder)
    step_results.write(sweep, folder)
    _report(table, sweep, folder, environment, screen)
    if interrupted:
        screen.print(f"Interrupted: {len(table)} of {plan.total} cells were measured and are kept.")
        return INTERRUPTED
    if broken:
        screen.print(f"Stopped, with {len(table)} of {plan.total} cells measured and kept.")
        click.echo(f"adbench: {broken}", err=True)
        return BROKEN
    return exit_status(table)


def _measure(plan: Plan, folder: Path) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from adbench.results import frames
    from adbench.results.journal import Journal
    from adbench.results.row import Row
    from adbench.running.runner import run as run_plan

    columns = (
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    console = Console(stderr=True)
    with (
        Journal(folder / frames.JOURNAL) as journal,
        Progress(*columns, console=console, transient=True) as progress,
    ):
        bar = progress.add_task("starting", total=plan.total)

        def keep(row: Row) -> None:
            journal.append(row)
            progress.advance(bar)

        run_plan(plan, folder / "logs", keep, lambda what: progress.update(bar, description=what))


def _report(
    table: pd.DataFrame,
    steps: pd.DataFrame,
    folder: Path,
    environment: dict[str, Any],
    screen: Console,
) -> None:
    """Show the tables, and write them to report.md, with the curves of the step sweep."""
    from adbench.reporting import crossover, render, tables
    from adbench.step_sweep import tables as differences

    best, curve = differences.best(steps), differences.curve(steps)
    made = [*tables.tables(table), *([best] if best else [])]
    said = crossover.sentences(table)
    for each in made:
        render.to_screen(each, screen)
        if each.title == tables.SWEEP_TITLE:
            for sentence in said:
                screen.print(f"- {sentence}", highlight=False, markup=False)
    summary = tables.summary(table)
    written = render.report([*made, *([curve] if curve else [])], said, summary, environment)
    (folder / "report.md").write_text(written, encoding="utf-8")
    screen.print()
    screen.print(summary, highlight=False)
    screen.print(
        f"Results are in {folder}: report.md, results.parquet, results.csv, journal.jsonl.",
        highlight=False,
    )


def exit_status(table: pd.DataFrame) -> int:
    """Return the exit status that a run's rows deserve."""
    from adbench.results.row import FAILURES

    if (table["verdict"] == "wrong").any():
        return WRONG
    if table["outcome"].isin([str(outcome) for outcome in FAILURES]).any():
        return NOT_RUN
    return ALL_RIGHT


@main.command()
@what_to_ask
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json", "junit", "github"]),
    default="text",
    show_default=True,
    help="github: annotations on standard output, and the step's summary where GITHUB_STEP_SUMMARY "
    "is set.",
)
def check(shape: str, **asked: Any) -> None:
    """Check models on all backends and time nothing: for continuous integration, and for one's own
    backward pass.

    A model file with native={"torch": my_function} has the derivatives of that function judged
    against those of the model's own.

    Exit status: 0 if no derivative is wrong, 1 if one is, 2 for bad usage, 3 if a cell raised,
    crashed, ran out of memory or out of time, or if no derivative of a model could be judged, 4 if
    adbench's own truth was not certified. A framework that is not installed is no failure.
    """
    import tempfile

    from adbench.checking import formats
    from adbench.checking.report import Report
    from adbench.results import frames, journal
    from adbench.running import plan as planning

    plan = _plan(planning.CHECK, **asked)
    with tempfile.TemporaryDirectory(prefix="adbench-") as folder:
        _measure(plan, Path(folder))
        report = Report(tuple(journal.read(Path(folder) / frames.JOURNAL)))
    if shape == "json":
        click.echo(formats.to_json(report))
    elif shape == "junit":
        click.echo(formats.to_junit(report))
    elif shape == "github":
        click.echo(
            formats.to_github(
                report, {group.source.model.name: group.source.model for group in plan.groups}
            )
        )
        formats.append_step_summary(report)
    else:
        _show_check(report)
    sys.exit(report.exit_status)


def _show_check(report: Report) -> None:
    from rich.console import Console

    from adbench.reporting import failures

    screen = Console()
    if screen.is_terminal:
        failures.show(report.rows, report.summary, screen)
    else:
        click.echo(str(report))


@main.command()
@click.argument("models", nargs=-1, metavar="[MODEL | FILE.py]...")
@click.option(
    "--size",
    "sizes",
    multiple=True,
    metavar="NAME",
    help="A size of a model. Default: the smaller ones.",
)
@click.option(
    "--dtype",
    "dtypes",
    multiple=True,
    metavar="NAME",
    help=f"{' or '.join(DTYPES)}. Default: {DTYPES[0]}.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of the models' inputs.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for differences.parquet and differences.csv.",
)
def differences(
    models: tuple[str, ...],
    sizes: tuple[str, ...],
    dtypes: tuple[str, ...],
    seed: int,
    out: Path | None,
) -> None:
    """Show the error of finite differences over the step, beside that of AD, and what they cost.

    Forward and central differences at steps from 1 to 1e-16, SciPy's and numdifftools' adaptive
    ones (where installed), and reverse mode, all against the true derivative.
    """
    from rich.console import Console

    from adbench.reporting import render
    from adbench.running import plan as planning
    from adbench.step_sweep import rows as results
    from adbench.step_sweep import run as running
    from adbench.step_sweep import tables as reporting

    plan = _plan(
        planning.CHECK, models=models, backends=["reference"], sizes=sizes, dtypes=dtypes, seed=seed
    )
    if out is not None:
        _make_folder(out)
    table = results.frame(running.run(plan))
    if out is not None:
        results.write(table, out)
    screen = Console()
    for each in (reporting.curve(table), reporting.best(table)):
        if each is not None:
            render.to_screen(each, screen)
    if table.empty:
        most = planning.CHECK.passes
        screen.print(
            f"No truth is known, or n is above {most}, where differences take too long.",
            highlight=False,
        )


@main.command()
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the points."
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help="Seconds a cell may take.",
)
@click.option(
    "--backend",
    "backends",
    multiple=True,
    metavar="NAME|FILE",
    help="Check this adapter against closed forms instead.",
)
def selftest(seed: int, timeout: float, backends: tuple[str, ...]) -> None:
    """Prove the checks on this machine: seeded bugs that must be caught, and controls that must not
    alarm.

    Beside each, what torch.autograd.gradcheck and jax.test_util.check_grads say of it, where they
    are installed.

    With --backend, ask that backend every operator in every mode instead, against closed forms.

    Exit status: 0 if every bug is caught and no control alarms, 1 if not, 3 if a cell could not be
    run.
    """
    import tempfile

    from rich.console import Console

    from adbench.reporting import render

    if backends:
        from adbench.selftest import conformance

        sys.exit(conformance.command(backends, timeout))
    from adbench.selftest import run as selftesting
    from adbench.selftest import table

    with (
        tempfile.TemporaryDirectory(prefix="adbench-") as logs,
        Console(stderr=True).status("starting") as line,
    ):
        results = selftesting.run(Path(logs), seed, timeout, lambda what: line.update(what))
    screen = Console()
    for each in table.tables(results):
        render.to_screen(each, screen)
    screen.print(table.summary(results), highlight=False, markup=False)
    if results.missed or results.false_alarms:
        sys.exit(WRONG)
    sys.exit(NOT_RUN if any(finding.failed_to_run for finding in results.findings) else ALL_RIGHT)


@main.command(name="list")
def list_() -> None:
    """List models, and backends with their versions or that they are not installed."""
    from rich.console import Console

    from adbench import registry
    from adbench.reporting import render
    from adbench.reporting.tables import Table

    screen = Console()
    models = tuple(
        (name, ", ".join(source.model.sizes), source.model.summary)
        for name, source in registry.models().items()
    )
    backends = []
    for name, entry in registry.backends().items():
        version = registry.installed_version(entry)
        backends.append((name, "not installed" if version is None else version))
    render.to_screen(
        Table("Models", "", ("model", "sizes", "what it is"), 3, models, prose=True), screen
    )
    render.to_screen(Table("Backends", "", ("backend ", "version"), 2, tuple(backends)), screen)


@main.command()
def env() -> None:
    """Show what a run would record of this machine and its packages."""
    from rich.console import Console

    from adbench import registry
    from adbench.reporting import render
    from adbench.reporting.tables import Table
    from adbench.running.environment import describe

    facts = describe(list(registry.backends().values()))
    render.to_screen(
        Table("Environment", "", ("what", "value"), 2, tuple(render.rows_of(facts)), prose=True),
        Console(),
    )


def _known(kind: str, names: Sequence[str], known: Sequence[str]) -> Sequence[str]:
    """Return `names`, or raise SpecError for the first that is not known."""
    from adbench.registry import nearest

    for name in names:
        if name not in known:
            raise SpecError(nearest(kind, name, known))
    return names


def _new_folder(out: Path | None) -> Path:
    """Make the folder of a run. A folder that holds a run already is refused: nothing measured is
    overwritten."""
    from datetime import datetime

    folder = out or Path("reports") / datetime.now().strftime("%Y-%m-%d-%H%M%S")
    if (folder / "journal.jsonl").exists():
        raise SpecError(
            f"{folder} already holds a run; choose another folder with --out, or remove it."
        )
    _make_folder(folder)
    return folder


def _make_folder(folder: Path) -> None:
    import tempfile

    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise SpecError(
            f"The folder {folder} cannot be made or written to ({error.strerror}); choose another "
            "with --out."
        ) from error
