"""What holds for a whole run: how much it measures, and with what."""

from __future__ import annotations

from dataclasses import dataclass, replace

from adbench.cases.case import DTYPES
from adbench.planning.points import Points
from adbench.timing.sampling import Sampling


@dataclass(frozen=True)
class Preset:
    """How much a run measures."""

    name: str
    """What the environment of a run calls it."""
    sizes: int
    """How many of a model's sizes are measured, from the smallest."""
    sweep_thinning: int
    """k to keep every k-th value of a sweep's parameters, 0 to leave the sweep out. Where fewer
    than `FEWEST_SWEPT` values would be left, the sweep is one for a fuller run."""
    swept_to: int
    """The largest n and m of a sweep."""
    swept_entries: int
    """The most entries of a Jacobian of a sweep: its truth takes some 10 us an entry."""
    growth_thinning: int
    """k to keep every k-th size of each axis of a model's growth, 0 to leave growth out."""
    passes: int
    """Cases whose mode needs more passes through the function than this are left out."""
    all_modes: bool
    """Whether `EXTRA_MODES` are asked for as well."""
    sampling: Sampling | None
    """How much each cell is sampled; None where cells are checked and not timed."""
    timeout_s: float = 60.0
    """The limit of a cell (s) unless another is given."""
    points: int = 1
    """At how many further points answers are judged."""
    budget_s: float = 0.0
    """How long (s) a hand-written function is looked at beyond what was asked: in another dtype, at
    larger sizes, by other arguments."""
    all_orders: bool = False
    """Whether derivatives of order 3 and more are asked at every size, not only at the first, and
    of a backend beyond the orders that it answers within seconds; and sweeps of those that are slow
    in them."""

    @property
    def compares_stagings(self) -> bool:
        """Whether models have all stagings compared, each of which starts a framework anew."""
        return self.timed and self.sizes > 1

    @property
    def timed(self) -> bool:
        """Whether cells are timed, not only checked."""
        return self.sampling is not None


CHECK = Preset(
    "check",
    sizes=2,
    sweep_thinning=0,
    growth_thinning=0,
    swept_to=0,
    swept_entries=0,
    passes=256,
    all_modes=False,
    sampling=None,
    points=3,
    budget_s=20.0,
)
QUICK = Preset(
    "quick",
    sizes=1,
    sweep_thinning=3,
    growth_thinning=6,
    swept_to=1024,
    swept_entries=1 << 16,
    passes=64,
    all_modes=False,
    sampling=Sampling(precision=0.2, turns=2, most_s=0.15),
)
DEFAULT = Preset(
    "customary",
    sizes=2,
    sweep_thinning=2,
    growth_thinning=3,
    swept_to=1024,
    swept_entries=1 << 16,
    passes=256,
    all_modes=False,
    sampling=Sampling(most_s=0.4),
)
FULL = Preset(
    "full",
    sizes=99,
    sweep_thinning=1,
    growth_thinning=1,
    swept_to=4096,
    swept_entries=1 << 20,
    passes=1024,
    all_modes=True,
    sampling=Sampling(precision=0.05, equality=0.02, turns=6, most_s=10.0),
    timeout_s=600.0,
    all_orders=True,
)
ADVISE = Preset(
    "advise",
    sizes=3,
    sweep_thinning=0,
    growth_thinning=0,
    swept_to=0,
    swept_entries=0,
    passes=256,
    all_modes=False,
    sampling=Sampling(most_s=0.4),
)
"""What advice on a function is measured with."""
PRESETS = {"quick": QUICK, "default": DEFAULT, "full": FULL}
"""The presets of a run, by the names that users give; a check has its own."""


@dataclass(frozen=True)
class Settings:
    """What holds for a whole run."""

    effort: Preset = DEFAULT
    """How much is measured."""
    threads: int = 1
    """How many threads each worker may use."""
    timeout_s: float = DEFAULT.timeout_s
    """The time that each cell may take (s)."""
    seed: int = 0
    """The seed of the models' inputs."""
    lowest_dtype: str = DTYPES[0]
    """The lowest dtype of the run, in which the inputs are representable."""
    order: int | None = None
    """The highest order of derivatives that is asked; None: of a hand-written function the first,
    of a specification all."""
    resolution: float | None = None
    """The relative error that a check must be able to see; None for what the judge asks."""
    specification: bool = False
    """Whether a specification is asked like any other beside a hand-written function."""

    precision: float | None = None
    """The width of an interval, as a fraction of its median, that is narrow enough; None for what
    the preset says."""
    are_dtypes_free: bool = False
    """Whether no dtype was named, so that a hand-written function may be judged in another than is
    customary."""
    budget_s: float | None = None
    """How long (s) a function is looked at beyond what was asked; None for what the preset says. At
    0 it is judged at the point that is asked for alone."""
    memory_bytes: int = 0
    """The most memory that a worker may take (bytes); 0 for what the machine suggests."""

    @property
    def points(self) -> Points:
        """The points at which the models are evaluated."""
        further = 0 if self.budget_s == 0 else self.effort.points
        far = not self.effort.timed and further > 0
        return Points(self.seed, self.lowest_dtype, further, far=far)

    @property
    def thins_orders(self) -> bool:
        """Whether some orders of derivatives are left out between those that are asked."""
        return self.effort.timed and not self.effort.all_orders and self.order is None

    @property
    def sampling(self) -> Sampling:
        """How much each cell is sampled, in a run that times its cells."""
        sampling = self.effort.sampling or Sampling()
        if self.precision is None:
            return sampling
        return replace(sampling, precision=self.precision)

    @property
    def most_beyond_s(self) -> float:
        """How long (s) a hand-written function is looked at beyond what was asked."""
        return self.effort.budget_s if self.budget_s is None else self.budget_s
