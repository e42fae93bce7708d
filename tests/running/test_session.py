"""A session opens, checks, samples and closes cells of models, with no process beside this one."""

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from fakes import Accumulating, Clobbering, Forgetful, Hungry, Raising, Stale, Wrong

from adbench.backends.reference import Tape
from adbench.cases import Case, Mode, Model, Operator
from adbench.planning.points import Points, drawing
from adbench.registry import load_model
from adbench.results.row import Outcome, Row, Verdict
from adbench.running import truths
from adbench.running.session import Session, Turn
from adbench.running.truths import Truths
from adbench.timing.sampling import FEWEST_SAMPLES, Sampling

POINTS = Points(seed=0, lowest_dtype="float64")
GRADIENT = Case("chain", "L=3,k=1", "float64", Operator.GRADIENT, 1, Mode.REVERSE)


@pytest.fixture(scope="module")
def chain():
    return load_model("entry:chain")


@pytest.fixture(scope="module")
def established(chain):
    return truths.establish(chain, GRADIENT, drawing(POINTS))


def open_cell(session, model, established, case=GRADIENT, **options):
    begun = Row.begun(case, "fake:fake", n_inputs=6, n_outputs=1, message=established.doubt)
    return session.open("cell", case, model, begun, established, **options)


def checked(backend, model, established, case=GRADIENT):
    with Session(backend, POINTS) as session:
        return open_cell(session, model, established, case, timed=False)


def test_a_cell_that_is_not_timed_ends_with_its_check(chain, established):
    row = checked(Tape(), chain, established)
    assert (row.outcome, row.verdict, row.message) == (Outcome.OK, Verdict.CORRECT, "")
    assert row.repeatable and row.failed_checks == ""
    assert row.first_s > 0 and row.prepare_s > 0
    assert row.samples == 0 and np.isnan(row.median_s)


def test_a_cell_is_opened_sampled_in_turns_and_closed_with_its_row(chain, established):
    sampling = Sampling(turns=3, rounds=2, precision=1e9)
    with Session(Tape(), POINTS) as session:
        assert open_cell(session, chain, established) is None
        assert session.sample(["cell"], sampling) == Turn({}, ("cell",))
        assert session.sample(["cell"], sampling) == Turn({}, ("cell",))
        turn = session.sample(["cell"], sampling)
    assert turn.unsettled == ()
    row = turn.ended["cell"]
    assert row.verdict is Verdict.CORRECT
    assert row.samples == len(row.samples_s) == len(row.primal_samples_s) == 6
    assert len(row.reference_samples_s) == 6 and row.reference_s > 0
    assert row.sample_rounds == (1, 2, 3, 4, 5, 6)
    assert row.ci_low_s <= row.median_s <= row.ci_high_s
    assert row.loops >= 1 and row.primal_s > 0
    assert row.work_s > sum(row.samples_s)


def test_a_cell_is_sampled_until_its_budget_is_spent_where_its_interval_stays_wide(
    chain, established
):
    sampling = Sampling(precision=0.0, most_s=0.2)
    with Session(Tape(), POINTS) as session:
        open_cell(session, chain, established)
        turns = 1
        while (turn := session.sample(["cell"], sampling)).unsettled:
            turns += 1
    row = turn.ended["cell"]
    assert turns > sampling.turns
    assert row.samples > sampling.turns * sampling.rounds
    assert "wide interval" in row.flags


def test_a_slow_cell_gets_the_samples_that_an_interval_needs_beyond_its_budget(chain, established):
    with Session(Tape(), POINTS) as session:
        open_cell(session, chain, established)
        while (turn := session.sample(["cell"], Sampling(precision=0.0, most_s=1e-4))).unsettled:
            pass
    row = turn.ended["cell"]
    assert 1 <= row.samples <= FEWEST_SAMPLES


def test_forward_and_reverse_are_sampled_in_the_same_rounds_and_compared(chain, established):
    class SlowForward(Tape):
        def gradient_forward(self, function, active, direction):
            for _ in range(4):
                answer = self.grad(function)(active)
            return answer

    forward = replace(GRADIENT, mode=Mode.FORWARD)
    with Session(SlowForward(), POINTS) as session:
        for key, case in (("forward", forward), ("reverse", GRADIENT)):
            begun = Row.begun(case, "fake:fake", n_inputs=6, n_outputs=1)
            assert session.open(key, case, chain, begun, established) is None
        turn = session.sample(["forward", "reverse"], Sampling(turns=1, rounds=20, precision=1e9))
    rows = [turn.ended["forward"], turn.ended["reverse"]]
    assert rows[0].sample_rounds == rows[1].sample_rounds
    assert np.isnan(rows[0].forward_ratio)
    assert rows[1].forward_ratio_low <= rows[1].forward_ratio <= rows[1].forward_ratio_high
    assert rows[1].forward_ratio_low > 1


@pytest.mark.parametrize(
    ("backend", "outcome", "message"),
    [
        (Raising, Outcome.RAISED, "RuntimeError: no rule for this operation"),
        (Hungry, Outcome.OUT_OF_MEMORY, "MemoryError: out of it"),
        (Forgetful, Outcome.UNSUPPORTED, "It has no vjp, which the mode reverse needs."),
    ],
)
def test_what_a_backend_raises_ends_in_the_row(chain, established, backend, outcome, message):
    row = checked(backend(), chain, established)
    assert (row.outcome, row.message, row.verdict) == (outcome, message, Verdict.NONE)


def test_a_message_that_is_no_text_is_written_with_escapes(chain, established):
    class Garbled(Tape):
        def gradient_reverse(self, function, active, direction):
            raise OSError("no file caf\udce9.bin")

    row = checked(Garbled(), chain, established)
    assert row.message == r"OSError: no file caf\udce9.bin"


def test_what_is_raised_while_sampling_ends_the_cell(chain, established):
    class Tiring(Tape):
        calls = 0

        def synchronize(self, answer):
            self.calls += 1
            if self.calls > limit:
                raise RuntimeError("tired")

    limit = np.inf
    with Session(Tiring(), POINTS) as session:
        assert open_cell(session, chain, established) is None
        limit = 0
        row = session.sample(["cell"], Sampling()).ended["cell"]
        assert (row.outcome, row.message) == (Outcome.RAISED, "RuntimeError: tired")
        assert row.verdict is Verdict.NONE
        with pytest.raises(KeyError):
            session.sample(["cell"], Sampling())


@pytest.mark.parametrize(
    ("backend", "failed_checks"),
    [
        (Tape, ""),
        (Wrong, "truth"),
        (Stale, "second point"),
        (Accumulating, "second call"),
        (Clobbering, "inputs"),
    ],
)
def test_a_wrong_answer_names_the_check_that_it_failed(chain, established, backend, failed_checks):
    row = checked(backend(), chain, established)
    assert failed_checks in row.failed_checks
    assert (row.verdict is Verdict.WRONG) is bool(failed_checks)


def test_without_a_second_truth_the_second_point_is_not_judged(chain, established):
    row = checked(Stale(), chain, Truths(established.first))
    assert row.verdict is Verdict.CORRECT


def test_without_a_truth_a_cell_is_left_unresolved_and_says_why(chain):
    row = checked(Tape(), chain, Truths(doubt="No truth could be computed: too hard."))
    assert row.outcome is Outcome.OK and row.verdict is Verdict.UNRESOLVED
    assert row.message == "No truth could be computed: too hard."


def test_a_dtype_that_the_backend_does_not_compute_in_is_unsupported(chain, established):
    case = Case("chain", "L=3,k=1", "bfloat16", Operator.GRADIENT, 1, Mode.REVERSE)

    class Double(Tape):
        dtypes = ("float64",)  # type: ignore[assignment]

    row = checked(Double(), chain, established, case)
    assert row.outcome is Outcome.UNSUPPORTED
    assert row.message == "It does not compute in bfloat16; it does in float64."


def test_models_of_one_name_are_evaluated_each_at_its_own_inputs():
    def model_of(power, scale):
        return Model(
            name="power",
            function=lambda xp, x: xp.sum(x**power),
            make=lambda size, rng: (scale * rng.standard_normal(3),),
            sizes={"3": {}},
        )

    case = Case("power", "3", "float64", Operator.VALUE, 0, Mode.NONE)
    with Session(Tape(), POINTS) as session:
        for model in (model_of(2, 1.0), model_of(3, 0.5)):
            established = truths.establish(model, case, drawing(POINTS))
            row = open_cell(session, model, established, case, timed=False)
            assert row.verdict is Verdict.CORRECT


def test_inputs_are_made_once_for_all_cells_of_a_subject(chain, established):
    sizes_made = []
    model = Model(
        name="counted",
        function=chain.function,
        make=lambda size, rng: (sizes_made.append(size), chain.make(size, rng))[1],
        sizes=chain.sizes,
        active=chain.active,
    )
    with Session(Tape(), POINTS) as session:
        open_cell(session, model, Truths(), timed=False)
        count = len(sizes_made)
        open_cell(session, model, Truths(), timed=False)
    assert len(sizes_made) == count


def test_the_backends_modes_hold_within_the_session_alone(chain, established):
    modes = {"precision": "single"}

    class Moded(Tape):
        @contextmanager
        def modes(self):
            modes["precision"] = "double"
            try:
                yield
            finally:
                modes["precision"] = "single"

        def synchronize(self, answer):
            assert modes["precision"] == "double"

    with pytest.raises(KeyboardInterrupt), Session(Moded(), POINTS) as session:
        row = open_cell(session, chain, established, timed=False)
        assert row.outcome is Outcome.OK
        raise KeyboardInterrupt
    assert modes["precision"] == "single"


def test_truths_come_back_from_their_file_as_they_went(tmp_path, established):
    path = truths.save(established, tmp_path / "truth")
    loaded = truths.load(path)
    assert loaded.doubt == established.doubt == ""
    for before, after in (
        (established.first, loaded.first),
        (established.further[0], loaded.further[0]),
    ):
        for array, loaded_array in zip(before.answer.arrays, after.answer.arrays, strict=True):
            assert array.tobytes() == loaded_array.tobytes()


def test_where_there_is_no_truth_no_file_is_written(tmp_path):
    path = truths.save(Truths(doubt="too hard"), tmp_path / "truth")
    assert path == "" and list(tmp_path.iterdir()) == []
    assert truths.load(path) == Truths()
