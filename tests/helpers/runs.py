"""A run of the whole harness on the fake backends, and the rows that came of it."""

from dataclasses import replace
from pathlib import Path

from adbench import registry
from adbench.backends.catalog import Entry
from adbench.cases import Operator
from adbench.planning import plan as planning
from adbench.planning.settings import QUICK, Settings
from adbench.results.row import Row
from adbench.running import runner
from adbench.timing.sampling import Sampling

FAKES = Path(__file__).parent / "fakes.py"
SAMPLING = Sampling(turns=2, rounds=1, most_s=0.01)
QUICK = replace(QUICK, sampling=SAMPLING)


def fake(name: str) -> Entry:
    return Entry(f"fake:{name}", f"{FAKES}:{name}")


def run(
    tmp_path,
    *entries,
    model="chain",
    operators=("value", "gradient", "jacobian"),
    timeout_s=60.0,
    watch=None,
):
    settings = Settings(effort=QUICK, timeout_s=timeout_s)
    plan = planning.make_plan(registry.find_models([model]), entries, settings, operators=operators)
    plan = replace(plan, groups=tuple(group for group in plan.groups if not group.swept))
    rows: list[Row] = []
    runner.run(plan, tmp_path / "logs", rows.append, watch or (lambda what: None))
    assert len(rows) == plan.total
    return rows


def only(rows, backend, operator=Operator.GRADIENT, mode="reverse"):
    (row,) = (r for r in rows if (r.backend, r.operator, r.mode) == (backend, operator, mode))
    return row


def others(rows, row):
    return [r for r in rows if r is not row]
