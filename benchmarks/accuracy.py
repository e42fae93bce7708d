"""How many digits of the engine's functions are right: value, first and second derivative.

    python benchmarks/accuracy.py [--points N] [--only tanh --only softmax ...]

Points are drawn over the domain of each function: its tails, both signs, near its zeros and poles,
spread over the orders of magnitude. The truth is the Taylor expansion of the value alone, in balls
of FLINT's, with no derivative rule. Errors are counted in units in the last place (ulp) of the
truth. An answer is held to 8 ulp, or where the function is worse conditioned than that, to 8 ulp
and what a change of half an ulp in each argument does to the truth (up to two ulp for powers,
logaddexp and softmax, see `change`); the second column of each pair counts what is left of the
error after that is taken off. Points whose truth overflows,
or nearly underflows, are left out.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

import reference_ad as ad
from ball_arithmetic import coefficients, midpoints, numbers, precision, radii, series
from ball_arithmetic.elements import series_length

xp = ad.numpy
special = xp.special

LIMIT_ULP = 8.0
"""What an answer is held to."""

SMALLEST, LARGEST = 1e-290, 1e290
"""Truths beyond these sizes are left out: intermediate results leave the range of float64."""

PRECISIONS = (160, 640, 2560)
"""Bits of the balls: more, where a truth is not known to `SURE_ULP` yet."""

SURE_ULP = 1e-3

ORDERS = ("value", "first", "second")

Points = tuple[np.ndarray, ...]
Draw = Callable[[np.random.Generator, int], Points]


@dataclass(frozen=True)
class Function:
    """A function of one or two numbers, applied to each element, and where it is defined."""

    call: Callable[..., Any]
    """Of as many arrays as there are arguments."""
    draw: Draw
    """Draws so many points: an array for each argument."""
    change: float = 0.5
    """How many ulp of each argument the conditioning is of: more than half of one where arguments
    are subtracted first, or where a derivative is a difference of terms."""
    by_truth: Callable[..., Any] | None = None
    """The same function for the truth, where balls need another formula."""


# --- where points are drawn -----------------------------------------------------------------------


def spread(low: float, high: float, *, signs: bool = False, around: float = 0.0) -> Draw:
    """Numbers spread over the orders of magnitude between two distances from a number."""

    def draw(rng: np.random.Generator, count: int) -> Points:
        distance = np.exp(rng.uniform(np.log(low), np.log(high), count))
        if signs:
            distance = distance * rng.choice([-1.0, 1.0], count)
        return (around + distance,)

    return draw


def evenly(low: float, high: float) -> Draw:
    """Numbers of equal density."""
    return lambda rng, count: (rng.uniform(low, high, count),)


def mixed(*draws: Draw) -> Draw:
    """As many points of each kind."""

    def draw(rng: np.random.Generator, count: int) -> Points:
        parts = [single(rng, -(-count // len(draws))) for single in draws]
        return tuple([np.concatenate(columns) for columns in zip(*parts, strict=True)])

    return draw


def together(*draws: Draw) -> Draw:
    """Points of several coordinates, drawn one by one."""
    return lambda rng, count: tuple([column for single in draws for column in single(rng, count)])


def close_pairs(low: float, high: float) -> Draw:
    """Two numbers whose difference is anything from tiny to as large as they are."""

    def draw(rng: np.random.Generator, count: int) -> Points:
        (x,) = spread(low, high, signs=True)(rng, count)
        (relative,) = spread(1e-8, 1.0, signs=True)(rng, count)
        return x, x * (1 + relative)

    return draw


def near_integers(low: int, high: int, *, distance: float) -> Draw:
    """Numbers close to integers, on both sides of each."""

    def draw(rng: np.random.Generator, count: int) -> Points:
        (offset,) = spread(1e-6, distance, signs=True)(rng, count)
        return (rng.integers(low, high, count, endpoint=True) + offset,)

    return draw


ANY = mixed(spread(1e-8, 40.0, signs=True), evenly(-5.0, 5.0))
TAILS = mixed(ANY, evenly(-300.0, 300.0))
WIDE = spread(1e-20, 1e20, signs=True)
POSITIVE = mixed(spread(1e-20, 1e20), spread(1e-10, 0.5, signs=True, around=1.0))
INSIDE = mixed(
    evenly(-1.0, 1.0),
    spread(1e-12, 0.5, signs=True),
    spread(1e-12, 0.5, around=-1.0),
    lambda rng, count: (1 - spread(1e-12, 0.5)(rng, count)[0],),
)
ANGLES = mixed(evenly(-4.0, 4.0), evenly(-1000.0, 1000.0), spread(1e-8, 1.0, signs=True))
OF_GAMMA = mixed(
    spread(1e-8, 1e6),
    evenly(-60.0, 20.0),
    near_integers(-40, 3, distance=0.3),
    spread(1e-10, 0.3, signs=True, around=1.0),
    spread(1e-10, 0.3, signs=True, around=2.0),
)
PAIRS = mixed(
    together(ANY, ANY),
    together(spread(1e-8, 1e8, signs=True), spread(1e-8, 1e8, signs=True)),
    close_pairs(1e-3, 1e3),
)


# --- the functions --------------------------------------------------------------------------------


def first_of(function: Callable[..., Any]) -> Callable[[Any], Any]:
    """The first of three results of a function along an axis, as a function of one number."""

    def call(x: Any) -> Any:
        return function(xp.stack([x, 0 * x + 1.0, 0 * x - 2.0]))[0]

    return call


def second_of(function: Callable[..., Any]) -> Callable[[Any], Any]:
    """The second of three results, likewise."""

    def call(x: Any) -> Any:
        return function(xp.stack([x, 0 * x + 1.0, 0 * x - 2.0]))[1]

    return call


def powered(exponent: float) -> Callable[[Any], Any]:
    """A power with a number for its exponent."""
    return lambda x: x**exponent


FUNCTIONS: dict[str, Function] = {
    "exp": Function(xp.exp, TAILS),
    "expm1": Function(xp.expm1, TAILS),
    "log": Function(xp.log, POSITIVE),
    "log1p": Function(xp.log1p, mixed(spread(1e-12, 1e12), spread(1e-8, 1.0, around=-1.0), INSIDE)),
    "log2": Function(xp.log2, POSITIVE),
    "log10": Function(xp.log10, POSITIVE),
    "sqrt": Function(xp.sqrt, POSITIVE),
    "square": Function(xp.square, WIDE),
    "reciprocal": Function(xp.reciprocal, WIDE),
    "sin": Function(xp.sin, ANGLES),
    "cos": Function(xp.cos, ANGLES),
    "tan": Function(xp.tan, ANGLES),
    "asin": Function(xp.asin, INSIDE),
    "acos": Function(xp.acos, INSIDE),
    "atan": Function(xp.atan, WIDE),
    "sinh": Function(xp.sinh, TAILS),
    "cosh": Function(xp.cosh, TAILS),
    "tanh": Function(xp.tanh, TAILS),
    "asinh": Function(xp.asinh, WIDE),
    "acosh": Function(xp.acosh, mixed(spread(1e-10, 1e10, around=1.0))),
    "atanh": Function(xp.atanh, INSIDE),
    "expit": Function(special.expit, TAILS),
    "log_expit": Function(special.log_expit, TAILS),
    "softplus": Function(special.softplus, TAILS),
    "erf": Function(special.erf, mixed(ANY, evenly(-25.0, 25.0))),
    "erfc": Function(special.erfc, mixed(ANY, evenly(-25.0, 25.0))),
    "gammaln": Function(special.gammaln, OF_GAMMA),
    "digamma": Function(special.digamma, OF_GAMMA),
    "polygamma of order 1": Function(lambda x: special.polygamma(1, x), OF_GAMMA),
    "polygamma of order 2": Function(lambda x: special.polygamma(2, x), OF_GAMMA),
    "polygamma of order 5": Function(lambda x: special.polygamma(5, x), OF_GAMMA),
    "power 3": Function(powered(3), WIDE),
    "power 0.1": Function(powered(0.1), POSITIVE),
    "power 2.7": Function(powered(2.7), POSITIVE),
    "power -1.9": Function(powered(-1.9), POSITIVE),
    "pow": Function(xp.pow, together(spread(1e-8, 1e8), evenly(-6.0, 6.0)), change=2.0),
    "logaddexp": Function(xp.logaddexp, mixed(PAIRS, together(TAILS, TAILS)), change=1.0),
    "hypot": Function(xp.hypot, PAIRS),
    "atan2": Function(xp.atan2, PAIRS),
    "divide": Function(xp.divide, PAIRS),
    "xlogy": Function(special.xlogy, together(ANY, POSITIVE)),
    "softmax, first of 3": Function(
        first_of(lambda x: special.softmax(x, axis=0)), TAILS, change=2.0
    ),
    "softmax, second of 3": Function(
        second_of(lambda x: special.softmax(x, axis=0)), TAILS, change=2.0
    ),
    "log_softmax, first of 3": Function(
        first_of(lambda x: special.log_softmax(x, axis=0)), TAILS, change=1.0
    ),
    "log_softmax, second of 3": Function(
        second_of(lambda x: special.log_softmax(x, axis=0)), TAILS, change=1.0
    ),
    "logsumexp of 2": Function(
        lambda x: special.logsumexp(xp.stack([x, 0 * x]), axis=0), mixed(ANY, evenly(-300.0, 300.0))
    ),
    "norm of 3": Function(
        lambda x, y: xp.linalg.vector_norm(xp.stack([x, y, 0 * x + 1.0]), axis=0), PAIRS
    ),
}
"""The functions that have derivatives, by name."""


# --- what the engine says -------------------------------------------------------------------------


def total_of(call: Callable[..., Any]) -> Callable[..., Any]:
    """The sum over all points, whose gradient is the derivative at each."""
    return lambda *points: xp.sum(call(*points))


def derivatives(call: Callable[..., Any], along: int, across: int) -> Callable[..., list[Any]]:
    """Value, first derivative by one argument, and second by that and another, at each point."""

    def evaluate(*points: Any) -> list[Any]:
        slope = ad.grad(total_of(call), along)
        value = call(*points)
        return [value, slope(*points), ad.grad(total_of(slope), across)(*points)]

    return evaluate


def forward_derivatives(
    call: Callable[..., Any], along: int, across: int
) -> Callable[..., list[Any]]:
    """The same by forward mode over itself."""

    def tangents(points: Sequence[Any], position: int) -> tuple[Any, ...]:
        return tuple([np.full_like(x, k == position) for k, x in enumerate(points)])

    def evaluate(*points: Any) -> list[Any]:
        directions = tangents(points, along), tangents(points, across)

        def slope(*points: Any) -> Any:
            return ad.jvp(call, points, directions[0])[1]

        value, first = ad.jvp(call, points, directions[0])
        return [value, first, ad.jvp(slope, points, directions[1])[1]]

    return evaluate


def compiled_derivatives(
    call: Callable[..., Any], along: int, across: int
) -> Callable[..., list[Any]]:
    """The same as source, of all points together."""
    return ad.compile(derivatives(call, along, across))


def number_derivatives(
    call: Callable[..., Any], along: int, across: int
) -> Callable[..., list[Any]]:
    """The same as source, of one point after another, on Python's floats."""
    run = ad.compile(derivatives(call, along, across))

    def evaluate(*points: Any) -> list[Any]:
        answers = [run(*point) for point in zip(*points, strict=True)]
        return [np.asarray(column) for column in zip(*answers, strict=True)]

    return evaluate


ROUTES: dict[str, Callable[..., Callable[..., list[Any]]]] = {
    "tape": derivatives,
    "forward": forward_derivatives,
    "compiled": compiled_derivatives,
    "numbers": number_derivatives,
}
"""How the engine is asked."""


# --- the truth ------------------------------------------------------------------------------------


def expansion(function: Function, points: Points, direction: Sequence[int], bits: int) -> list[Any]:
    """The derivatives of order 0, 1 and 2 along a direction, in balls."""
    call = function.by_truth or function.call
    with precision(bits), series_length(3):
        arguments = [
            series(x, np.full(x.shape, slope)) if slope else numbers(x)
            for x, slope in zip(points, direction, strict=True)
        ]
        terms = call(*arguments)
        return [coefficients(terms, order) * factor for order, factor in enumerate((1, 1, 2))]


def truth_in_balls(
    function: Function, points: Points, along: int, across: int, bits: int
) -> list[Any]:
    """Value, first derivative by one argument, and second by that and another, in balls."""
    units = np.eye(len(points), dtype=int)
    terms = expansion(function, points, units[along], bits)
    if along == across:
        return terms
    with precision(bits):
        both = expansion(function, points, units[along] + units[across], bits)
        other = expansion(function, points, units[across], bits)
        return [*terms[:2], (both[2] - terms[2] - other[2]) / 2]


def truth(function: Function, points: Points, along: int, across: int) -> list[np.ndarray]:
    """The same, rounded to float64; nan where even the largest precision leaves it open."""
    answers = [np.full(points[0].shape, np.nan) for _ in ORDERS]
    for bits in PRECISIONS:
        missing = np.any(np.isnan(answers), axis=0)
        if not missing.any():
            break
        remaining = tuple([x[missing] for x in points])
        balls = truth_in_balls(function, remaining, along, across, bits)
        for answer, ball in zip(answers, balls, strict=True):
            middle = midpoints(ball)
            with np.errstate(invalid="ignore"):
                known = radii(ball) <= (0.5 + SURE_ULP) * np.spacing(np.abs(middle))
            answer[missing] = np.where(known & np.isfinite(middle), middle, np.nan)
    return answers


# --- errors ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Errors:
    """The worst errors of one derivative of a function, and where they are."""

    in_ulp: float
    """Of the answer."""
    beyond_conditioning: float
    """The same, less what the change of each argument does."""
    where: tuple[float, ...]
    """A point where the latter is reached."""


@dataclass
class Sample:
    """A function at points that were drawn, with the truth there."""

    function: Function
    points: Points
    along: int = 0
    across: int = 0
    truths: list[np.ndarray] = field(init=False)
    """Value, first and second derivative at each point."""

    def __post_init__(self) -> None:
        self.truths = truth(self.function, self.points, self.along, self.across)

    def errors(self, route: str) -> list[Errors]:
        """What the engine is off, in value, first and second derivative."""
        evaluate = ROUTES[route](self.function.call, self.along, self.across)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # other entries of a gradient overflow
            answers = evaluate(*self.points)
        return [self._worst(order, answer) for order, answer in enumerate(answers)]

    def _worst(self, order: int, answer: np.ndarray) -> Errors:
        expected = self.truths[order]
        sizes = np.abs(expected)
        with np.errstate(invalid="ignore"):
            counted = ((sizes >= SMALLEST) & (sizes <= LARGEST)) | (expected == 0)
            ulp = np.spacing(np.maximum(sizes, SMALLEST))
            off = np.where(counted, np.abs(answer - expected) / ulp, 0)
        off = np.where(np.isnan(off), np.inf, off)
        beyond = off.copy()
        for place in np.flatnonzero(off > LIMIT_ULP):
            beyond[place] = max(off[place] - self._conditioning(place, order) / ulp[place], 0)
        worst = int(np.argmax(beyond))
        point = tuple([float(x[worst]) for x in self.points])
        return Errors(float(np.max(off)), float(beyond[worst]), point)

    def _conditioning(self, place: int, order: int) -> float:
        """How far the change of each argument moves the truth."""
        moved = 0.0
        for position, x in enumerate(self.points):
            change = float(np.spacing(np.abs(x[place]))) * self.function.change
            moved += max(self._moved(place, order, position, step) for step in (change, -change))
        return moved

    def _moved(self, place: int, order: int, position: int, step: float) -> float:
        for bits in PRECISIONS[1:]:
            with precision(bits):
                here = tuple([x[place : place + 1] for x in self.points])
                shifted = [numbers(x) for x in here]
                shifted[position] = shifted[position] + step
                difference = self._ball(tuple(shifted), order, bits) - self._ball(here, order, bits)
                size = float(np.abs(midpoints(difference))[0])
                if radii(difference)[0] <= size or size == 0:
                    return size
        return 0.0

    def _ball(self, points: Any, order: int, bits: int) -> Any:
        return truth_in_balls(self.function, points, self.along, self.across, bits)[order]


def samples(name: str, count: int, seed: int = 0) -> Iterator[Sample]:
    """The function at so many points, for each pair of arguments by which it is differentiated."""
    function = FUNCTIONS[name]
    points = function.draw(np.random.default_rng([seed, *name.encode()]), count)
    for along in range(len(points)):
        for across in range(along, len(points)):
            yield Sample(function, points, along, across)


# --- the report -----------------------------------------------------------------------------------


@click.command(help=__doc__)
@click.option("--points", default=2000, show_default=True, help="Points of each function.")
@click.option("--seed", default=0, show_default=True, help="Of the draw.")
@click.option("--only", type=click.Choice(list(FUNCTIONS)), multiple=True)
@click.option("--route", "routes", type=click.Choice(list(ROUTES)), multiple=True)
def main(points: int, seed: int, only: tuple[str, ...], routes: tuple[str, ...]) -> None:
    table = Table(title=f"Worst errors in ulp, over {points} points of each function")
    table.add_column("function")
    table.add_column("route")
    for order in ORDERS:
        table.add_column(order, justify="right")
        table.add_column("beyond", justify="right")
    table.add_column("worst at")
    failures = 0
    for name in only or FUNCTIONS:
        for sample in samples(name, points, seed):
            for route in routes or ROUTES:
                errors = sample.errors(route)
                farthest = max(errors, key=lambda error: error.beyond_conditioning)
                failures += farthest.beyond_conditioning > LIMIT_ULP
                cells = [f"{v:.3g}" for e in errors for v in (e.in_ulp, e.beyond_conditioning)]
                by = f"{name} ({sample.along}, {sample.across})"
                where = ", ".join(f"{x!r}" for x in farthest.where)
                table.add_row(by if len(sample.points) > 1 else name, route, *cells, where)
    console = Console(width=160)
    console.print(table)
    console.print(f"{failures} rows are beyond {LIMIT_ULP:g} ulp and the conditioning.")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
