"""Arguments and options that tell commands what to ask of which backends, declared once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from adbench.cases.case import DTYPES
from adbench.cli.number import Number, Seed

Decorator = Callable[[Callable[..., None]], Callable[..., None]]

SEED = Seed()
TIMEOUT = Number("timeout")

OPTIONS: dict[str, Decorator] = {
    "models": click.argument(
        "models", nargs=-1, metavar="[MODEL | FILE.py | FILE.py:NAME | MODULE:NAME]..."
    ),
    "more_models": click.option(
        "--model",
        "more_models",
        multiple=True,
        metavar="NAME",
        help="A model; may be repeated. Default: all.",
    ),
    "backends": click.option(
        "--backend",
        "backends",
        multiple=True,
        metavar="NAME",
        help="A backend: torch, jax:jit, mine.py. Default: all.",
    ),
    "operators": click.option(
        "--operator",
        "operators",
        multiple=True,
        metavar="NAME",
        help="An operator, such as gradient.",
    ),
    "sizes": click.option(
        "--size",
        "sizes",
        multiple=True,
        metavar="NAME",
        help="A size of a model. Default: the smaller ones.",
    ),
    "dtypes": click.option(
        "--dtype",
        "dtypes",
        multiple=True,
        metavar="NAME",
        help=f"{' or '.join(DTYPES)}. Default: {DTYPES[0]}.",
    ),
    "threads": click.option(
        "--threads",
        type=Number("threads"),
        default=1,
        show_default=True,
        help="Threads of every backend.",
    ),
    "timeout_s": click.option(
        "--timeout",
        "timeout_s",
        type=TIMEOUT,
        help="Seconds a cell may take. Default: 60; 600 in a full run.",
    ),
    "memory": click.option(
        "--memory",
        metavar="SIZE",
        help="Memory that a worker may take, such as 4GB. Default: four fifths of what is "
        "available.",
    ),
    "seed": click.option(
        "--seed",
        type=SEED,
        default=0,
        show_default=True,
        help="Seed of the models' inputs; random draws one and says which.",
    ),
    "order": click.option(
        "--order",
        type=Number("order"),
        help="Highest order of derivatives. Default: 1 for hand-written functions, all for others.",
    ),
    "resolution": click.option(
        "--resolution",
        type=Number("resolution"),
        help="Relative error that a check must be able to see. Default: 1e-6 in float64.",
    ),
    "budget_s": click.option(
        "--budget",
        "budget_s",
        type=Number("budget_s"),
        help="Seconds for which a check looks at each hand-written function beyond what was asked: "
        "float32, larger sizes, its other arguments; with 0, at one point alone. Default: 20.",
    ),
    "accuracy": click.option(
        "--accuracy",
        type=Number("accuracy"),
        help="Relative error that answers have by design, such as 1e-6. Default: the model's.",
    ),
    "precision": click.option(
        "--precision",
        type=Number("precision"),
        help="Width of an interval, as a fraction of its median, at which a cell is sampled no "
        "more. Default: 0.1; 0.2 in a quick run, 0.05 in a full one.",
    ),
    "specification": click.option(
        "--specification",
        is_flag=True,
        help="Count what frameworks make of the specification beside a hand-written function.",
    ),
}
"""What declares each field of a `Selection` to click, in the order of the help; `more_models` are
`models` by another way."""

OPTIONS_OF_A_RUN: dict[str, Decorator] = {
    "shard": click.option(
        "--shard",
        default="",
        metavar="K/N",
        help="Run the K-th of N parts of about one length; `adbench merge` joins them.",
    ),
}
"""The same of what a run alone has."""


expected_option: Decorator = click.option(
    "--expected",
    type=click.Path(path_type=Path),
    metavar="FILE.toml",
    help="Known failures, each with reason and link: they fail nothing, and are shown.",
)
"""The option that names a file of expected failures."""


def announce(activity: str) -> None:
    """Say on standard error what takes long before there is a progress bar."""
    click.echo(f"adbench: {activity} ...", err=True)


def selection_options(*names: str) -> Decorator:
    """Give a command the options called `names`, all of `OPTIONS` where none is named.

    It is called with the `Selection` that they make as its first argument.
    """
    names = names or tuple(OPTIONS)
    options_by_name = {**OPTIONS, **OPTIONS_OF_A_RUN}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def call_with_selection(**options: Any) -> None:
            from adbench.running.selection import Selection

            fields = {name: options.pop(name) for name in names}
            if "more_models" in fields:
                fields["models"] += fields.pop("more_models")
            command(Selection(**fields), **options)

        decorated: Callable[..., None] = call_with_selection
        for name in reversed(names):
            decorated = options_by_name[name](decorated)
        return decorated

    return decorate
