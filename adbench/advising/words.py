"""Advice in sentences, each with its numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from adbench.advising.advice import Advice, Advised, Candidate, Crossing
from adbench.reporting.break_even import in_words
from adbench.reporting.crossover import Winner, winner
from adbench.reporting.units import time, two_digits
from adbench.timing.stats import Estimate

MOSTLY = 0.5
"""A share of a call above this is most of it."""


@dataclass(frozen=True)
class Paragraph:
    """What is said of one question."""

    title: str
    """The question, such as `gradient of mlp at 8-16-1x8`."""
    sentences: tuple[str, ...]
    """The advice, a sentence for each thing that it says."""


def paragraphs(advised: Advised) -> list[Paragraph]:
    """Return all advice, question by question, and at the end where the fastest changes."""
    spoken = [Paragraph(_title(advice), tuple(_advice(advice))) for advice in advised.questions]
    for crossing in advised.crossings:
        title = f"{crossing.operator} of {crossing.model}"
        spoken.append(Paragraph(title, (_crossing(crossing),)))
    return spoken


def sentences(advised: Advised) -> list[str]:
    """Return all advice in sentences that stand for themselves; none where there is no advice."""
    return [
        f"{paragraph.title}: {sentence}"
        for paragraph in paragraphs(advised)
        for sentence in paragraph.sentences
    ]


def _title(advice: Advice) -> str:
    size = f"n = {advice.n}, m = {advice.m}, {advice.dtype}"
    return f"{advice.operator} of {advice.model} at {advice.size} ({size})"


def _advice(advice: Advice) -> Iterator[str]:
    yield f"use {advice.best.name}, {_call(advice.best)} a call."
    if advice.equal:
        names = ", ".join(f"{other.name} ({_call(other)})" for other in advice.equal)
        yield f"equal to it, since the intervals overlap: {names}."
    if advice.runner_up is not None and advice.slower_by is not None:
        yield f"the next, {advice.runner_up.name}, takes {_ratio(advice.slower_by)} times as long."
    yield from _mode(advice)
    yield from _calls(advice)
    yield from _reason(advice)
    yield from _memory(advice)
    if advice.left_out:
        yield f"no candidates are {', '.join(advice.left_out)}."


def _mode(advice: Advice) -> Iterator[str]:
    ratio = advice.forward_ratio
    if ratio is None:
        return
    backend = advice.best.backend
    match winner(ratio.low, ratio.high):
        case Winner.REVERSE:
            outcome = f"forward mode takes {_ratio(ratio)} times as long as reverse mode"
        case Winner.FORWARD:
            inverse = Estimate(1 / ratio.median, 1 / ratio.high, 1 / ratio.low)
            outcome = f"reverse mode takes {_ratio(inverse)} times as long as forward mode"
        case Winner.EQUAL:
            outcome = f"both modes are equal (forward / reverse {_ratio(ratio)})"
        case _:
            outcome = f"it is not told which mode is faster (forward / reverse {_ratio(ratio)})"
    yield f"on {backend} {outcome}."


def _calls(advice: Advice) -> Iterator[str]:
    best, at_once = advice.best, advice.at_once
    start = f"{time(best.prepare_s)} to prepare and {time(best.first_s)} for the first call"
    if at_once == best:
        yield f"it costs least in all from the first call on ({start})."
        return
    single = f"a single call costs least on {at_once.name}, {time(at_once.costs.start_s)} in all"
    if advice.pays_from is None or math.isinf(advice.pays_from.calls):
        yield f"{single}, and it is not told from when on the fastest pays ({start})."
    else:
        pays = in_words(advice.pays_from)
        yield f"{single}; {best.name} pays {pays}, since it takes {start}."


def _reason(advice: Advice) -> Iterator[str]:
    work = advice.work
    if work is None:
        return
    share = work.overhead_s / advice.best.call.median
    of_passes = "a pass" if work.passes == 1 else f"each of {work.passes} passes"
    kind = "the overhead of a call decides" if share > MOSTLY else "the work decides"
    yield (
        f"{kind}: {time(work.overhead_s)} of {time(advice.best.call.median)} are overhead "
        f"({min(share, 1.0):.0%}), and {of_passes} through the function adds "
        f"{time(work.per_pass_s)}."
    )


def _memory(advice: Advice) -> Iterator[str]:
    lightest, best = advice.lightest, advice.best
    if lightest is None:
        return
    if lightest == best:
        yield f"it also holds the least memory, {_bytes(best)}."
    elif best.peak_bytes is not None:
        yield (
            f"the least memory is held by {lightest.name}, {_bytes(lightest)}; "
            f"{best.name} holds {_bytes(best)}."
        )


def _crossing(crossing: Crossing) -> str:
    where = crossing.operations
    return (
        f"{crossing.before.name} is the fastest at "
        f"{crossing.smaller}, {crossing.after.name} at {crossing.larger}; they cross at some "
        f"{_count(where.median)} operations of the function [{_count(where.low)}, "
        f"{_count(where.high)}]."
    )


def _call(candidate: Candidate) -> str:
    call = candidate.call
    return f"{time(call.median)} [{time(call.low)}, {time(call.high)}]"


def _ratio(ratio: Estimate) -> str:
    return f"{two_digits(ratio.median)} [{two_digits(ratio.low)}, {two_digits(ratio.high)}]"


def _bytes(candidate: Candidate) -> str:
    return f"{candidate.peak_bytes:,} bytes (by {candidate.memory_method})"


def _count(operations: float) -> str:
    return f"{float(f'{operations:.2g}'):,.0f}"
