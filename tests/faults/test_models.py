"""Faulty model files: each is one sentence with a status of its own, and leaves nothing behind."""

from __future__ import annotations

import json
import re

import pytest
from zoo import models
from zoo.backends import fault
from zoo.command import NOT_PRINTED, miscounted

CASES = [
    pytest.param(
        faulty,
        id=f"{group}-{faulty.name}",
        marks=[] if faulty.is_fast else pytest.mark.slow,
    )
    for group, faults in models.GROUPS.items()
    for faulty in faults
]
FAST_NAMES = ("markup", "newline", "escape", "surrogate", "formula", "colon")
OPTIONS = ("--backend", "reference", "--operator", "gradient")


def check_ended_well(launcher, command, faulty):
    output = command.stdout + command.stderr
    assert command.status in faulty.statuses, output
    assert launcher.left_behind(command) == []
    assert NOT_PRINTED.search(output) is None, ascii(output)
    assert re.search(faulty.sentence, output), output
    if command.status == models.USAGE:
        assert models.one_sentence(command.stderr), command.stderr


@pytest.mark.timeout(300)
@pytest.mark.parametrize("faulty", CASES)
def test_a_faulty_model_file_ends_in_a_sentence(launcher, faulty):
    path = faulty.write(launcher.folder)
    command = launcher.run("check", path, *OPTIONS, "--timeout", 4, limit_s=100.0)
    check_ended_well(launcher, command, faulty)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", [models.named, models.sized])
@pytest.mark.parametrize("key", [key for key in models.NAMES if key not in FAST_NAMES])
def test_a_name_that_is_hard_to_print_works_or_is_refused(launcher, kind, key):
    check_name(launcher, kind(key))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("key", FAST_NAMES)
def test_a_name_that_is_hard_to_print_spoils_no_file(launcher, key):
    check_name(launcher, models.named(key))


def check_name(launcher, faulty):
    path = faulty.write(launcher.folder)
    command = launcher.run("run", path, *OPTIONS, "--quick", "--out", "out")
    check_ended_well(launcher, command, faulty)
    if command.status == models.USAGE:
        return
    assert miscounted(command.out) == []
    for name in ("report.md", "results.csv"):
        text = (command.out / name).read_text(encoding="utf-8")
        assert NOT_PRINTED.search(text) is None, ascii(text)
    report = (command.out / "report.md").read_text(encoding="utf-8")
    assert "<script>" not in report
    assert re.search(r"^[=+@]|,[=+@]", (command.out / "results.csv").read_text()) is None
    blocks = re.split(r"\n\s*\n", report)
    for block in blocks:
        lines = block.strip().splitlines()
        if len(lines) > 1 and re.fullmatch(r"[|: -]+", lines[1]):
            counts = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
            assert len(counts) == 1, block


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("key", models.NAMES)
@pytest.mark.parametrize("output_format", ["json", "junit", "github", "text"])
def test_what_is_hard_to_print_spoils_no_format(launcher, key, output_format):
    faulty = models.named(key)
    path = faulty.write(launcher.folder)
    bad = fault("controls", "raised", f"raise RuntimeError({models.NAMES[key]!a})")
    command = launcher.run(
        "check", path, "--operator", "gradient", "--format", output_format,
        "--backend", bad.write(launcher.folder),
        environment={"GITHUB_STEP_SUMMARY": launcher.folder / "summary.md"}.items(),
    )  # fmt: skip
    assert command.status in (models.USAGE, models.UNANSWERED), command.stderr
    assert launcher.left_behind(command) == []
    assert NOT_PRINTED.search(command.stdout) is None
    if command.status == models.USAGE:
        return
    if output_format == "json":
        json.loads(command.stdout)
    if output_format == "junit":
        from xml.etree import ElementTree

        ElementTree.fromstring(command.stdout)
    if output_format == "github":
        summary = (launcher.folder / "summary.md").read_text(encoding="utf-8")
        assert "<script>" not in summary and NOT_PRINTED.search(summary) is None
        commands = [line for line in command.stdout.splitlines() if line.startswith("::")]
        assert all(re.match(r"::(error|warning|notice)", line) for line in commands)


LATER_CALLS = {
    "hangs": "time.sleep(1e5)",
    "crashes": "os.abort()",
    "exits": "os._exit(0)",
    "raises": "raise ValueError('later')",
    "prints": "print('hello' * 1000)",
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "name",
    ["hangs", *(pytest.param(n, marks=pytest.mark.slow) for n in LATER_CALLS if n != "hangs")],
)
def test_what_the_step_sweep_meets_costs_no_rows_and_no_report(launcher, name):
    path = models.wrong_in("/step_sweep/", LATER_CALLS[name]).write(launcher.folder)
    command = launcher.run(
        "run", path, *OPTIONS, "--quick", "--timeout", 4, "--out", "out", limit_s=150.0
    )
    assert command.status in (0, 3), command.stdout + command.stderr
    assert launcher.left_behind(command) == []
    assert miscounted(command.out) == []
    for file in ("report.md", "results.parquet", "results.csv"):
        assert (command.out / file).exists()
    assert "hellohello" not in command.stdout


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", LATER_CALLS)
def test_differences_end_where_the_function_does_not(launcher, name):
    path = models.wrong_in("/step_sweep/", LATER_CALLS[name]).write(launcher.folder)
    command = launcher.run("differences", path, limit_s=250.0)
    assert command.status in (0, 2, 3), command.stdout + command.stderr
    assert launcher.left_behind(command) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_oracle_that_hangs_is_not_success_and_ends_at_its_limit(launcher):
    (faulty,) = (faulty for faulty in models.FIELDS if faulty.name == "oracle_hangs")
    path = faulty.write(launcher.folder)
    for arguments in (["check"], ["run", "--quick", "--out", "out"]):
        command = launcher.run(*arguments, path, *OPTIONS, "--timeout", 4, limit_s=100.0)
        assert command.status in faulty.statuses, command.stdout + command.stderr
        assert launcher.left_behind(command) == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "name", ["crashes", pytest.param("hangs", marks=pytest.mark.slow), "raises"]
)
@pytest.mark.parametrize(
    "words", [["check"], pytest.param(["run", "--quick", "--out", "out"], marks=pytest.mark.slow)]
)
def test_a_truth_that_was_not_computed_is_no_success(launcher, name, words):
    path = models.wrong_in("/truth/", LATER_CALLS[name]).write(launcher.folder)
    command = launcher.run(
        *words, path, *OPTIONS, "--backend", "reference:compiled", "--timeout", 4, limit_s=100.0
    )
    assert command.status == models.UNANSWERED, command.stdout + command.stderr
    assert launcher.left_behind(command) == []
