"""The tables of a report, made from the frame of a run. How they are drawn is `render.py`'s
business."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from adbench.cases.operators import Mode
from adbench.reporting import crossover
from adbench.results.row import FAILURES

MARKS = {"correct": "", "imprecise": "~", "wrong": "✗", "unresolved": "?"}
SWEEP_TITLE = "Forward against reverse mode"
LEGEND = "~ imprecise, ✗ wrong, ? unresolved, – unsupported or not applicable, ! did not run"


@dataclass(frozen=True)
class Table:
    """A table of strings: the first `keys` columns name a row, the others are one per backend or
    quantity.

    prose: whether the last column is a text that may run over several lines.
    groups: how many of the first columns are left empty on screen where they repeat the row above.
    """

    title: str
    note: str
    columns: tuple[str, ...]
    keys: int
    rows: tuple[tuple[str, ...], ...]
    prose: bool = False
    groups: int = 0


def tables(frame: pd.DataFrame) -> list[Table]:
    """Return all tables of a run that have something to show, in the order in which to read
    them."""
    frame = _in_order(frame)
    made = [
        correctness(frame),
        higher_order(frame),
        cost(frame),
        phases(frame),
        sweep(frame),
        troubles(frame),
    ]
    return [table for table in made if table is not None]


def summary(frame: pd.DataFrame) -> str:
    """Return one sentence: how many cells were asked, how they ended and what was thought of
    them."""
    outcomes = frame["outcome"].value_counts()
    verdicts = frame.loc[frame["outcome"] == "ok", "verdict"].value_counts()
    judged = ", ".join(f"{verdicts[name]} {name}" for name in MARKS if name in verdicts)
    others = ", ".join(f"{count} {name}" for name, count in outcomes.items() if name != "ok")
    cells = "1 cell" if len(frame) == 1 else f"{len(frame)} cells"
    return f"{cells}: {judged or 'none answered'}{'; ' + others if others else ''}."


def correctness(frame: pd.DataFrame) -> Table | None:
    """Relative errors of all operators of order 0 to 2, the worst over the modes."""
    some = frame[~frame["swept"] & ((frame["operator"] != "derivative") | (frame["order"] == 1))]
    return _by_backend(
        some,
        title="Is it right?",
        note="Relative error ||answer - truth|| / ||truth||, the worst over the modes and arrays "
        "of the answer. "
        f"{LEGEND}.",
        key=lambda row: (_model(row), row["size"], _operator(row)),
        columns=("model", "size", "operator"),
        show=_worst_error,
    )


def higher_order(frame: pd.DataFrame) -> Table | None:
    """Relative errors of derivatives of a scalar function, order by order."""
    some = frame[
        (frame["operator"] == "derivative")
        & frame["order"].gt(1).groupby(frame["model"]).transform("any")
    ]
    return _by_backend(
        some,
        title="Derivatives of higher order",
        note="Relative error of the k-th derivative, the worse of forward and reverse nesting. "
        f"{LEGEND}.",
        key=lambda row: (_model(row), row["size"], str(row["order"])),
        columns=("model", "size", "order"),
        show=_worst_error,
    )


def cost(frame: pd.DataFrame) -> Table | None:
    """Median times and cost ratios of everything but the sweep."""
    some = frame[
        ~frame["swept"] & ((frame["operator"] != "derivative") | frame["order"].isin([1, 2, 4, 8]))
    ]
    return _by_backend(
        some,
        title="What does it cost?",
        note="Median time of one call, and behind it the cost ratio: time / time of the function "
        "alone, paired.",
        key=lambda row: (
            _model(row),
            row["size"],
            _operator(row),
            "" if row["mode"] == "none" else _mode(row),
        ),
        columns=("model", "size", "operator", "mode"),
        show=_time_and_ratio,
    )


def phases(frame: pd.DataFrame) -> Table | None:
    """What is paid once and what is paid at every call, for one derivative of each model at its
    largest size."""
    first = frame[
        frame["operator"].isin(["gradient", "jacobian", "derivative"])
        & (frame["order"] == 1)
        & (frame["mode"] == "reverse")
        & (frame["outcome"] == "ok")
        & ~frame["swept"]
    ]
    if first.empty:
        return None
    largest = first.groupby("model", sort=False)["n_inputs"].transform("max") == first["n_inputs"]
    some = first[largest].drop_duplicates(
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
        for _, row in some.iterrows()
    )
    return Table(
        "What is paid when?",
        "prepare: trace and compile; first: the first call; steady: the median of later calls; "
        "primal: the function "
        "alone. All in reverse mode.",
        ("model", "size", "operator", "backend", "prepare", "first", "steady", "primal"),
        4,
        rows,
        groups=3,
    )


def sweep(frame: pd.DataFrame) -> Table | None:
    """The ratio of forward to reverse mode for full Jacobians over n inputs and m outputs, by n /
    m."""
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
        here = measured
        for column in ("model", "dtype", "n_inputs", "n_outputs"):
            here = here[here[column] == cell[column]]
        by_backend = {row["backend"]: _ratio(row) for _, row in here.iterrows()}
        side = "n < m" if cell["quotient"] < 1 else "n = m" if cell["quotient"] == 1 else "n > m"
        rows.append(
            (
                side,
                str(cell["n_inputs"]),
                str(cell["n_outputs"]),
                *(by_backend.get(b, "–") for b in backends),
            )
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


def troubles(frame: pd.DataFrame) -> Table | None:
    """What did not run or is wrong, in doubt or flagged, with its message."""
    failed = frame["outcome"].isin([str(outcome) for outcome in FAILURES])
    doubtful = frame["verdict"].isin(["wrong"]) | (frame["message"] != "") & (
        frame["outcome"] == "ok"
    )
    said: dict[tuple[str, str, str], list[str]] = {}
    for _, row in frame[failed | doubtful].iterrows():
        key = row["backend"], f"{_model(row)} {row['size']}", _trouble(row)
        said.setdefault(key, []).append(f"{_operator(row)} {_mode(row)}".strip())
    rows = [
        (backend, model, some(questions), what)
        for (backend, model, what), questions in said.items()
    ]
    for outcome in ("not_installed", "unsupported"):
        alike = frame[frame["outcome"] == outcome].groupby(["backend", "message"], sort=False)
        rows += [
            (str(backend), f"{len(cells)} cells", "", f"{outcome}: {message}")
            for (backend, message), cells in alike
        ]
    if not rows:
        return None
    return Table(
        "What did not go well",
        "",
        ("backend", "model", "what", "message"),
        4,
        tuple(rows),
        prose=True,
    )


# ---- cells


def some(questions: Sequence[str]) -> str:
    """Return the first of several questions, and how many there are more."""
    more = len(questions) - 1
    return (
        questions[0]
        if not more
        else f"{questions[0]} and {more} more question{'s' if more > 1 else ''}"
    )


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
    severity = ["correct", "imprecise", "unresolved", "wrong"]
    verdict = max(answered["verdict"], key=lambda v: severity.index(v) if v in severity else 0)
    failed = "!" if rows["outcome"].isin([str(o) for o in FAILURES]).any() else ""
    errors = answered["relative_error"]
    error = math.nan if errors.isna().all() else float(errors.max())
    text = "0" if error == 0 else "" if math.isnan(error) else f"{error:.1e}"
    return f"{MARKS.get(verdict, '')}{text}{failed}"


def _time_and_ratio(rows: pd.DataFrame) -> str:
    row = rows.iloc[0]
    if row["outcome"] != "ok":
        return _absence(rows)
    if row["operator"] == "value" or math.isnan(row["cost_ratio"]):
        return time(row["median_s"])
    return f"{time(row['median_s'])} ×{_two_digits(row['cost_ratio'])}"


def _absence(rows: pd.DataFrame) -> str:
    return "!" if rows["outcome"].isin([str(o) for o in FAILURES]).any() else "–"


def _ratio(row: pd.Series) -> str:
    near = "≈" if not (row["low"] > 1 or row["high"] < 1) else ""
    return f"{near}{_two_digits(row['ratio'])}"


def _two_digits(ratio: float) -> str:
    """Return a ratio with two digits that mean something, never with an exponent."""
    return f"{float(f'{ratio:.2g}'):.0f}" if ratio >= 10 else f"{ratio:.2g}"


def _by_backend(
    frame: pd.DataFrame,
    *,
    title: str,
    note: str,
    key: Callable[[pd.Series], tuple[str, ...]],
    columns: Sequence[str],
    show: Callable[[pd.DataFrame], str],
) -> Table | None:
    """A table with one column a backend, and one row for each value of `key`, in order of
    appearance."""
    frame = frame[frame["outcome"] != "not_installed"]
    if frame.empty:
        return None
    keys = [key(row) for _, row in frame.iterrows()]
    backends = list(dict.fromkeys(frame["backend"]))
    groups = dict(list(frame.groupby([pd.Series(keys, index=frame.index), "backend"])))
    rows = [
        (
            *name,
            *(
                show(groups[(name, backend)]) if (name, backend) in groups else "–"
                for backend in backends
            ),
        )
        for name in dict.fromkeys(keys)
    ]
    return Table(
        title, note, (*columns, *backends), len(columns), tuple(rows), groups=len(columns) - 1
    )


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort by what was asked: rows come in the order in which cells ended, failed ones before those
    of their group."""
    rank = {
        "question": frame.groupby(
            ["model", "size", "dtype", "operator", "order"], sort=False
        ).ngroup(),
        "implementation": frame["implementation"].map({"spec": 0, "native": 1}),
        "mode": frame["mode"].map({mode.value: i for i, mode in enumerate(Mode)}),
    }
    ordered = frame.assign(**{f"_{name}": values for name, values in rank.items()})
    return ordered.sort_values([f"_{name}" for name in rank], kind="stable").drop(
        columns=[f"_{name}" for name in rank]
    )


def _model(row: pd.Series) -> str:
    native = " (native)" if row["implementation"] == "native" else ""
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
        place = f" at {row['worst_entry']}" if row["worst_entry"] else ""
        by = (
            f"relative error {row['relative_error']:.1e}, {row['max_error_over_bound']:.1e} "
            "times the bound. "
        )
        return (
            f"wrong{place}: {by if pd.notna(row['relative_error']) else ''}{row['message']}".strip()
        )
    return str(row["message"])
