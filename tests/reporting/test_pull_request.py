"""The report in Markdown: the answer first, what is wrong open, the rest folded."""

from synthetic import EXAMPLE, HOSTILE, hostile_cells, many_cells

from adbench.comparing.report import make_report
from adbench.reporting import pull_request
from adbench.reporting.answer import Answer, Tone
from adbench.reporting.table import Table
from adbench.results import frames
from adbench.step_sweep import rows as step_rows

GITHUBS_LIMIT = 65_536


def markdown(frame, changes=()):
    return make_report(frame, step_rows.load(EXAMPLE)).to_markdown({"cpu": "some"}, changes)


def test_the_answers_stand_before_all_tables():
    text = markdown(frames.load(EXAMPLE))
    for question in ("Is it right?", "What does a gradient cost?", "What to take?"):
        assert text.index(f"- **{question}**") < text.index("<details>")


def test_long_tables_are_folded_and_closed_again():
    text = markdown(frames.load(EXAMPLE))
    assert text.count("<details>") == text.count("</details>") > 5
    assert "<summary>Is it right? (" in text


def test_what_is_wrong_is_open():
    table = Table("What did not go well", "", ("backend", "message"), 2, (("a:x", "wrong"),))
    text = pull_request.report((), (), (table,), (), {})
    assert text.index("## What did not go well") < text.index("<details>")


def test_what_changed_stands_behind_the_answers():
    answers = [Answer("Right?", "Yes.", Tone.GOOD)]
    text = pull_request.report(answers, (), (), (), {}, ["1 cell is slower."])
    assert "- **Right?** ✓ Yes." in text
    assert text.index("## What changed") > text.index("Right?")
    assert "- 1 cell is slower." in text


def test_a_report_of_many_cells_fits_into_a_comment_and_says_what_is_left_out():
    text = markdown(many_cells(3_000))
    assert len(text) < GITHUBS_LIMIT
    assert "Left out for their length: " in text


def test_hostile_names_are_text():
    text = markdown(hostile_cells())
    assert "<script" not in text
    assert "<img" not in text
    assert "<style" not in text
    assert "](javascript" not in text
    assert "\x1b" not in text
    assert any("&lt;script>" in line for line in text.splitlines())
    assert len(HOSTILE) > 5
