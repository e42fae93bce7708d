import json
import math
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adbench
from adbench.cases import Case, Mode, Operator
from adbench.results import frames
from adbench.results.journal import Journal, read
from adbench.results.row import SAMPLES, Outcome, Row, Verdict

CASE = Case("mlp", "small", "float64", Operator.GRADIENT, 1, Mode.REVERSE)


def rows():
    numbers = st.floats(allow_nan=True, allow_infinity=True)
    return st.builds(
        lambda **known: Row.begun(CASE, "torch:eager", **known),
        outcome=st.sampled_from(Outcome),
        verdict=st.sampled_from(Verdict),
        relative_error=numbers,
        median_s=numbers,
        n_inputs=st.none() | st.integers(0, 10**6),
        repeatable=st.none() | st.booleans(),
        message=st.text(),
        samples_s=st.lists(numbers, max_size=3).map(tuple),
    )


def same(left, right):
    return repr(asdict(left)) == repr(asdict(right))


@given(rows())
def test_a_row_comes_back_from_json_as_it_went(row):
    line = json.dumps(row.to_json(), allow_nan=False)
    assert same(Row.from_json(json.loads(line)), row)


@settings(deadline=None)  # each row is flushed to the disk
@given(st.lists(rows(), max_size=3))
def test_rows_come_back_from_a_journal_as_they_went(tmp_path_factory, written):
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    with Journal(path) as journal:
        for row in written:
            journal.append(row)
    assert [repr(asdict(row)) for row in read(path)] == [repr(asdict(row)) for row in written]


def test_a_journal_is_json_that_any_reader_takes_with_floats_it_cannot_write_as_strings(tmp_path):
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.append(
            Row.begun(CASE, "torch:eager", median_s=math.inf, samples_s=(-math.inf, 0.5))
        )

    def refused(constant):
        raise AssertionError(f"{constant} is no JSON")

    (line,) = path.read_text().splitlines()
    values = json.loads(line, parse_constant=refused)
    assert values["median_s"] == "inf"
    assert values["primal_s"] == "nan"
    assert values["samples_s"] == ["-inf", 0.5]


def test_numpy_scalars_are_written_as_the_numbers_they_are(tmp_path):
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.append(Row.begun(CASE, "torch:eager", median_s=np.float64(1.5)))
    assert [row.median_s for row in read(path)] == [1.5]


def test_the_journal_kept_for_readers_still_loads():
    example = Path(__file__).parents[2] / "reports" / "example" / "journal.jsonl"
    loaded = list(read(example))
    assert len(loaded) == len(example.read_text().splitlines())
    assert {type(row.outcome) for row in loaded} == {Outcome}
    assert all(isinstance(row.median_s, float) for row in loaded)
    values = [json.loads(line) for line in example.read_text().splitlines()]
    for row, written in zip(loaded, values, strict=True):
        read_again = row.to_json()
        assert {name: read_again[name] for name in written} == written


def test_fields_of_a_later_version_are_left_out():
    row = Row.begun(CASE, "torch:eager")
    assert same(Row.from_json({**row.to_json(), "new_in_9": 1}), row)


def test_fields_of_a_later_version_are_left_out_of_a_journal(tmp_path):
    path = tmp_path / "journal.jsonl"
    row = Row.begun(CASE, "torch:eager", median_s=1.5)
    path.write_text(json.dumps({**row.to_json(), "new_in_9": [1, {"deep": None}]}) + "\n")
    assert [read_row.median_s for read_row in read(path)] == [1.5]


def test_a_journal_that_was_cut_off_keeps_its_whole_lines(tmp_path):
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.append(Row.begun(CASE, "torch:eager", median_s=1.5))
        journal.append(Row.begun(CASE, "jax:jit", median_s=2.5))
    path.write_text(path.read_text() + '{"model": "ml')
    assert [row.median_s for row in read(path)] == [1.5, 2.5]


@settings(deadline=None)  # other tests may run beside it
@given(st.lists(rows(), max_size=4))
def test_a_frame_has_the_same_columns_and_dtypes_however_few_its_rows(some):
    table = frames.frame(some)
    assert list(table.columns) == [f.name for f in fields(Row) if f.name not in SAMPLES]
    assert table.dtypes.to_dict() == frames.frame([]).dtypes.to_dict()


@pytest.mark.parametrize("name", ["", "journal.jsonl", "results.parquet", "results.csv"])
def test_a_run_is_loaded_alike_from_its_folder_journal_parquet_and_csv(tmp_path, name):
    written = [
        Row.begun(
            CASE, "torch:eager", median_s=1.5, n_inputs=3, repeatable=True, verdict=Verdict.CORRECT
        ),
        Row.begun(
            CASE, "jax:jit", outcome=Outcome.CRASHED, message='was killed by "SIGSEGV", it says\nso'
        ),
    ]
    with Journal(tmp_path / "journal.jsonl") as journal:
        for row in written:
            journal.append(row)
    frames.write(frames.frame(written), tmp_path)
    loaded = adbench.load(tmp_path / name)
    pd.testing.assert_frame_equal(loaded, frames.frame(written))


def test_a_run_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no run at .*nowhere/journal.jsonl"):
        (tmp_path / "nowhere").mkdir()
        adbench.load(tmp_path / "nowhere")


def test_a_difference_between_modes_is_given_to_both():
    forward = Row.begun(Case("mlp", "s", "float64", Operator.GRADIENT, 1, Mode.FORWARD), "jax:jit")
    reverse = Row.begun(CASE, "jax:jit", error_vs_other_mode=1e-16)
    same_question = Row.begun(
        Case("mlp", "small", "float64", Operator.GRADIENT, 1, Mode.FORWARD), "jax:jit"
    )
    table = frames.frame([forward, same_question, reverse])
    assert math.isnan(table["error_vs_other_mode"][0])
    assert table["error_vs_other_mode"][1] == table["error_vs_other_mode"][2] == 1e-16
