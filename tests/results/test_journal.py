"""Journals as kills, full disks, editors and other versions leave them."""

import errno
import json
import warnings
from pathlib import Path
from typing import get_type_hints

import pytest

import adbench
from adbench.cases import Case, Mode, Operator
from adbench.results import frames
from adbench.results.journal import INTEGERS, Journal, read
from adbench.results.row import FAILURES, Outcome, Row, Verdict
from adbench.results.stored import Damage, DamagedResultsWarning, StoredResultsError

CASE = Case("mlp", "small", "float64", Operator.GRADIENT, 1, Mode.REVERSE)


def row(backend="torch:eager", **measured):
    return Row.begun(CASE, backend, **measured)


def line(**values):
    return json.dumps({**row(median_s=1.5).to_json(), **values}).encode() + b"\n"


def write(tmp_path, *lines):
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b"".join(lines))
    return path


WHOLE = line()


@pytest.mark.parametrize(
    "content",
    [
        [b"\xef\xbb\xbf" + WHOLE, WHOLE],
        [WHOLE, b"\n", b"  \r\n", WHOLE],
        [WHOLE[:-1] + b"\r\n", WHOLE[:-1] + b"\r\n"],
        [WHOLE, b"\0" * 300 + WHOLE],
        [WHOLE, WHOLE, b"\0" * 300],
        [WHOLE, WHOLE[:-1]],
        [WHOLE, WHOLE, WHOLE[:40]],
        [WHOLE[:-1], WHOLE],
        [line(median_s=float("nan")), line(median_s=float("inf"))],
        [WHOLE, WHOLE.replace(b"1.5", b"1e999")],
        [WHOLE, line(message="caf\udce9")],
        [WHOLE, line(new_in_9={"deep": [None, {"model": 3}]})],
    ],
    ids=[
        "a mark of UTF-8",
        "blank lines",
        "CRLF",
        "NULs before a row",
        "NULs at the end",
        "no end of the last line",
        "a torn last line",
        "two rows in one line",
        "bare NaN and Infinity",
        "a number out of range",
        "a lone surrogate",
        "a field of a later version",
    ],
)
def test_what_editors_kills_and_other_versions_leave_is_read_whole(tmp_path, content):
    path = write(tmp_path, *content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(read(path))) == 2
        assert len(adbench.load(path)) == 2


@pytest.mark.parametrize(
    "damaged",
    [
        WHOLE[:40] + b"\n",
        WHOLE[:40] + WHOLE,
        b"[1,2]\n",
        b"5\n",
        b"null\n",
        b"{}\n",
        b"[" * 100_000 + b"\n",
        b"\xff\xfe\n",
        line(median_s=[1]),
        line(median_s=None),
        line(median_s="fast"),
        line(order=10**30),
        line(outcome=5),
        json.dumps({k: v for k, v in row().to_json().items() if k != "outcome"}).encode() + b"\n",
        json.dumps({k: v for k, v in row().to_json().items() if k != "model"}).encode() + b"\n",
    ],
    ids=lambda damaged: damaged[:20].decode("utf-8", "replace"),
)
def test_damaged_lines_are_left_out_with_a_warning_that_counts_them(tmp_path, damaged):
    path = write(tmp_path, WHOLE, damaged, damaged, WHOLE)
    message = rf"^2 lines cannot be read and were left out, first of all line 2 of {path} \(.+\)\.$"
    whole = 2 + 2 * (damaged.count(WHOLE))
    with pytest.warns(DamagedResultsWarning, match=message):
        assert len(list(read(path))) == whole
    with pytest.warns(DamagedResultsWarning, match="^2 lines"):
        assert len(adbench.load(tmp_path)) == whole
    with pytest.raises(StoredResultsError, match=rf"line 2 of {path} \("):
        list(read(path, strict=True))
    with pytest.raises(ValueError, match="line 2"):
        adbench.load(path, strict=True)


def test_damage_can_be_counted_without_a_warning(tmp_path):
    path = write(tmp_path, WHOLE, b"5\n")
    damage = Damage(path)
    assert len(list(read(path, damage=damage))) == 1
    assert (damage.count, damage.first_line) == (1, 2)
    assert damage.sentence().startswith(f"1 line cannot be read and was left out: line 2 of {path}")


def test_a_journal_without_one_row_that_can_be_read_is_refused(tmp_path):
    path = write(tmp_path, b'{"model": 3}\n', b"5\n")
    for reader in (lambda: list(read(path)), lambda: adbench.load(path)):
        with pytest.raises(StoredResultsError, match=rf"No row can be read of line 1 of {path} \("):
            reader()


def test_outcomes_and_verdicts_of_a_later_version_are_kept_as_text(tmp_path):
    path = write(tmp_path, line(outcome="exploded", verdict="dubious"))
    (stored,) = read(path)
    assert stored.outcome == "exploded" and stored.verdict == "dubious"
    assert stored.outcome not in FAILURES
    assert stored.to_json()["outcome"] == "exploded"
    table = adbench.load(path)
    assert table["outcome"].tolist() == ["exploded"]
    assert table["verdict"].tolist() == ["dubious"]
    assert Outcome("ok") is Outcome.OK and Verdict("wrong") is Verdict.WRONG


def test_a_journal_that_is_gone_on_with_loses_its_torn_line_alone(tmp_path):
    path = write(tmp_path, WHOLE, WHOLE[:40])
    with Journal(path) as journal:
        journal.append(row(median_s=2.5))
    assert [stored.median_s for stored in read(path, strict=True)] == [1.5, 2.5]


def test_a_journal_that_is_gone_on_with_keeps_a_row_that_lacks_the_end_of_its_line(tmp_path):
    path = write(tmp_path, WHOLE, WHOLE[:-1])
    with Journal(path) as journal:
        journal.append(row(median_s=2.5))
    assert [stored.median_s for stored in read(path, strict=True)] == [1.5, 1.5, 2.5]


def test_a_torn_line_longer_than_is_looked_at_first_is_cut_off(tmp_path):
    path = write(tmp_path, WHOLE, b'{"model":"' + b"x" * 300_000)
    with Journal(path):
        pass
    assert path.read_bytes() == WHOLE


class FullDisk:
    """A file on a disk that takes some bytes and no more, until there is room again."""

    def __init__(self, file, room):
        self._file = file
        self.room = room

    def write(self, content):
        taken = content[: self.room]
        if not taken:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= len(taken)
        return self._file.write(taken)

    def __getattr__(self, name):
        return getattr(self._file, name)


def test_on_a_full_disk_no_part_of_a_row_is_left_and_rows_wait_for_room(tmp_path):
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.append(row(median_s=1.5))
        disk = FullDisk(journal._file, 100)
        journal._file = disk  # type: ignore[assignment]
        journal.append(row(median_s=2.5))
        journal.append(row(median_s=3.5))
        assert journal.unwritten == 2
        assert journal.failure is not None and journal.failure.errno == errno.ENOSPC
        assert [stored.median_s for stored in read(path, strict=True)] == [1.5]
        disk.room = 10**6
        journal.append(row(median_s=4.5))
        assert journal.unwritten == 0 and journal.failure is None
    assert [stored.median_s for stored in read(path, strict=True)] == [1.5, 2.5, 3.5, 4.5]


def test_a_later_field_of_the_frame_is_no_sample(tmp_path):
    path = write(tmp_path, line(samples_s=[1.0, "nan"], sample_rounds=[0, 1]))
    assert list(adbench.load(path).columns) == frames.COLUMNS


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("environment.json", b"{}", "holds no results; give the folder of a run, its journal"),
        ("results.parquet", b"", "cannot be read as PARQUET"),
        ("results.parquet", b"PAR1junk", "cannot be read as PARQUET"),
        ("results.csv", b"", "cannot be read as CSV"),
        ("results.csv", b"model,size\na,b\n", r"lacks \d+ columns, such as 'n_inputs'"),
        ("results.csv", b"model,size\na", "its last line is cut off"),
    ],
)
def test_what_is_no_results_is_refused_in_one_sentence(tmp_path, name, content, sentence):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(StoredResultsError, match=sentence) as refusal:
        adbench.load(path)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("cut", ["halved", "corrupted"])
def test_a_damaged_parquet_file_is_refused_in_one_sentence(tmp_path, cut):
    frames.write(frames.frame([row(median_s=1.5)] * 50), tmp_path)
    path = tmp_path / "results.parquet"
    content = path.read_bytes()
    damaged = content[: len(content) // 2]
    if cut == "corrupted":  # in the first page of data, which only its sum tells
        damaged = content[:40] + b"\xff" * 8 + content[48:]
    path.write_bytes(damaged)
    with pytest.raises(StoredResultsError, match=r"^\S+ cannot be read as PARQUET \(.*\)\.$"):
        adbench.load(path)


@pytest.mark.parametrize("name", ["outcome", "message"])
def test_a_frame_without_a_column_is_refused_since_nobody_knows_what_stood_there(tmp_path, name):
    table = frames.frame([row()]).drop(columns=name)
    frames.write(table, tmp_path)
    for file in (frames.PARQUET, frames.CSV):
        with pytest.raises(StoredResultsError, match=f"it lacks the column '{name}'"):
            adbench.load(tmp_path / file)


def test_columns_of_a_later_version_are_left_out_of_a_frame(tmp_path):
    frames.write(frames.frame([row()]).assign(new_in_9=1), tmp_path)
    for file in (frames.PARQUET, frames.CSV):
        assert list(adbench.load(tmp_path / file).columns) == frames.COLUMNS


@pytest.mark.parametrize("name", ["x" * 400, "nul\0"])
def test_a_path_that_the_system_does_not_take_holds_no_run(name):
    with pytest.raises(StoredResultsError, match="There is no run at "):
        adbench.load(Path(name))


def test_all_integers_of_a_row_are_known_to_its_reader():
    kinds = get_type_hints(Row)
    assert {name for name, kind in kinds.items() if kind in (int, int | None)} == set(INTEGERS)
