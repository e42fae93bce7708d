"""How cost and memory grow: with depth, width and batch, and with the order of a derivative."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.stats

from adbench.cases.case import NATIVE
from adbench.reporting.one_host import on_one_host
from adbench.reporting.tables import Table

GRADIENT_BOUND = 4
"""How many times the function's operations a gradient in reverse mode takes at most, memory traffic
included: the cheap gradient principle (Griewank and Walther, Evaluating Derivatives, 2nd ed.,
chapter 4: a constant in [3, 4])."""

CHECKPOINTED = "_checkpointed"
"""What is appended to the name of a model for the one that computes the same with checkpoints."""

PASSES = {"jvp": "forward, jvp", "gradient": "reverse, gradient"}
"""What the operators that take one pass are called, with the mode that they take it in."""

RECOMPUTING = "reverse, checkpointed"
"""What a gradient of a checkpointed model is called."""

PER_UNIT = "each 1 more"
"""What stands beside the slope of memory over what is varied."""

RESOLUTION = "Resident memory is counted in pages (4.1 kB), of which a small call may need none."
"""What is to be known of the coarsest method of counting."""

FEWEST_ORDERS = 3
"""So many orders are needed for a law of growth with the order."""


@dataclass(frozen=True)
class Slope:
    """The slope of a line through points, with its interval."""

    slope: float
    """The median of the slopes between any two points."""
    low: float
    """The lower end of its 95 % confidence interval."""
    high: float
    """The upper end of that interval."""


def slope_of(x: Sequence[float], y: Sequence[float]) -> Slope:
    """Return the slope of y over x by Theil and Sen's estimator.

    Its interval is Sen's (Estimates of the regression coefficient based on Kendall's tau, Journal
    of the American Statistical Association 63, 1968), which needs some seven points to be narrow:
    of three it is that of the slopes seen. nan where there are fewer than two points.
    """
    if len(set(x)) < 2:
        return Slope(math.nan, math.nan, math.nan)
    estimate = scipy.stats.theilslopes(np.asarray(y, float), np.asarray(x, float), 0.95)
    return Slope(estimate.slope, estimate.low_slope, estimate.high_slope)


def exponent_of(x: Sequence[float], y: Sequence[float]) -> Slope:
    """Return the p for which y grows like x^p, from positive x and y."""
    return slope_of(np.log(x).tolist(), np.log(y).tolist())


def tables(frame: pd.DataFrame) -> list[Table]:
    """Return the tables of growth and of memory that a run has something to show for."""
    all_tables = [
        gradient_cost(frame),
        memory_growth(frame),
        memory(frame),
        order_cost(frame),
        findings(frame),
    ]
    return [table for table in all_tables if table is not None]


def gradient_cost(frame: pd.DataFrame) -> Table | None:
    """The cost ratio of the gradient along every axis of growth, and the growth of its time."""
    gradients = _grown(frame, "gradient")
    gradients = gradients[gradients["cost_ratio"].notna()]
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for (title, axis), along_axis in gradients.groupby(["title", "growth"], sort=False):
        for value, at_size in along_axis.groupby("value"):
            key = (str(title), str(axis), f"{value:g}", _counted_ratio(at_size))
            rows[key] = {
                row["backend"]: _two_digits(row["cost_ratio"]) for _, row in at_size.iterrows()
            }
        exponents = {
            str(backend): _exponent(exponent_of([*cells["value"]], [*cells["median_s"]]))
            for backend, cells in on_one_host(along_axis).groupby("backend", sort=False)
        }
        rows[str(title), str(axis), "time grows like", ""] = exponents
    return _table(
        "What does depth cost?",
        "Time of the gradient in reverse mode / time of the function. operations: the same by the "
        f"counts of the reference graph; at most {GRADIENT_BOUND} by the cheap gradient principle. "
        "time grows like: the exponent of the gradient's time, with its interval.",
        ("model", "varied", "value", "operations"),
        rows,
    )


def memory_growth(frame: pd.DataFrame) -> Table | None:
    """The peak of memory of one pass forward, one in reverse, and one with checkpoints."""
    passes = counted_passes(frame)
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for (title, axis), along_axis in passes.groupby(["title", "growth"], sort=False):
        for kind in (*PASSES.values(), RECOMPUTING):
            of_kind = along_axis[along_axis["pass"] == kind]
            for value, at_size in of_kind.groupby("value"):
                rows[str(title), kind, str(axis), f"{value:g}"] = _peaks(at_size)
            if of_kind["value"].nunique() > 1:
                rows[str(title), kind, str(axis), PER_UNIT] = {
                    str(backend): memory_size(_bytes_each(cells).slope)
                    for backend, cells in of_kind.groupby("backend", sort=False)
                }
        methods = dict(zip(along_axis["backend"], along_axis["memory_method"], strict=True))
        rows[str(title), "counted by", "", ""] = methods
    return _table(
        "What does depth hold?",
        f"The most memory that a call held at one time beyond what was held before it. {PER_UNIT}: "
        f"how much that grows with what is varied, the median slope. {RESOLUTION}",
        ("model", "pass", "varied", "value"),
        rows,
    )


def memory(frame: pd.DataFrame) -> Table | None:
    """The peak of memory of every question at the largest size of each model."""
    counted = _counted(frame)
    ordinary = counted[~counted["swept"] & (counted["growth"] == "")]
    ordinary = ordinary[ordinary["operator"] != "derivative"]
    by_n = ordinary.sort_values("n_inputs", ascending=False, kind="stable")
    largest = by_n.groupby("title", sort=False)["size"].first()
    shown = ordinary[ordinary["size"] == ordinary["title"].map(largest)]
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    question = ["title", "size", "operator", "mode"]
    for key, cells in shown.groupby(question, sort=False):
        title, size, operator, mode = map(str, key)
        rows[title, size, operator, "" if mode == "none" else mode] = _peaks(cells)
    if rows:
        methods = dict(zip(shown["backend"], shown["memory_method"], strict=True))
        rows["counted by", "", "", ""] = methods
    return _table(
        "What does it hold?",
        "The most memory that a call held at one time beyond what was held before it, its answer "
        f"included, at the largest size. {RESOLUTION}",
        ("model", "size", "operator", "mode"),
        rows,
    )


def order_cost(frame: pd.DataFrame) -> Table | None:
    """The time of the k-th derivative over that of the function, and how it grows with k."""
    timed = frame[(frame["operator"] == "derivative") & (frame["outcome"] == "ok")]
    timed = titled(timed[timed["cost_ratio"].notna()])
    timed = timed[timed["growth"] == ""]
    first_sizes = timed.groupby("title", sort=False)["size"].transform("first")
    timed = timed[timed["size"] == first_sizes]
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for (title, mode), nested in timed.groupby(["title", "mode"], sort=False):
        if nested["order"].nunique() < FEWEST_ORDERS:
            continue
        doubling = nested[(nested["order"] & (nested["order"] - 1)) == 0]
        for order, cells in doubling.groupby("order"):
            rows[str(title), str(mode), str(order)] = {
                row["backend"]: _two_digits(row["cost_ratio"]) for _, row in cells.iterrows()
            }
        rows[str(title), str(mode), "grows like"] = {
            str(backend): law_of_orders([*cells["order"]], [*cells["median_s"]])
            for backend, cells in on_one_host(nested).groupby("backend", sort=False)
        }
    return _table(
        "What does another order cost?",
        "Time of the derivative of order k / time of the function, at the first size; orders 1, 2, "
        "4, 8, ... are shown. grows like: "
        "c^k or k^p, whichever lies nearer to the times from order 2 on, with the interval of c "
        "or p.",
        ("model", "mode", "order"),
        rows,
    )


def law_of_orders(orders: Sequence[int], seconds: Sequence[float]) -> str:
    """Return how times grow with the order k, as "3.9^k (3.7 to 4.1)" or "k^2.1 (2 to 2.3)".

    Of an exponential and a power that which leaves the smaller deviations from the logarithms of
    the times; orders below 2 are left out. A dash where there are too few.
    """
    points = [(order, time) for order, time in zip(orders, seconds, strict=True) if order >= 2]
    if len(points) < FEWEST_ORDERS:
        return "–"
    k = np.array([order for order, _ in points], float)
    log_times = np.log([time for _, time in points])
    base, power = slope_of([*k], [*log_times]), slope_of([*np.log(k)], [*log_times])
    if _deviation(k, log_times, base) <= _deviation(np.log(k), log_times, power):
        low, middle, high = (_short(math.exp(x)) for x in (base.low, base.slope, base.high))
        return f"{middle}^k ({low} to {high})"
    return f"k^{_short(power.slope)} ({_short(power.low)} to {_short(power.high)})"


def findings(frame: pd.DataFrame) -> Table | None:
    """What the growth of cost and memory says, a sentence for each backend."""
    rows = [
        (backend, sentence)
        for backend in dict.fromkeys(frame["backend"])
        for sentence in _sentences(frame[frame["backend"] == backend])
    ]
    if not rows:
        return None
    return Table("What grows?", "", ("backend", "finding"), 2, tuple(rows), prose=True)


# ---- sentences


def _sentences(cells: pd.DataFrame) -> Iterable[str]:
    """The sentences on one backend."""
    gradients = _grown(cells, "gradient")
    recomputes = gradients["model"].str.endswith(CHECKPOINTED)
    timed = gradients[gradients["cost_ratio"].notna() & ~recomputes]
    if not timed.empty:
        yield _cheap_gradient(timed)
    yield from held(cells)


def held(cells: pd.DataFrame) -> Iterable[str]:
    """Yield what the passes of one backend hold for each more of what is varied, in sentences."""
    passes = counted_passes(cells)
    for (title, axis), along_axis in passes.groupby(["title", "growth"], sort=False):
        holding = _holding(str(axis), along_axis)
        if holding:
            yield f"{title}: {holding}"


def _cheap_gradient(gradients: pd.DataFrame) -> str:
    """Whether the gradient stayed below its bound."""
    within = int((gradients["cost_ratio"] <= GRADIENT_BOUND).sum())
    low, high = gradients["cost_ratio"].min(), gradients["cost_ratio"].max()
    highest = gradients.sort_values("cost_ratio")["size"].iloc[-1]
    return (
        f"the gradient costs {_two_digits(low)} to {_two_digits(high)} functions (the most at "
        f"{highest}), and stays within the bound of {GRADIENT_BOUND} at {within} of "
        f"{len(gradients)} sizes."
    )


def _holding(axis: str, passes: pd.DataFrame) -> str:
    """What each pass holds for each more of what is varied; "" where reverse mode was not seen."""
    by_kind = {str(kind): cells for kind, cells in passes.groupby("pass")}
    reverse = by_kind.get(PASSES["gradient"])
    if reverse is None or reverse["value"].nunique() < 2:
        return ""
    slope = _bytes_each(reverse)
    interval = f"{memory_size(slope.low)} to {memory_size(slope.high)}"
    held = f"{memory_size(slope.slope)} ({interval})"
    parts = [f"reverse mode holds {held} more for each 1 more of {axis}"]
    forward = by_kind.get(PASSES["jvp"])
    if forward is not None and forward["value"].nunique() > 1:
        parts.append(f"forward mode {memory_size(_bytes_each(forward).slope)}")
    recomputing = by_kind.get(RECOMPUTING)
    if recomputing is not None:
        parts.append(_saving(reverse, recomputing))
    return f"{', '.join(parts)}."


def _saving(reverse: pd.DataFrame, recomputing: pd.DataFrame) -> str:
    """What checkpoints save at the largest size that both were counted at."""
    both = reverse.merge(recomputing, on="value", suffixes=("_kept", "_again"))
    if both.empty:
        return "with checkpoints it was not counted"
    largest = both.sort_values("value").iloc[-1]
    kept = memory_size(largest["peak_bytes_kept"])
    again = memory_size(largest["peak_bytes_again"])
    time_ratio = largest["median_s_again"] / largest["median_s_kept"]
    at_cost = "" if math.isnan(time_ratio) else f", in {_two_digits(time_ratio)} times the time"
    if largest["peak_bytes_again"] >= largest["peak_bytes_kept"]:
        at_cost += ": they save nothing here"
    return f"with checkpoints {again} in place of {kept} at {largest['size_kept']}{at_cost}"


# ---- rows


def titled(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a column `title`: the model, and what of it is not customary."""
    native = np.where(frame["implementation"] == NATIVE, " (native)", "")
    dtype = np.where(frame["dtype"] == "float64", "", " " + frame["dtype"])
    return frame.assign(title=frame["model"] + native + dtype)


def _grown(frame: pd.DataFrame, operator: str) -> pd.DataFrame:
    """The rows of an operator along the axes of growth, with what is varied as `value`."""
    is_grown = (frame["growth"] != "") & (frame["operator"] == operator)
    grown = titled(frame[is_grown & (frame["outcome"] == "ok")])
    values = grown["size"].str.extract(r"=([0-9.]+)$", expand=False).astype(float)
    return grown.assign(value=values)[values.notna()]


def _counted(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows whose memory was counted."""
    return titled(frame[(frame["outcome"] == "ok") & frame["peak_bytes"].notna()])


def counted_passes(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of growth whose memory was counted, with `pass` for the pass that they are.

    Checkpointed models stand under the name of the model that they are compared with.
    """
    parts = [_grown(frame, operator).assign(**{"pass": name}) for operator, name in PASSES.items()]
    passes = pd.concat(parts)
    passes = passes[passes["peak_bytes"].notna()]
    is_checkpointed = passes["model"].str.endswith(CHECKPOINTED)
    is_kept = ~is_checkpointed | (passes["operator"] == "gradient")
    names = passes["pass"].mask(is_checkpointed, RECOMPUTING)
    titles = passes["title"].str.replace(CHECKPOINTED, "", regex=False)
    return passes.assign(title=titles, **{"pass": names})[is_kept].sort_index()


def _bytes_each(cells: pd.DataFrame) -> Slope:
    """How many bytes more are held for each more of what is varied."""
    return slope_of([*cells["value"]], [*cells["peak_bytes"].astype(float)])


def _counted_ratio(cells: pd.DataFrame) -> str:
    """The operations of the gradient over those of the function, where they were counted."""
    ratios = (cells["operations"] / cells["primal_operations"]).dropna()
    return "–" if ratios.empty else _short(float(ratios.iloc[0]))


def _deviation(
    x: np.ndarray[tuple[int], np.dtype[np.float64]],
    y: np.ndarray[tuple[int], np.dtype[np.float64]],
    line: Slope,
) -> float:
    """The mean distance of points from a line of a slope through their medians."""
    residuals = y - line.slope * x
    return float(np.mean(np.abs(residuals - np.median(residuals))))


# ---- cells


def memory_size(size_bytes: float) -> str:
    """Return a number of bytes with three digits and its unit, in powers of 1000."""
    if math.isnan(size_bytes):
        return "–"
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if abs(size_bytes) >= factor:
            return f"{size_bytes / factor:.3g} {unit}"
    return f"{size_bytes:.3g} B"


def _peaks(cells: pd.DataFrame) -> dict[str, str]:
    """The peak of each backend."""
    return {row["backend"]: memory_size(float(row["peak_bytes"])) for _, row in cells.iterrows()}


def _exponent(power: Slope) -> str:
    if math.isnan(power.slope):
        return "–"
    return f"^{_short(power.slope)} ({_short(power.low)} to {_short(power.high)})"


def _short(number: float) -> str:
    """Return a number near 1 with two digits; what is next to nothing is 0."""
    return f"{round(number, 2):.2g}"


def _two_digits(ratio: float) -> str:
    """Return a ratio with two digits that mean something, never with an exponent."""
    if ratio < 10:
        return f"{ratio:.2g}"
    return f"{float(f'{ratio:.2g}'):.0f}"


def _table(
    title: str,
    note: str,
    keys: tuple[str, ...],
    rows: Mapping[tuple[str, ...], Mapping[str, str]],
) -> Table | None:
    """A table with a column for each backend, from the cells of every row by backend."""
    backends = list(dict.fromkeys(backend for cells in rows.values() for backend in cells))
    if not backends:
        return None
    body = tuple(
        (*key, *(cells.get(backend, "–") for backend in backends)) for key, cells in rows.items()
    )
    return Table(title, note, (*keys, *backends), len(keys), body, groups=len(keys) - 1)
