"""Two implementations of one function, judged against one truth: which one is wrong, and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adbench.cases.operators import Operator
from adbench.checking.call import check
from adbench.checking.report import Report
from adbench.functions.ports import Target, port_of
from adbench.reporting import failures
from adbench.results.row import Row, Verdict


@dataclass(frozen=True)
class PortReport:
    """What came of comparing two implementations. It is true where all is right and the same."""

    names: tuple[str, str]
    """What the two are called."""
    first: Report
    """The derivatives of the first, by its own forward."""
    second: Report
    """The derivatives of the second, by its own forward."""
    between: Report
    """The value and the derivatives of the second, by the forward of the first."""

    def __bool__(self) -> bool:
        return bool(self.first and self.second and self.between)

    def __str__(self) -> str:
        tables = [str(report) for report in self._reports if not report]
        return "\n\n".join([self.summary, *tables])

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.summary}>"

    @property
    def _reports(self) -> tuple[Report, ...]:
        return self.first, self.second, self.between

    @property
    def summary(self) -> str:
        """What is wrong, and in which entry; one sentence each."""
        sentences = [
            f"{name} has a wrong derivative, which is not that of its own forward: "
            f"{failures.sentence(wrong)}"
            for name, report in zip(self.names, (self.first, self.second), strict=True)
            if (wrong := _first_wrong(report)) is not None
        ]
        are_right = not sentences
        wrong = _first_wrong(self.between, of_values=True)
        if wrong is not None:
            sentences.append(f"They are not the same function: {self._difference(wrong)}")
        elif are_right and (wrong := _first_wrong(self.between)) is not None:
            sentences.append(
                "They have the same value here, and are not the same function: "
                f"{self._difference(wrong)}"
            )
        if not sentences and not self:
            sentences.append("Not all of it could be judged.")
        return " ".join(sentences) or (
            f"{self.names[0]} and {self.names[1]} are the same function, with right derivatives."
        )

    def _difference(self, row: Row) -> str:
        """What the two have where they differ most."""
        if not row.worst_entry:
            return failures.sentence(row)
        first, second = self.names
        return (
            f"{row.operator} {row.worst_entry} is {failures.number(row.worst_true)} in {first} and "
            f"{failures.number(row.worst_returned)} in {second}."
        )


def compare_functions(
    first: Callable[..., Any],
    second: Callable[..., Any],
    *arguments: Any,
    parameters: Mapping[str, Target] | None = None,
    frameworks: Sequence[str] | None = None,
    operators: Sequence[str] | str = (),
) -> PortReport:
    """Compare two implementations of one function, such as a model of PyTorch and its port to JAX.

    The derivatives of each are judged by the truth of its own forward, and the value and all
    derivatives of the second by the truth of the first's. Where the second differs, it is so told
    which of the two is wrong: one with derivatives that are not its own, or a port of another
    function.

    arguments: those of both functions, trees of arrays of NumPy or of any framework. Where the
        first is a module of PyTorch and the second is none, the second takes a tree of parameters
        first: nested dicts, by the names of the module's parameters split at their dots.
    parameters: what a parameter of the first is called in the second, where that differs:
        `{"0.weight": "dense.kernel"}`, or with the order of its axes `("dense.kernel", (1, 0))`.
    frameworks: those of the two, where they cannot be told: `("torch", "jax")`.
    operators: as in `check`.

    Raises SpecError where the two have not the same arguments.
    """
    port = port_of(first, second, arguments, parameters, frameworks)
    names = port.names
    own = [
        check(port.model(side, side, name), operators=operators)
        for side, name in zip((port.first, port.second), names, strict=True)
    ]
    both = port.model(port.first, port.second, f"{names[1]} by {names[0]}")
    return PortReport(names, own[0], own[1], check(both, operators=operators))


def _first_wrong(report: Report, *, of_values: bool = False) -> Row | None:
    """The row of a report that is wrong, if there is one; values say more than derivatives."""
    wrong = [row for row in report.rows if row.verdict is Verdict.WRONG]
    if of_values:
        wrong = [row for row in wrong if row.operator == Operator.VALUE]
    return next(iter(wrong), None)
