"""The tables of a report, made from the frame of a run. `render.py` draws them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pandas as pd

from adbench.cases.case import NATIVE, SPECIFICATION
from adbench.cases.operators import Mode
from adbench.reporting import break_even, sweep_tables
from adbench.reporting.break_even import CallCosts
from adbench.reporting.summary import first_of
from adbench.reporting.table import Table as Table
from adbench.reporting.units import time as time
from adbench.reporting.units import two_digits as _two_digits
from adbench.results.row import FAILURES

MARKS = {"correct": "", "imprecise": "~", "unresolved": "?", "wrong": "✗"}
"""What stands before an error, by its verdict, from the mildest on."""

CORRECTNESS_TITLE = "Is it right?"

TROUBLES_TITLE = "What did not go well"

COST_ORDERS = (1, 2, 4, 8, 16)
"""The orders of a derivative whose times are shown."""

CALLS = (1, 100, 1_000_000)
"""The numbers of calls whose cost in all is shown."""

LEGEND = "~ imprecise, ✗ wrong, ? unresolved, – unsupported or not applicable, ! did not run"


def tables(frame: pd.DataFrame) -> list[Table]:
    """Return all tables of a run that have something to show, in reading order."""
    frame = _in_order(frame)
    all_tables = [
        correctness(frame),
        higher_order(frame),
        cost(frame),
        *phases(frame),
        sweep_tables.winners(frame),
        troubles(frame),
    ]
    return [table for table in all_tables if table is not None]


def correctness(frame: pd.DataFrame) -> Table | None:
    """Relative errors of all operators of order 0 to 2, the worst over the modes."""
    frame = _in_order(frame)
    of_low_order = (frame["operator"] != "derivative") | (frame["order"] == 1)
    return _by_backend(
        frame[_is_ordinary(frame) & of_low_order],
        title=CORRECTNESS_TITLE,
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
        note=f"Relative error of the k-th derivative, the worst over the modes. {LEGEND}.",
        key=lambda row: (_model(row), row["size"], str(row["order"])),
        columns=("model", "size", "order"),
        show=_worst_error,
    )


def cost(frame: pd.DataFrame) -> Table | None:
    """Median times and cost ratios of everything but the sweep."""
    of_shown_order = (frame["operator"] != "derivative") | frame["order"].isin(COST_ORDERS)
    return _by_backend(
        frame[_is_ordinary(frame) & of_shown_order],
        title="What does it cost?",
        note="Median time of one call, and behind it the cost ratio: time / time of the function "
        "alone, paired.",
        key=lambda row: (_model(row), row["size"], _operator(row), _mode(row)),
        columns=("model", "size", "operator", "mode"),
        show=_time_and_ratio,
    )


def phases(frame: pd.DataFrame) -> list[Table]:
    """What is paid once, what at every call, and when one staging has overtaken another.

    For the questions on which stagings are compared, see `break_even.compared_questions`.
    """
    paid: list[tuple[str, ...]] = []
    sentences: list[tuple[str, ...]] = []
    crossings: list[Table] = []
    for question in break_even.compared_questions(frame):
        costs = break_even.call_costs(question)
        title = _question(question.iloc[0])
        pairs = zip(costs, question["primal_s"], strict=True)
        paid += [(*title, *_paid(staging, primal_s)) for staging, primal_s in pairs]
        if len(costs) > 1:
            words = " ".join(title)
            sentences += [(text,) for text in break_even.sentences(words, costs)]
            crossings.append(_crossings(words, costs))
    if not paid:
        return []
    columns = ("model", "size", "operator", "backend", "prepare", "first", "steady", "primal")
    totals = tuple(f"{calls:,} calls".replace("1 calls", "1 call") for calls in CALLS)
    note = (
        "prepare: trace and compile; first: the first call; steady: the median of later calls; "
        "primal: the function alone; and what so many calls cost in all, prepare + first + "
        "(calls - 1) steady. All in reverse mode."
    )
    what_is_paid = Table("What is paid when?", note, (*columns, *totals), 4, tuple(paid), groups=3)
    if not sentences:
        return [what_is_paid]
    pays = Table(
        "When does compiling pay?",
        "By what calls cost in all. The intervals are those of the steady times; preparation and "
        "first call are measured once, in a process that has imported the framework and, for "
        "torch:compile, has compiled something before.",
        ("what",),
        1,
        tuple(sentences),
        prose=True,
    )
    return [what_is_paid, pays, *crossings]


def _question(row: pd.Series) -> tuple[str, str, str]:
    """A question in words: the model, the size, the operator."""
    return _model(row), str(row["size"]), _operator(row)


def _paid(costs: CallCosts, primal_s: float) -> tuple[str, ...]:
    """The cells of a backend in the table of what is paid when."""
    phases_s = (costs.prepare_s, costs.first_s, costs.steady_s, primal_s)
    totals_s = (costs.total_s(calls) for calls in CALLS)
    return (costs.backend, *map(time, phases_s), *map(time, totals_s))


def _crossings(title: str, costs: Sequence[CallCosts]) -> Table:
    """From which number of calls on each backend costs less in all than each other one."""
    rows = []
    for staging in costs:
        cells = [
            "" if other is staging else break_even.in_a_cell(break_even.break_even(staging, other))
            for other in costs
        ]
        rows.append((staging.backend, *cells))
    return Table(
        f"From which number of calls on is one ahead of another? {title}",
        "The row costs less in all than the column from so many calls on; never: not for good; "
        "not told: the intervals of their steady times overlap.",
        ("ahead", *(staging.backend for staging in costs)),
        1,
        tuple(rows),
        in_file_alone=True,
    )


def troubles(frame: pd.DataFrame) -> Table | None:
    """What did not run or is wrong, in doubt or flagged, with its message."""
    noted = (frame["message"] != "") & (frame["outcome"] == "ok")
    rows = _by_trouble(frame[_failed(frame) | _is_wrong(frame) | noted])
    for outcome in ("not_installed", "unsupported"):
        absent = frame[frame["outcome"] == outcome]
        for (backend, message), cells in absent.groupby(["backend", "message"], sort=False):
            rows.append((str(backend), f"{len(cells)} cells", "", f"{outcome}: {message}"))
    if not rows:
        return None
    columns = ("backend", "model", "what", "message")
    return Table(TROUBLES_TITLE, "", columns, 4, tuple(rows), prose=True)


def failures(frame: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    """Return what is wrong or did not run: the backend, the model, what was asked, the message.

    What is wrong comes first; questions with one message share a line.
    """
    wrong = _is_wrong(frame)
    return [*_by_trouble(frame[wrong]), *_by_trouble(frame[_failed(frame) & ~wrong])]


def _by_trouble(frame: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    """The rows with a message each, those of one backend, model and message in one."""
    questions_by_trouble: dict[tuple[str, str, str], list[str]] = {}
    for _, row in frame.iterrows():
        trouble = (row["backend"], f"{_model(row)} {row['size']}", _trouble(row))
        question = f"{_operator(row)} {_mode(row)}".strip()
        questions_by_trouble.setdefault(trouble, []).append(question)
    return [
        (backend, model, first_of(questions), message)
        for (backend, model, message), questions in questions_by_trouble.items()
    ]


# ---- cells


def question(row: pd.Series) -> tuple[str, str, str, str]:
    """Return the model, the size, the operator and the mode of a row, as tables show them."""
    return _model(row), str(row["size"]), _operator(row), _mode(row)


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


def _is_ordinary(frame: pd.DataFrame) -> pd.Series:
    """Which rows are of no sweep, of no axis of growth, and not of compared stagings alone."""
    return ~frame["swept"] & (frame["growth"] == "") & ~frame["stagings"]


def _is_wrong(rows: pd.DataFrame) -> pd.Series:
    return rows["verdict"] == "wrong"


def _failed(rows: pd.DataFrame) -> pd.Series:
    """Which rows should have run and did not."""
    return rows["outcome"].isin([str(outcome) for outcome in FAILURES])


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
