"""Values of options and arguments: taken, or refused in one sentence with status 2."""

import pytest
from click.testing import CliRunner

import adbench
from adbench.cases import SpecError
from adbench.cli import main
from adbench.planning.settings import CHECK
from adbench.running.selection import Selection


def call(*arguments):
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


@pytest.mark.parametrize("command", ["run", "check", "selftest"])
@pytest.mark.parametrize("value", ["inf", "nan", "1e300", "-1", "0", "1e7", "soon", ""])
def test_a_time_limit_that_cannot_be_waited_for_is_refused(command, value):
    result = call(command, "--timeout", value)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line == (
        f"adbench: Invalid value for '--timeout': {value!r} was given; give a number of seconds "
        "above 0, and of at most 2000000 (23 days). "
        f"`{main.name} {command} --help` lists what can be given."
    )


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("--precision", ["nan", "inf", "0", "-1", "1e300", "x"]),
        ("--resolution", ["nan", "inf", "0", "-1", "2"]),
        ("--budget", ["nan", "inf", "-1", "1e300"]),
        ("--accuracy", ["nan", "inf", "-1", "1"]),
        ("--threads", ["0", "-1", "1.5", "nan", "1" * 30, "1" * 10_000]),
        ("--seed", ["-1", "1.5", "nan", "1" * 30]),
        ("--order", ["0", "-1", "1.5", "1000000000"]),
    ],
)
def test_a_number_out_of_range_is_refused_in_one_sentence(option, values):
    for value in values:
        result = call("check", "tanh", option, value)
        assert result.exit_code == 2, value
        (line,) = result.stderr.splitlines()
        assert line.startswith(f"adbench: Invalid value for '{option}': ") and "give a" in line
        assert len(line) < 300


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["chekc"], "There is no command 'chekc'; did you mean 'check'?"),
        (["check", "--tiemout", "3"], "--timeout"),
        (["check", "--format", "jason"], "'jason' is not one of 'text', 'json', 'junit', 'github'"),
        (["check", "x" * 100_000], "There is no model 'xxx"),
        (["check", "\x1b[2J"], r"There is no model '\\x1b[2J"),
    ],
)
def test_an_unknown_name_is_answered_with_what_is_near(arguments, hint):
    result = call(*arguments)
    assert result.exit_code == 2
    assert hint in result.stderr
    assert len(result.stderr.splitlines()) == 1 and len(result.stderr) < 1000


def test_what_is_named_twice_counts_once():
    once = Selection(models=["chain"], backends=["reference"], dtypes=["float64"]).plan(CHECK)
    (size, *_) = {group.question.size for group in once.groups}
    twice = Selection(
        models=["chain", "chain"],
        backends=["reference", "reference:tape"],
        operators=["gradient", "gradient"],
        sizes=[size, size],
        dtypes=["float64", "float64"],
    ).plan(CHECK)
    cells = [
        (str(case), entry.name) for group in twice.groups for case, entry in twice.cells(group)
    ]
    assert cells and len(cells) == len(set(cells))


def test_a_path_that_is_no_unicode_is_refused_in_one_sentence(tmp_path):
    file = tmp_path / "caf\udce9.py"
    file.write_text("from adbench.backends.reference import Tape\nclass Mine(Tape): pass\n")
    result = call("check", "tanh", "--backend", str(file))
    assert result.exit_code == 2
    assert r"caf\udce9.py" in result.stderr and "rename the file or" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def square(xp, x):
    return x * x


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"seed": "x"}, r"check was given seed='x'; give an integer"),
        ({"seed": True}, r"check was given seed=True; give an integer"),
        ({"order": 0}, r"check was given order=0; give an integer of at least 1"),
        ({"resolution": float("nan")}, r"check was given resolution=nan; give a fraction above 0"),
        ({"budget_s": -1}, r"check was given budget_s=-1; give a number of seconds"),
        ({"accuracy": 1}, r"check was given accuracy=1; give a relative error"),
        ({"active": 1.5}, r"check was given active=1.5; give the position of an argument"),
        ({"operators": [1]}, r"check was given operators of type int; give names\."),
        ({"sizes": 5}, r"check was given sizes of type int; give names\."),
        ({"dtypes": [float]}, r"check was given dtypes of type type; give names\."),
        ({"backend": 5}, r"check was given backend of type int; give names\."),
    ],
)
def test_a_call_from_python_is_refused_by_one_kind_of_exception(options, sentence):
    with pytest.raises(SpecError, match=sentence):
        adbench.check(square, 1.0, **options)
    assert adbench.SpecError is SpecError


@pytest.mark.parametrize("resolution", [float("nan"), 0, -1, "5%", None])
def test_runs_are_compared_with_a_resolution_that_is_a_fraction(tmp_path, resolution):
    with pytest.raises(SpecError, match=r"compare_runs was given resolution=.*; give a fraction"):
        adbench.compare_runs(tmp_path, tmp_path, resolution)
