"""Findings: what the checks have to say about one answer, and how they become the row's verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from adbench.judging.verdict import Judgement
from adbench.results.row import Row, Verdict


@dataclass(frozen=True)
class Finding:
    """What one check has found."""

    check: str
    """Its word in `failed_checks`; "" where it is not counted as failed."""

    message: str
    """What is wrong, in sentences."""

    is_proof: bool = True
    """Whether the answer is wrong by this alone. A remark is a flag where nothing proves the answer
    wrong."""

    judgement: Judgement | None = None
    """What was judged of a further call. The row takes its numbers, and nothing more is said, where
    it is the first to be wrong; where the answer was wrong before, the check is only counted."""

    comes_first: bool = False
    """Whether the message stands before what the row says already."""


def fold(row: Row, findings: Sequence[Finding]) -> Row:
    """Return the row with the findings in its verdict, its messages and its failed checks.

    They are taken one after the other.
    """
    if not findings:
        return row
    for finding in findings:
        row = _with_finding(row, finding)
    failed = [finding.check for finding in findings if finding.check]
    return replace(row, failed_checks="; ".join(failed))


def _with_finding(row: Row, finding: Finding) -> Row:
    was_wrong = row.verdict is Verdict.WRONG
    if finding.judgement is not None:
        if was_wrong:
            return row
        judged = replace(finding.judgement, message=finding.message)
        return replace(row, **asdict(judged))
    if not finding.is_proof and not was_wrong:
        return replace(row, flags=_joined("; ", row.flags, finding.message))
    if finding.comes_first:
        message = _joined(" ", finding.message, row.message)
    else:
        message = _joined(" ", row.message, finding.message)
    return replace(row, verdict=Verdict.WRONG, message=message)


def _joined(separator: str, *parts: str) -> str:
    return separator.join(part for part in parts if part)
