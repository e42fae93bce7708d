"""What a run answers, in five sentences that are made from its rows alone.

Each stands behind a question that people have: what is wrong where, what a gradient costs, which
mode wins, when compiling pays, and what to take. Where a run holds nothing on a question the
sentence says which command measures it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

import pandas as pd

from adbench.reporting import break_even, crossover, sweep_claims
from adbench.reporting.break_even import CallCosts
from adbench.reporting.crossover import Estimate
from adbench.reporting.growth import GRADIENT_BOUND, titled
from adbench.reporting.units import counted, time, two_digits
from adbench.results.row import FAILURES, Verdict

NAMED_AT_MOST = 6
"""So many backends are named one by one in a sentence."""


MOST_SWEEPS = 12
"""So many sweeps are answered from: a boundary with its interval takes a moment."""

MOST_QUESTIONS = 24
"""So many questions on which stagings are compared are answered from."""


class Tone(StrEnum):
    """How an answer is marked."""

    GOOD = "good"
    BAD = "bad"
    PLAIN = "plain"
    """It is neither."""
    OPEN = "open"
    """The run holds nothing on the question."""


@dataclass(frozen=True)
class Answer:
    """A question and what a run says of it."""

    question: str
    """The question, in a few words."""
    sentence: str
    """The answer."""
    tone: Tone
    """How it is marked."""


def answers(frame: pd.DataFrame) -> tuple[Answer, ...]:
    """Return the five answers of a run's rows, in the order in which they are asked."""
    return (
        rightness(frame),
        gradient_cost(frame),
        winning_mode(frame),
        compiling(frame),
        recommendation(frame),
    )


# ---- is it right?


def rightness(frame: pd.DataFrame) -> Answer:
    """Return which backends are wrong where, and how many cells did not run."""
    question = "Is it right?"
    is_answered = frame["outcome"] == "ok"
    judged = frame[is_answered & (frame["verdict"] != str(Verdict.NONE))]
    wrong = judged[judged["verdict"] == str(Verdict.WRONG)]
    further = _not_judged(frame)
    if judged.empty:
        return Answer(question, _joined("No answer was judged.", further), Tone.OPEN)
    if wrong.empty:
        tone = Tone.BAD if _failed(frame).any() else Tone.GOOD
        return Answer(question, _joined(_all_right(judged), further), tone)
    clauses = _listed(_wrong_on(backend, wrong, judged) for backend in wrong["backend"].unique())
    verb = "is" if len(wrong) == 1 else "are"
    sentence = f"No: {len(wrong)} of {counted(len(judged), 'answer')} {verb} wrong: {clauses}."
    return Answer(question, _joined(sentence, further), Tone.BAD)


def _all_right(judged: pd.DataFrame) -> str:
    """How many answers are right, and how many of them imprecise or unresolved."""
    unresolved = judged["verdict"] == str(Verdict.UNRESOLVED)
    imprecise = judged[judged["verdict"] == str(Verdict.IMPRECISE)]
    right = int((~unresolved).sum())
    backends = judged.loc[~unresolved, "backend"].nunique()
    sentence = f"Yes: {counted(right, 'answer')} of {counted(backends, 'backend')} are right"
    if right == 1:
        sentence = "Yes: the one answer is right"
    if unresolved.any():
        sentence += f", and {int(unresolved.sum())} could not be told (unresolved)"
    if len(imprecise):
        owners = _listed(imprecise["backend"].unique())
        sentence += f"; {len(imprecise)} of them have few right digits (imprecise), on {owners}"
    return f"{sentence}."


def _wrong_on(backend: str, wrong: pd.DataFrame, judged: pd.DataFrame) -> str:
    """Where a backend is wrong, and by how much at most."""
    cells = wrong[wrong["backend"] == backend]
    total = int((judged["backend"] == backend).sum())
    by_error = cells.sort_values("max_error_over_bound", ascending=False, na_position="last")
    worst = titled(by_error.head(1)).iloc[0]
    place = f"{worst['operator']} of {worst['title']} {worst['size']}"
    size = ""
    if not math.isnan(worst["max_error_over_bound"]):
        size = (
            f" (relative error {worst['relative_error']:.1e}, "
            f"{worst['max_error_over_bound']:.1e} times its bound)"
        )
    worst_of = "the worst " if len(cells) > 1 else ""
    return f"{backend} in {len(cells)} of {total}, {worst_of}{place}{size}"


def _not_judged(frame: pd.DataFrame) -> str:
    """How many cells did not run that should have, and on which backends."""
    failed = frame[_failed(frame)]
    if failed.empty:
        return ""
    cells = "1 cell" if len(failed) == 1 else f"{len(failed)} cells"
    counts = Counter(zip(failed["backend"], failed["outcome"], strict=True))
    clauses = _listed(
        f"{backend} {outcome.replace('_', ' ')} in {count}"
        for (backend, outcome), count in counts.items()
    )
    return f"{cells} did not run: {clauses}."


def _failed(frame: pd.DataFrame) -> pd.Series:
    return frame["outcome"].isin([str(outcome) for outcome in FAILURES])


# ---- what does a gradient cost?


def gradients(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of gradients in reverse mode whose cost ratio was measured.

    Those of an axis of growth and those that compare stagings alone are left out.
    """
    is_gradient = (frame["operator"] == "gradient") & (frame["mode"] == "reverse")
    is_timed = (frame["outcome"] == "ok") & frame["cost_ratio"].notna()
    is_ordinary = ~frame["swept"] & (frame["growth"] == "") & ~frame["stagings"]
    return frame[is_gradient & is_timed & is_ordinary]


def gradient_cost(frame: pd.DataFrame) -> Answer:
    """Return what a gradient costs on each backend, in times of its function."""
    question = "What does a gradient cost?"
    timed = gradients(frame)
    if timed.empty:
        return Answer(question, f"No gradient was timed: {measured_by('gradient')}", Tone.OPEN)
    by_backend = timed.groupby("backend", sort=False)["cost_ratio"]
    medians = by_backend.median().sort_values(kind="stable")
    parts = [
        f"{two_digits(ratio)} on {backend}"
        for backend, ratio in medians.head(NAMED_AT_MOST).items()
    ]
    sentence = f"In reverse mode so many times its function: {', '.join(parts)}"
    if len(medians) > NAMED_AT_MOST:
        dearest = medians.index[-1]
        sentence += f", and up to {two_digits(medians.iloc[-1])} on {dearest}"
    within = int((medians <= GRADIENT_BOUND).sum())
    sentence += (
        f" (medians over {counted(timed.groupby(['model', 'size']).ngroups, 'question')}); "
        f"{within} of {counted(len(medians), 'backend')} stay within {GRADIENT_BOUND}, what "
        "operation counts allow."
    )
    return Answer(question, sentence, Tone.PLAIN)


def measured_by(operator: str, model: str = "MODEL") -> str:
    """Return the clause that names the command which measures an operator."""
    return f"`adbench run {model} --operator {operator}` measures it."


# ---- which mode wins?


def winning_mode(frame: pd.DataFrame) -> Answer:
    """Return from which n / m on reverse mode wins on each backend."""
    question = "When does reverse mode win?"
    sweeps = [*islice(crossover.sweeps(frame), MOST_SWEEPS + 1)]
    is_cut = len(sweeps) > MOST_SWEEPS
    sweeps = sweeps[:MOST_SWEEPS]
    if not sweeps:
        sentence = f"No Jacobian was swept over n and m: {measured_by('jacobian', 'deep')}"
        return Answer(question, sentence, Tone.OPEN)
    boundaries = {
        _sweep_name(name, sweeps): crossover.measured_boundary(cells) for name, cells in sweeps
    }
    predicted = crossover.predicted_boundary(sweeps[0][1])
    always = [name for name, estimate in boundaries.items() if estimate.value == 0]
    never = [name for name, estimate in boundaries.items() if math.isinf(estimate.value)]
    clauses = [
        f"{sweep_claims.boundary(estimate)} with {name}"
        for name, estimate in sorted(boundaries.items(), key=lambda item: item[1].value)
        if name not in (*always, *never)
    ]
    sentence = ""
    if clauses:
        sentence = f"Reverse mode wins above {_listed(clauses)}"
    if always:
        sentence = sentence or "Reverse mode wins"
        sentence += f", at every n and m that was measured with {_listed(always)}"
    if never:
        forward = f"forward mode wins at every n and m that was measured with {_listed(never)}"
        sentence = f"{sentence}; {forward}" if sentence else f"{forward[0].upper()}{forward[1:]}"
    if not math.isnan(predicted):
        sentence += f". Operation counts put it at {sweep_claims.boundary(Estimate(predicted))}"
    if is_cut:
        sentence += f" (by the first {MOST_SWEEPS} sweeps of the run)"
    return Answer(question, f"{sentence}.", Tone.PLAIN)


def _sweep_name(
    name: tuple[str, str, str, str], sweeps: Sequence[tuple[tuple[str, str, str, str], object]]
) -> str:
    """The backend of a sweep, and what is swept where there is more than one."""
    model, dtype, _, backend = name
    subjects = {other[:3] for other, _ in sweeps}
    if len(subjects) == 1:
        return backend
    return f"{backend} ({model}, {dtype})"


# ---- when does compiling pay?


def compiling(frame: pd.DataFrame) -> Answer:
    """Return what a framework's fastest staging costs before it is ahead, and when it is."""
    question = "When does compiling pay?"
    compared = _compared(frame)
    if not compared:
        command = measured_by("gradient", "mlp")
        sentence = f"No framework was timed in several stagings: {command}"
        return Answer(question, sentence, Tone.OPEN)
    title, costs = compared[-1]
    clauses = [_pays(stagings) for stagings in _by_framework(costs)]
    return Answer(question, f"For the {title}: {'; '.join(clauses)}.", Tone.PLAIN)


def _by_framework(costs: Sequence[CallCosts]) -> Iterable[list[CallCosts]]:
    """The stagings of each framework that was timed in several."""
    for framework in dict.fromkeys(staging.framework for staging in costs):
        stagings = [staging for staging in costs if staging.framework == framework]
        if len(stagings) > 1:
            yield stagings


def _pays(stagings: Sequence[CallCosts]) -> str:
    """When the staging with the fastest calls is ahead of the one that starts fastest."""
    fastest = min(stagings, key=lambda staging: staging.steady_s)
    readiest = min(stagings, key=lambda staging: staging.start_s)
    if fastest is readiest:
        return f"{fastest.backend} both starts and runs fastest of {fastest.framework}'s stagings"
    crossing = break_even.break_even(fastest, readiest)
    start = f"{fastest.backend} takes {time(fastest.start_s)} to its first answer"
    if crossing is None:
        return f"{start}, and later calls are not told apart from those of {readiest.backend}"
    return f"{start} and is ahead of {readiest.backend} {break_even.in_words(crossing)}"


def _compared(frame: pd.DataFrame) -> list[tuple[str, list[CallCosts]]]:
    """The questions on which a framework was timed in several stagings, the largest last."""
    compared = [(title, costs) for title, costs in _questions(frame) if any(_by_framework(costs))]
    most = max((len(costs) for _, costs in compared), default=0)
    return [(title, costs) for title, costs in compared if len(costs) == most]


def _questions(frame: pd.DataFrame) -> Iterable[tuple[str, list[CallCosts]]]:
    """The questions on which backends were timed, in words, with what calls cost on each.

    Wrong answers have no costs here: nobody wants them at any price.
    """
    right = frame[frame["verdict"] != str(Verdict.WRONG)]
    for question in islice(break_even.compared_questions(right), MOST_QUESTIONS):
        row = titled(question.head(1)).iloc[0]
        title = f"{row['operator']} of {row['title']} {row['size']}"
        yield title, break_even.call_costs(question)


# ---- what to take?


def recommendation(frame: pd.DataFrame) -> Answer:
    """Return which of the backends that are right costs least in all, by the number of calls."""
    question = "What to take?"
    questions = [*_questions(frame)]
    if not questions:
        sentence = f"Nothing was timed that is right: {measured_by('gradient')}"
        return Answer(question, sentence, Tone.OPEN)
    most = max(len(costs) for _, costs in questions)
    fullest = [(title, costs) for title, costs in questions if len(costs) == most]
    ends = dict((fullest[0], fullest[-1]))
    clauses = [f"for the {title}: {_least(costs)}" for title, costs in ends.items()]
    sentence = "; ".join(clauses)
    wrong_on = frame.loc[frame["verdict"] == str(Verdict.WRONG), "backend"].unique()
    if len(wrong_on):
        sentence += f"; what is wrong is left out of this ({_listed(wrong_on)})"
    return Answer(question, f"{sentence[0].upper()}{sentence[1:]}.", Tone.PLAIN)


def _least(costs: Sequence[CallCosts]) -> str:
    """What costs least in all, by the number of calls."""
    leaders = break_even.cheapest(costs)
    first, _ = leaders[0]
    if len(costs) == 1:
        return f"{first.backend} is the only backend that was timed"
    if len(leaders) == 1:
        return f"{first.backend}, however many the calls"
    last, calls = leaders[-1]
    return f"{first.backend} for a few calls and {last.backend} from {calls:,} calls on"


# ---- words


def _listed(names: Iterable[str]) -> str:
    """Names with commas, and how many more there are than are named."""
    names = [*names]
    if len(names) <= NAMED_AT_MOST:
        return ", ".join(names)
    further = len(names) - NAMED_AT_MOST
    return f"{', '.join(names[:NAMED_AT_MOST])} and {further} more"


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
