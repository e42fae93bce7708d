"""The door: whatever others wrote becomes one line of visible characters, and names stay apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adbench.backends.catalog import Entry
from adbench.cases import Case, Mode, Operator
from adbench.cases.messages import describe_exception
from adbench.cases.text import HIDDEN, LONGEST_NAME, LONGEST_TEXT, plain_name, plain_text
from adbench.results.row import Row

CASE = Case("mlp", "small", "float64", Operator.GRADIENT, 1, Mode.REVERSE)
ANY_CHARACTER = st.characters(exclude_categories=())
"""Lone surrogates too, as file names have them."""
ANY_TEXT = st.text(ANY_CHARACTER)


def is_plain(text):
    return HIDDEN.search(text) is None and text == text.encode().decode()


@given(ANY_TEXT)
def test_a_message_becomes_plain_and_stays_so(text):
    plain = plain_text(text)
    assert is_plain(plain) and len(plain) <= LONGEST_TEXT
    assert plain_text(plain) == plain


@given(ANY_TEXT)
def test_a_name_becomes_plain_and_stays_so(name):
    plain = plain_name(name)
    assert is_plain(plain) and len(plain) <= LONGEST_NAME
    assert plain_name(plain) == plain


@given(st.sets(st.text(ANY_CHARACTER | st.sampled_from("\x1b\0\n\u202e\udcff"), max_size=4)))
def test_names_that_differ_do_so_when_they_are_plain(names):
    assert len(set(map(plain_name, names))) == len(names)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("two\n  lines\tof it", "two lines of it"),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("caf\udce9.bin", r"caf\udce9.bin"),
        ("abc\u202edef\0", r"abc\u202edef\x00"),
        ("µs, 日本, 🦖, é", "µs, 日本, 🦖, é"),
    ],
)
def test_what_is_hidden_is_shown_as_python_writes_it(text, plain):
    assert plain_text(text) == plain


def test_a_message_of_megabytes_is_cut_before_it_is_read():
    plain = plain_text("\x1b[2J" * 5_000_000)
    assert len(plain) == LONGEST_TEXT
    assert plain.startswith(r"\x1b[2J\x1b[2J") and plain.endswith(" ...")


def test_long_names_with_one_beginning_stay_apart():
    left, right = plain_name("L" * 10_000), plain_name("L" * 10_001)
    assert left != right and len(left) == len(right) == LONGEST_NAME


def test_an_exception_whose_message_cannot_be_read_is_described_all_the_same():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError("str")

    words = "Mute: its message cannot be shown, which raises RuntimeError"
    assert describe_exception(Mute()) == words


def test_the_type_of_an_exception_is_cut_where_its_name_is_long():
    endless = type("E" * 10_000, (Exception,), {})
    assert describe_exception(endless("no")) == f"{'E' * 100}: no"


HOSTILE = "\x1b[31mred\u202e\0\udcff"


def test_no_row_holds_anything_else_wherever_it_comes_from():
    row = Row.begun(CASE, "torch:eager", message=HOSTILE, worst_entry=HOSTILE, route=HOSTILE)
    read = Row.from_json({**row.to_json(), "message": "\x1b", "model": "a\nb"})
    texts = [value for kept in (row, read) for value in vars(kept).values()]
    assert all(is_plain(text) for text in texts if isinstance(text, str))
    assert read.model.startswith(r"a\nb#")


def test_the_names_of_backends_are_plain():
    entry = Entry("mine\x1b:file", "mine.py:")
    assert entry.staging == "file" and is_plain(entry.framework)
