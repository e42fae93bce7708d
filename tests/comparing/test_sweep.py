"""A backend on which the lecture's claim does not hold, from its cells to the sentence."""

from runs import fake

from adbench import registry
from adbench.planning import plan as planning
from adbench.planning.settings import QUICK, Settings
from adbench.reporting import sweep_claims
from adbench.results import frames
from adbench.results.row import Verdict
from adbench.running import runner

SIZES = ("n=16,m=1", "n=256,m=1", "n=256,m=16", "n=1,m=256", "n=16,m=256")


def test_a_backend_whose_forward_mode_wins_everywhere_is_reported_to_break_the_claim(tmp_path):
    settings = Settings(effort=QUICK)
    plan = planning.make_plan(
        registry.find_models(["dense"]),
        [fake("DearReverse")],
        settings,
        operators=["jacobian"],
        sizes=SIZES,
    )
    rows = []
    runner.run(plan, tmp_path / "logs", rows.append)
    assert {row.verdict for row in rows} == {Verdict.CORRECT}
    (text,) = sweep_claims.sentences(frames.frame(rows))
    assert text.startswith(
        "fake:DearReverse: The claim did not hold: reverse mode won 0 of 3 cells with n >= 16 m"
    )
    assert "Forward mode won all 2 with m >= 16 n and m >= 256." in text
    assert "(forward is ahead at all); by operation counts n = 1 m" in text
