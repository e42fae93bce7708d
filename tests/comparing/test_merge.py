"""Shards joined to one run: all is as in a plain run, but for hosts and times."""

import json
import shutil

import pytest
from click.testing import CliRunner

from adbench.cli import main
from adbench.comparing.kept_plan import read_plan
from adbench.comparing.merge import merge
from adbench.results import frames
from adbench.results.exit_status import ExitStatus
from adbench.results.journal import read
from adbench.step_sweep import rows as step_rows

SHARDS = 8

MODELS = (
    "from adbench.cases import Model\n"
    "def square(xp, x):\n"
    "    return xp.sum(x * x)\n"
    "def sines(xp, x):\n"
    "    return xp.sin(x)\n"
    "def make(size, rng):\n"
    "    return (rng.normal(size=size['n']),)\n"
    "SIZES = {'small': {'n': 2}, 'large': {'n': 3}}\n"
    "square_model = Model(name='square', function=square, make=make, sizes=SIZES)\n"
    "sines_model = Model(name='sines', function=sines, make=make, sizes=SIZES)\n"
)

JUDGED = ["outcome", "verdict", "relative_error", "max_error_ulp", "failed_checks", "n_inputs"]


def call(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


def sentence_of(result):
    assert result.exit_code == ExitStatus.BAD_USAGE, result.output
    (line,) = result.stderr.splitlines()
    return line


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The folder of a plain run, `plain`, and of its shards, 1 to `SHARDS`."""
    folder = tmp_path_factory.mktemp("shards")
    (folder / "both.py").write_text(MODELS)
    command = ["run", folder / "both.py", "--backend", "reference", "--quick", "--quiet"]
    assert call(*command, "--out", folder / "plain").exit_code == 0
    for number in range(1, SHARDS + 1):
        shard = f"{number}/{SHARDS}"
        result = call(*command, "--shard", shard, "--out", folder / str(number))
        assert result.exit_code == 0, result.output
    return folder


def folders(runs, numbers=range(1, SHARDS + 1)):
    return [runs / str(number) for number in numbers]


@pytest.fixture(scope="module")
def merged(runs):
    result = call("merge", *reversed(folders(runs)), "--out", runs / "merged", "--quiet")
    assert result.exit_code == 0, result.output
    return runs / "merged"


def test_the_union_of_all_shards_is_the_plain_run(runs, merged):
    plain, union = (frames.load(folder) for folder in (runs / "plain", merged))
    cell = list(frames.CELL)
    assert union[cell].equals(plain[cell])  # in the same order, none lost and none doubled
    assert union[JUDGED].equals(plain[JUDGED])
    assert read_plan(merged).cells == read_plan(runs / "plain").cells
    assert set(union["host"]) == {json.loads((merged / "environment.json").read_text())["host"]}


def test_the_step_sweep_of_a_merged_run_is_that_of_the_plain_run(runs, merged):
    plain, union = (step_rows.load(folder) for folder in (runs / "plain", merged))
    key = list(plain.columns)
    assert (
        union.sort_values(key)
        .reset_index(drop=True)
        .equals(plain.sort_values(key).reset_index(drop=True))
    )


def test_a_comparison_is_in_one_shard_with_all_its_cells(runs):
    questions = [
        {(row.model, row.size, row.operator, row.order) for row in read(folder / "journal.jsonl")}
        for folder in folders(runs)
    ]
    assert sum(map(len, questions)) == len(set().union(*questions))


def test_a_merged_run_tells_which_hosts_had_which_shards(merged):
    environment = json.loads((merged / "environment.json").read_text())
    (host,) = environment["hosts"].values()
    assert host["shards"] == [f"{number}/{SHARDS}" for number in range(1, SHARDS + 1)]
    assert environment["cells"] == len(read_plan(merged).cells)


def test_a_merged_run_is_reported_like_any_other(merged):
    result = call("report", merged)
    assert result.exit_code == 0 and "missing" not in result.output
    assert (merged / "report.md").is_file()


def test_a_missing_shard_is_named_and_partial_joins_the_others(runs, tmp_path):
    some = folders(runs, [1, 2, 4, 5, 6, 7, 8])
    assert "1 of 8 shards are missing: 3/8" in sentence_of(call("merge", *some))
    result = call("merge", *some, "--partial", "--out", tmp_path / "out", "--quiet")
    assert result.exit_code == 0, result.output
    rows = list(read(tmp_path / "out" / "journal.jsonl"))
    whole = read_plan(runs / "plain").cells
    assert {row.cell for row in rows} < set(whole)


def test_a_shard_that_is_given_twice_is_refused(runs):
    given = [*folders(runs), runs / "2"]
    assert "2/8 was given twice" in sentence_of(call("merge", *given))


def test_a_whole_run_and_an_empty_folder_are_no_shards(runs, tmp_path):
    assert "its run is a whole one" in sentence_of(call("merge", runs / "plain", runs / "1"))
    assert "there is no plan.json" in sentence_of(call("merge", tmp_path, runs / "1"))


@pytest.mark.parametrize(
    ("change", "clause"),
    [
        (
            lambda plan: plan["versions"].update(adbench="9.9"),
            "adbench is 0.1.0 in the one and 9.9",
        ),
        (lambda plan: plan["part"].update(shard="2/9"), "one is 1/8 and the other 2/9"),
        (lambda plan: plan["selection"].update(seed=7), "asked with other options"),
        (lambda plan: plan["part"].update(whole="0"), "the whole plans have other cells"),
        (
            lambda plan: plan.update(files=dict.fromkeys(plan["files"], "0")),
            "both.py is another file in the one than in the other",
        ),
    ],
)
def test_shards_of_unlike_plans_or_versions_are_refused(runs, tmp_path, change, clause):
    shutil.copytree(runs / "2", tmp_path / "2")
    plan = json.loads((tmp_path / "2" / "plan.json").read_text())
    change(plan)
    (tmp_path / "2" / "plan.json").write_text(json.dumps(plan))
    sentence = sentence_of(call("merge", runs / "1", tmp_path / "2"))
    assert "do not belong together" in sentence and clause in sentence


def test_hosts_may_have_other_processors_and_paths(runs, tmp_path):
    moved = [tmp_path / str(number) for number in range(1, SHARDS + 1)]
    for source, target in zip(folders(runs), moved, strict=True):
        shutil.copytree(source, target)
    text = (tmp_path / "2" / "plan.json").read_text()
    plan = json.loads(text.replace(str(runs), "/elsewhere"))
    plan["versions"]["the processor"] = "another"
    (tmp_path / "2" / "plan.json").write_text(json.dumps(plan))
    folder = merge(moved, tmp_path / "merged")
    assert {row.cell for row in read(folder / "journal.jsonl")} == set(read_plan(folder).cells)


def test_a_stopped_shard_is_gone_on_with_as_the_part_that_it_is(runs, tmp_path):
    shutil.copytree(runs / "1", tmp_path / "1")
    before = read_plan(tmp_path / "1")
    journal = tmp_path / "1" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
    result = call("run", "--resume", tmp_path / "1", "--quiet")
    assert result.exit_code == 0, result.output
    assert {row.cell for row in read(journal)} == set(before.cells)
    assert read_plan(tmp_path / "1").part == before.part


def test_a_shard_with_nothing_to_do_says_so(runs, tmp_path):
    model = runs / "both.py"
    result = call(
        "run",
        model,
        "--backend",
        "reference",
        "--quick",
        "--shard",
        "90/90",
        "--out",
        tmp_path / "o",
    )
    assert result.exit_code == 0
    assert "The shard 90/90 has nothing to do: the whole plan has" in result.output


def test_shards_say_of_declared_failures_what_they_know_and_the_whole_says_all(runs, tmp_path):
    model = runs / "both.py"
    declaration = (
        '[[expected]]\nmodel = "{}"\nending = "wrong"\nreason = "r"\nlink = "https://e.org"\n'
    )
    known = tmp_path / "known.toml"
    known.write_text(declaration.format("square") + declaration.format("no_such_model"))
    command = ["run", model, "--backend", "reference", "--quick", "--quiet", "--expected", known]
    for number in (1, 2):
        out = tmp_path / str(number)
        assert call(*command, "--shard", f"{number}/2", "--out", out).exit_code == 0
        assert "expected" not in json.loads((out / "environment.json").read_text())
    for number in (1, 2):
        path = tmp_path / str(number) / "environment.json"
        environment = json.loads(path.read_text())
        environment |= {
            "expected": [f"said by {number}"],
            "known_issues": {"m": {str(number): "u"}},
        }
        path.write_text(json.dumps(environment))
    whole = merge([tmp_path / "1", tmp_path / "2"], tmp_path / "whole")
    environment = json.loads((whole / "environment.json").read_text())
    assert environment["expected"] == ["said by 1", "said by 2"]
    assert environment["known_issues"] == {"m": {"1": "u", "2": "u"}}
