"""What a check looked at beside what it was asked, in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from adbench.checking.sifting import cell_of
from adbench.planning.group import Group
from adbench.planning.plan import Plan
from adbench.results.row import Row


def looked_at(plan: Plan, rows: Iterable[Row]) -> str:
    """Return at how many points hand-written functions were judged, and what beyond what was asked.

    It is "" where there are none. What was left out for its budget is named too.
    """
    if not any(group.beyond for group in plan.groups):
        return ""
    run = {cell_of(row) for row in rows}
    words: dict[str, bool] = {}
    for group in plan.groups:
        if group.beyond and not group.is_suggested:
            word = _in_a_word(group)
            is_run = any(cell_of(case) in run for case in group.cases)
            words[word] = words.get(word, True) and is_run
    points = 1 + plan.settings.points.further
    done = _listed(word for word, is_run in words.items() if is_run)
    left_out = _listed(word for word, is_run in words.items() if not is_run)
    judged = f"Hand-written functions were judged at {points} points and far from them"
    sentences = [f"{judged}, {done}." if done else f"{judged}.", _at_suggested_points(plan, run)]
    if left_out:
        sentences.append(
            f"Left out, at least in part: {left_out}; the {plan.settings.most_beyond_s:g} s for "
            "what was not asked were spent, and --budget gives more."
        )
    return " ".join(filter(None, sentences))


def _at_suggested_points(plan: Plan, run: set[tuple[object, ...]]) -> str:
    """At how many points that functions suggest they were judged, and of what kinds."""
    kinds: Counter[str] = Counter()
    left_out = 0
    points: set[str] = set()
    for group in plan.groups:
        # A point is asked more than one question where its value is judged too.
        point = group.source.model.name
        if not group.is_suggested or point in points:
            continue
        points.add(point)
        if any(cell_of(case) in run for case in group.cases):
            kinds[group.beyond] += 1
        else:
            left_out += 1
    if not kinds:
        return ""
    listed = _listed(f"{count} {kind}" if count > 1 else kind for kind, count in kinds.items())
    counted = "1 further point" if kinds.total() == 1 else f"{kinds.total()} further points"
    remaining = f"; {left_out} more were left out" if left_out else ""
    return f"They were judged at {counted}{remaining}: {listed}."


def _listed(words: Iterable[str]) -> str:
    """Some words as a list, such as "in float32, at size large and by y"."""
    *first, last = [*words] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def _in_a_word(group: Group) -> str:
    """What a group looks at, such as "in float32"."""
    if group.beyond == group.question.dtype:
        return f"in {group.beyond}"
    if group.beyond == f"size {group.question.size}":
        return f"at {group.beyond}"
    return f"by {group.beyond}"
