"""The tables of a report, made from the frame of a run. `render.py` draws them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from adbench.cases.case import NATIVE, SPECIFICATION
from adbench.cases.operators import Mode
from adbench.reporting import crossover
from adbench.results.row import FAILURES

MARKS = {"correct": "", "imprecise": "~", "unresolved": "?", "wrong": "✗"}
"""What stands before an error, by its verdict, from the mildest on."""

SWEEP_TITLE = "Forward against reverse mode"

SUMMARY_ORDER = ("correct", "imprecise", "wrong", "unresolved")
"""The verdicts in the order in which the summary counts them."""

COST_ORDERS = (1, 2, 4, 8)
"""The orders of a derivative whose times are shown."""

LEGEND = "~ imprecise, ✗ wrong, ? unresolved, – unsupported or not applicable, ! did not run"


@dataclass(frozen=True)
class Table:
    """A table of strings.

    The first columns name a row, the others are one per backend or quantity.
    """

    title: str
    """What stands above it."""

    note: str
    """What its cells mean; may be empty."""

    columns: tuple[str, ...]
    """The names of the columns."""

    keys: int
    """How many of the first columns name a row."""

    rows: tuple[tuple[str, ...], ...]
    """The rows, each as long as `columns`."""

    prose: bool = False
    """Whether the last column is a text that may run over several lines."""

    groups: int = 0
    """How many of the first columns are left empty on screen where they repeat the row above."""


def tables(frame: pd.DataFrame) -> list[Table]:
    """Return all tables of a run that have something to show, in reading order."""
    frame = _in_order(frame)
    all_tables = [
        correctness(frame),
        higher_order(frame),
        cost(frame),
        phases(frame),
        sweep(frame),
        troubles(frame),
    ]
    return [table for table in all_tables if table is not None]


def summary(frame: pd.DataFrame) -> str:
    """Return how many cells there are, how they were judged, and how the others ended.

    One sentence.
    """
    outcomes = frame["outcome"].value_counts()
    verdicts = frame.loc[frame["outcome"] == "ok", "verdict"].value_counts()
    judged = ", ".join(f"{verdicts[name]} {name}" for name in SUMMARY_ORDER if name in verdicts)
    parts = [judged or "none answered"]
    unanswered = ", ".join(f"{count} {name}" for name, count in outcomes.items() if name != "ok")
    if unanswered:
        parts.append(unanswered)
    cells = "1 cell" if len(frame) == 1 else f"{len(frame)} cells"
    return f"{cells}: {'; '.join(parts)}."


def correctness(frame: pd.DataFrame) -> Table | None:
    """Relative errors of all operators of order 0 to 2, the worst over the modes."""
    of_low_order = (frame["operator"] != "derivative") | (frame["order"] == 1)
    return _by_backend(
        frame[~frame["swept"] & of_low_order],
        title="Is it right?",
        note="Relative error ||answer - truth|| / ||truth||, the worst over the modes and arrays "
        f"of the answer. {LEGEND}.",
        key=lambda row: (_model(row), row["size"], _operator(row)),
        columns=("model", "size", "operator"),
        show=_worst_error,
    )


def higher_order(frame: pd.DataFrame) -> Table | None:
    """Relative errors of derivatives of a scalar function, order by order."""
    has_higher_orders = frame["order"].gt(1).groupby(frame["model"]).transform("any")
    return _by_backend(
        frame[(frame["operator"] == "derivative") & has_higher_orders],
        title="Derivatives of higher order",
        note="Relative error of the k-th derivative, the worse of forward and reverse nesting. "
        f"{LEGEND}.",
        key=lambda row: (_model(row), row["size"], str(row["order"])),
        columns=("model", "size", "order"),
        show=_worst_error,
    )


def cost(frame: pd.DataFrame) -> Table | None:
    """Median times and cost ratios of everything but the sweep."""
    of_shown_order = (frame["operator"] != "derivative") | frame["order"].isin(COST_ORDERS)
    return _by_backend(
        frame[~frame["swept"] & of_shown_order],
        title="What does it cost?",
        note="Median time of one call, and behind it the cost ratio: time / time of the function "
        "alone, paired.",
        key=lambda row: (_model(row), row["size"], _operator(row), _mode(row)),
        columns=("model", "size", "operator", "mode"),
        show=_time_and_ratio,
    )


def phases(frame: pd.DataFrame) -> Table | None:
    """What is paid once and what is paid at every call.

    For one derivative of each model, at its largest size.
    """
    derivatives = frame[
        frame["operator"].isin(["gradient", "jacobian", "derivative"])
        & (frame["order"] == 1)
        & (frame["mode"] == "reverse")
        & (frame["outcome"] == "ok")
        & ~frame["swept"]
    ]
    if derivatives.empty:
        return None
    largest_n = derivatives.groupby("model", sort=False)["n_inputs"].transform("max")
    at_largest_size = derivatives[derivatives["n_inputs"] == largest_n]
    one_per_backend = at_largest_size.drop_duplicates(
        ["model", "implementation", "dtype", "backend"], keep="last"
    )
    rows = tuple(
        (
            _model(row),
            row["size"],
            _operator(row),
            row["backend"],
            time(row["prepare_s"]),
            time(row["first_s"]),
            time(row["median_s"]),
            time(row["primal_s"]),
        )
        for _, row in one_per_backend.iterrows()
    )
    return Table(
        "What is paid when?",
        "prepare: trace and compile; first: the first call; steady: the median of later calls; "
        "primal: the function alone. All in reverse mode.",
        ("model", "size", "operator", "backend", "prepare", "first", "steady", "primal"),
        4,
        rows,
        groups=3,
    )


def sweep(frame: pd.DataFrame) -> Table | None:
    """The ratio of forward to reverse mode for full Jacobians, by n / m.

    n, m: the numbers of inputs and outputs.
    """
    measured = crossover.ratios(frame[frame["swept"]])
    if measured.empty:
        return None
    cells = measured[["model", "dtype", "n_inputs", "n_outputs"]].drop_duplicates()
    cells = cells.assign(quotient=cells["n_inputs"] / cells["n_outputs"]).sort_values(
        ["model", "dtype", "quotient", "n_inputs"]
    )
    backends = list(dict.fromkeys(measured["backend"]))
    rows = []
    for _, cell in cells.iterrows():
        at_cell = measured
        for column in ("model", "dtype", "n_inputs", "n_outputs"):
            at_cell = at_cell[at_cell[column] == cell[column]]
        ratios = {row["backend"]: _ratio(row) for _, row in at_cell.iterrows()}
        n = cell["n_inputs"]
        m = cell["n_outputs"]
        rows.append(
            (_side(n, m), str(n), str(m), *(ratios.get(backend, "–") for backend in backends))
        )
    return Table(
        SWEEP_TITLE,
        "Full Jacobian: time(forward) / time(reverse); above 1 reverse mode wins. "
        "≈ where the interval of the ratio contains 1.",
        ("", "n", "m", *backends),
        3,
        tuple(rows),
        groups=1,
    )


def _side(n: int, m: int) -> str:
    if n < m:
        return "n < m"
    if n == m:
        return "n = m"
    return "n > m"


def troubles(frame: pd.DataFrame) -> Table | None:
    """What did not run or is wrong, in doubt or flagged, with its message."""
    wrong = frame["verdict"] == "wrong"
    noted = (frame["message"] != "") & (frame["outcome"] == "ok")
    questions_by_trouble: dict[tuple[str, str, str], list[str]] = {}
    for _, row in frame[_failed(frame) | wrong | noted].iterrows():
        trouble = (row["backend"], f"{_model(row)} {row['size']}", _trouble(row))
        question = f"{_operator(row)} {_mode(row)}".strip()
        questions_by_trouble.setdefault(trouble, []).append(question)
    rows = [
        (backend, model, first_of(questions), message)
        for (backend, model, message), questions in questions_by_trouble.items()
    ]
    for outcome in ("not_installed", "unsupported"):
        absent = frame[frame["outcome"] == outcome]
        for (backend, message), cells in absent.groupby(["backend", "message"], sort=False):
            rows.append((str(backend), f"{len(cells)} cells", "", f"{outcome}: {message}"))
    if not rows:
        return None
    columns = ("backend", "model", "what", "message")
    return Table("What did not go well", "", columns, 4, tuple(rows), prose=True)


# ---- cells


def first_of(questions: Sequence[str]) -> str:
    """Return the first of several questions, and how many more there are."""
    further = len(questions) - 1
    if not further:
        return questions[0]
    plural = "s" if further > 1 else ""
    return f"{questions[0]} and {further} more question{plural}"


def question(row: pd.Series) -> tuple[str, str, str, str]:
    """Return the model, the size, the operator and the mode of a row, as tables show them."""
    return _model(row), str(row["size"]), _operator(row), _mode(row)


def time(seconds: float) -> str:
    """Return a time with three digits and its unit."""
    if math.isnan(seconds):
        return "–"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def _worst_error(rows: pd.DataFrame) -> str:
    answered = rows[rows["outcome"] == "ok"]
    if answered.empty:
        return _absence(rows)
    verdicts = set(answered["verdict"])
    mark = ""
    for verdict, mark_of_verdict in MARKS.items():
        if verdict in verdicts:
            mark = mark_of_verdict
    failed = "!" if _failed(rows).any() else ""
    return f"{mark}{_error(float(answered['relative_error'].max()))}{failed}"


def _error(error: float) -> str:
    if math.isnan(error):
        return ""
    if error == 0:
        return "0"
    return f"{error:.1e}"


def _time_and_ratio(rows: pd.DataFrame) -> str:
    row = rows.iloc[0]
    if row["outcome"] != "ok":
        return _absence(rows)
    if row["operator"] == "value" or math.isnan(row["cost_ratio"]):
        return time(row["median_s"])
    return f"{time(row['median_s'])} ×{_two_digits(row['cost_ratio'])}"


def _absence(rows: pd.DataFrame) -> str:
    return "!" if _failed(rows).any() else "–"


def _failed(rows: pd.DataFrame) -> pd.Series:
    """Which rows should have run and did not."""
    return rows["outcome"].isin([str(outcome) for outcome in FAILURES])


def _ratio(row: pd.Series) -> str:
    is_decided = row["low"] > 1 or row["high"] < 1
    near = "" if is_decided else "≈"
    return f"{near}{_two_digits(row['ratio'])}"


def _two_digits(ratio: float) -> str:
    """Return a ratio with two digits that mean something, never with an exponent."""
    if ratio < 10:
        return f"{ratio:.2g}"
    rounded = float(f"{ratio:.2g}")
    return f"{rounded:.0f}"


def _by_backend(
    frame: pd.DataFrame,
    *,
    title: str,
    note: str,
    key: Callable[[pd.Series], tuple[str, ...]],
    columns: Sequence[str],
    show: Callable[[pd.DataFrame], str],
) -> Table | None:
    """A table with one column a backend, and one row for each value of `key`.

    Both stand in order of appearance.
    """
    frame = frame[frame["outcome"] != "not_installed"]
    if frame.empty:
        return None
    keys = [key(row) for _, row in frame.iterrows()]
    backends = list(dict.fromkeys(frame["backend"]))
    rows_by_cell = dict(list(frame.groupby([pd.Series(keys, index=frame.index), "backend"])))
    cells = {name_and_backend: show(rows) for name_and_backend, rows in rows_by_cell.items()}
    rows = tuple(
        (*name, *(cells.get((name, backend), "–") for backend in backends))
        for name in dict.fromkeys(keys)
    )
    all_columns = (*columns, *backends)
    return Table(title, note, all_columns, len(columns), rows, groups=len(columns) - 1)


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows sorted by their question.

    They come in the order in which cells ended, failed ones before those of their group.
    """
    question = ["model", "size", "dtype", "operator", "order"]
    ranks = {
        "_question": frame.groupby(question, sort=False).ngroup(),
        "_implementation": frame["implementation"].map({SPECIFICATION: 0, NATIVE: 1}),
        "_mode": frame["mode"].map({mode.value: rank for rank, mode in enumerate(Mode)}),
    }
    ranked = frame.assign(**ranks)
    return ranked.sort_values([*ranks], kind="stable").drop(columns=[*ranks])


def _model(row: pd.Series) -> str:
    native = " (native)" if row["implementation"] == NATIVE else ""
    dtype = "" if row["dtype"] == "float64" else f" {row['dtype']}"
    return f"{row['model']}{native}{dtype}"


def _operator(row: pd.Series) -> str:
    return f"derivative {row['order']}" if row["operator"] == "derivative" else str(row["operator"])


def _mode(row: pd.Series) -> str:
    return str(row["mode"]) if row["mode"] != "none" else ""


def _trouble(row: pd.Series) -> str:
    if row["outcome"] != "ok":
        return f"{row['outcome']}: {row['message']}"
    if row["verdict"] == "wrong":
        return _wrong(row)
    return str(row["message"])


def _wrong(row: pd.Series) -> str:
    """Where an answer is wrong, by how much, and its message."""
    place = f" at {row['worst_entry']}" if row["worst_entry"] else ""
    message = row["message"]
    if pd.notna(row["relative_error"]):
        message = (
            f"relative error {row['relative_error']:.1e}, {row['max_error_over_bound']:.1e} times "
            f"the bound. {message}"
        )
    return f"wrong{place}: {message}".strip()
