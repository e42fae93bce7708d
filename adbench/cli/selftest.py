"""`adbench selftest`: prove the checks on this machine, or an adapter."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adbench.cli.selection import SEED, TIMEOUT
from adbench.results.exit_status import ExitStatus
from adbench.running.temporary import in_temporary_folder

if TYPE_CHECKING:
    from adbench.selftest.run import Results


@click.command(name="selftest")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the points.")
@click.option(
    "--timeout",
    "timeout_s",
    type=TIMEOUT,
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
@click.option(
    "--as-they-stand",
    is_flag=True,
    help="Check the bugs and controls as functions of each framework instead.",
)
@in_temporary_folder
def command(seed: int, timeout_s: float, backends: tuple[str, ...], as_they_stand: bool) -> None:
    """Prove the checks on this machine.

    Seeded bugs that must be caught, and controls that must not alarm.

    Beside each, what torch.autograd.gradcheck, jax.test_util.check_grads and
    tf.test.compute_gradient say of it, where they are installed.

    With --backend, ask that backend every operator in every mode instead, against closed forms.

    With --as-they-stand, show how many of them `adbench.check` catches without a specification, in
    float64 and float32, beside torch.autograd.gradcheck, jax.test_util.check_grads and
    tf.test.compute_gradient. Bugs that float32 hides count in float64 alone.

    Exit status: 0 if every bug is caught and no control alarms, 1 if not, 3 if a cell could not be
    run, 4 if adbench itself is at fault.
    """
    if backends:
        from adbench.selftest import conformance

        sys.exit(conformance.command(backends, timeout_s))
    if as_they_stand:
        sys.exit(_prove_checks_as_they_stand(seed))
    sys.exit(_prove_checks(seed, timeout_s))


def _prove_checks(seed: int, timeout_s: float) -> ExitStatus:
    """Run the self-test and print its tables."""
    import tempfile

    from rich.console import Console

    from adbench.reporting import render
    from adbench.selftest import run, table

    with (
        tempfile.TemporaryDirectory(prefix="adbench-") as logs,
        Console(stderr=True).status("starting") as status,
    ):
        results = run.run(Path(logs), seed, timeout_s, status.update)
    screen = Console()
    for results_table in table.tables(results):
        render.to_screen(results_table, screen)
    render.say(screen, table.summary(results))
    return _exit_status(results)


def _prove_checks_as_they_stand(seed: int) -> ExitStatus:
    """Check functions as they stand and print the tables."""
    from rich.console import Console

    from adbench.reporting import render
    from adbench.selftest import run, table

    with Console(stderr=True).status("starting") as status:
        scores = run.run_as_they_stand(seed, status.update)
    screen = Console()
    for scores_table in table.as_they_stand(scores):
        render.to_screen(scores_table, screen)
    missed = table.missed_as_they_stand(scores, run.OURS)
    alarms = table.false_alarms_as_they_stand(scores, run.OURS)
    return ExitStatus.WRONG if missed or alarms else ExitStatus.ALL_RIGHT


def _exit_status(results: Results) -> ExitStatus:
    if results.missed or results.false_alarms:
        return ExitStatus.WRONG
    if any(finding.failed_to_run for finding in results.findings):
        return ExitStatus.NOT_RUN
    return ExitStatus.ALL_RIGHT
