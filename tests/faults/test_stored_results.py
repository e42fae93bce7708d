"""Stored results that are damaged: one error with file and line, or the rows that can be read."""

from __future__ import annotations

import random
import warnings

import pandas as pd
import pytest

import adbench
from adbench.cases import Operator
from adbench.cases.case import Case
from adbench.cases.operators import Mode
from adbench.results import frames
from adbench.results.journal import Journal
from adbench.results.row import Outcome, Row, Verdict

COUNT = 5


@pytest.fixture
def folder(tmp_path):
    """The folder of a run with a journal of a few rows, and its tables."""
    case = Case("f", "s", "float64", Operator.GRADIENT, 1, Mode.REVERSE)
    row = Row.begun(case, "reference:tape", outcome=Outcome.OK, verdict=Verdict.CORRECT)
    with Journal(tmp_path / "journal.jsonl") as journal:
        for number in range(COUNT):
            journal.append(Row.begun(case, f"b{number}:file", outcome=row.outcome))
    frames.write(adbench.load(tmp_path), tmp_path)
    return tmp_path


def spoil(old, new):
    """Exchange a part of the second line."""

    def change(lines):
        assert old in lines[1]
        return [lines[0], lines[1].replace(old, new, 1), *lines[2:]]

    return change


DAMAGE = {
    "torn last line": (lambda lines: [*lines[:-1], lines[-1][:50]], COUNT - 1),
    "torn line and newline": (lambda lines: [*lines[:-1], lines[-1][:50] + b"\n"], COUNT - 1),
    "torn middle": (lambda lines: [lines[0], lines[1][:50], *lines[2:]], COUNT - 1),
    "torn middle and newline": (lambda lines: [lines[0], lines[1][:50] + b"\n", *lines[2:]],
                                COUNT - 1),
    "two rows in one line": (lambda lines: [lines[0], lines[1].strip(), *lines[2:]], COUNT),
    "blank line": (lambda lines: [lines[0], b"\n", *lines[1:]], COUNT),
    "byte order mark": (lambda lines: [b"\xef\xbb\xbf", *lines], COUNT),
    "carriage returns": (lambda lines: [line.replace(b"\n", b"\r\n") for line in lines], COUNT),
    "nul tail": (lambda lines: [*lines, b"\0" * 4096], COUNT),
    "nul tail and newline": (lambda lines: [*lines, b"\0" * 4096 + b"\n"], COUNT),
    "binary line": (lambda lines: [lines[0], bytes(range(128, 256)) + b"\n", *lines[1:]], COUNT),
    "list": (lambda lines: [b"[1,2]\n", *lines], COUNT),
    "number": (lambda lines: [b"5\n", *lines], COUNT),
    "null": (lambda lines: [b"null\n", *lines], COUNT),
    "empty object": (lambda lines: [b"{}\n", *lines], COUNT),
    "text for a number": (spoil(b'"median_s":"nan"', b'"median_s":"fast"'), COUNT - 1),
    "null for a number": (spoil(b'"median_s":"nan"', b'"median_s":null'), COUNT - 1),
    "list for a number": (spoil(b'"median_s":"nan"', b'"median_s":[1]'), COUNT - 1),
    "huge integer": (spoil(b'"samples":0', b'"samples":1' + b"0" * 40), COUNT - 1),
    "surrogate": (spoil(b'"message":""', b'"message":"\\udce9"'), None),
    "deep": (lambda lines: [b"[" * 100_000 + b"\n", *lines], COUNT),
    "new column": (spoil(b'{"model"', b'{"colour":5,"model"'), COUNT),
    "unknown outcome": (spoil(b'"outcome":"ok"', b'"outcome":"exploded"'), COUNT),
    "unknown verdict": (spoil(b'"verdict":""', b'"verdict":"splendid"'), COUNT),
}  # fmt: skip
"""What was done to a journal, and how many of its rows are left; None for any number."""


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_journal_gives_the_rows_that_are_whole(folder, name):
    change, count = DAMAGE[name]
    journal = folder / "journal.jsonl"
    journal.write_bytes(b"".join(change(journal.read_bytes().splitlines(keepends=True))))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table = adbench.load(folder)
    assert count is None or len(table) == count
    if count is not None and count < COUNT and name != "torn last line":
        assert any("journal.jsonl" in str(warning.message) for warning in caught)
    if name.startswith("unknown"):
        words = set(table["outcome"]) | set(table["verdict"])
        assert words & {"exploded", "splendid"}


FILES = ("results.parquet", "results.csv", "environment.json", "nothing.parquet")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", ["halved", "empty", "junk", "one column", "folder"])
def test_a_damaged_table_is_one_error(folder, file, damage):
    path = folder / file
    if damage == "one column" and file.startswith("results"):
        table = pd.DataFrame({"model": ["f"]})
        table.to_parquet(path) if path.suffix == ".parquet" else table.to_csv(path, index=False)
    elif damage == "halved" and path.exists():
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif damage == "folder":
        path.unlink(missing_ok=True)
        path.mkdir()
    elif damage != "one column":
        path.write_bytes(b"" if damage == "empty" else b"\0\xff" * 100)
    else:
        path.write_text('{"model": 5}')
    if file == "results.csv" and damage == "halved":
        return  # half of a table of text may be a table
    with pytest.raises((ValueError, FileNotFoundError), match=path.name):
        adbench.load(path)


@pytest.mark.slow
def test_random_corruptions_of_a_table_are_errors_or_rows(folder):
    moments = random.Random(5)
    path = folder / "results.parquet"
    whole = path.read_bytes()
    for _ in range(60):
        data = bytearray(whole)
        place = moments.randrange(len(data) - 8)
        data[place : place + 8] = moments.randbytes(8)
        path.write_bytes(data)
        try:
            adbench.load(path)
        except ValueError as error:
            message = str(error)
        else:
            continue
        assert path.name in message


@pytest.mark.slow
def test_random_corruptions_of_a_journal_leave_the_other_rows(folder):
    moments = random.Random(6)
    path = folder / "journal.jsonl"
    whole = path.read_bytes()
    for _ in range(60):
        data = bytearray(whole)
        place = moments.randrange(len(data) - 8)
        data[place : place + 8] = moments.randbytes(8)
        path.write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert len(adbench.load(folder)) >= COUNT - 3
