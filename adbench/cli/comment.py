"""`adbench comment`: a report as the one comment on a pull request."""

from __future__ import annotations

from pathlib import Path

import click

from adbench.cases.model import SpecError
from adbench.results.files import reason_of


@click.command(name="comment")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.md")
@click.option("--title", default="check", show_default=True, help="Tells several comments apart.")
def command(file: Path, title: str) -> None:
    """Write FILE.md as a comment on the pull request that a workflow of GitHub's runs for.

    A comment of the same title is replaced, so that there is one, however often the workflow runs.
    Outside of a pull request nothing is done.

    Exit status: 0 if the comment is written or there is no pull request, 2 otherwise.
    """
    from adbench.checking.pull_request import PullRequest

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error)
        raise SpecError(f"{file} cannot be read ({reason}).") from error
    pull_request = PullRequest.of_workflow()
    if pull_request is None:
        click.echo("This runs for no pull request: no comment is written.")
        return
    done = pull_request.keep_comment(text, title)
    click.echo(f"The comment on pull request {pull_request.number} is {done}.")
