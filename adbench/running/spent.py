"""Where the time of a run went."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Spent:
    """The time of a run so far, by what it went into (s)."""

    wall_s: float = 0.0
    """From the first start of a worker to the last row."""
    start_s: float = 0.0
    """Waiting for workers to start and to import their frameworks."""
    truth_s: float = 0.0
    """Waiting for truths, with what is known of their questions."""
    work_s: float = 0.0
    """Frameworks at work: prepared and compiled, called, and sampled."""

    @property
    def harness_s(self) -> float:
        """What is left: judging, messages, writing."""
        return max(self.wall_s - self.start_s - self.truth_s - self.work_s, 0.0)

    def plus(self, earlier: Spent) -> Spent:
        """Return the time of this part of a run and of an earlier one together."""
        return Spent(
            wall_s=self.wall_s + earlier.wall_s,
            start_s=self.start_s + earlier.start_s,
            truth_s=self.truth_s + earlier.truth_s,
            work_s=self.work_s + earlier.work_s,
        )

    def describe(self) -> dict[str, float]:
        """Return all of it by name, in seconds to the millisecond."""
        names = ("wall_s", "start_s", "truth_s", "work_s", "harness_s")
        return {name: round(getattr(self, name), 3) for name in names}

    def sentence(self) -> str:
        """Say in a sentence where the time went."""
        if not self.wall_s:
            return "Nothing was run."
        share = self.harness_s / self.wall_s
        return (
            f"The run took {self.wall_s:.0f} s: {self.work_s:.0f} s of measured work (compilation, "
            f"calls and samples), {self.truth_s:.0f} s of truths, {self.start_s:.0f} s of starting "
            f"and importing frameworks, and {self.harness_s:.0f} s of harness ({share:.0%})."
        )
