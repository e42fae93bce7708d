"""Every code block of the README and of the documentation is run, or says why it is not."""

import shlex
import sys
from pathlib import Path

import click
import code_blocks
import pytest
from code_blocks import PAGES, ROOT, Runner, blocks, name_of
from sybil.example import SybilFailure

from adbench.cli import main

pages = pytest.mark.parametrize("page", PAGES, ids=name_of)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder in which the examples and the example run lie as in a checkout."""
    for name in ("examples", "models", "benchmarks"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "example").symlink_to(ROOT / "reports" / "example")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        path = getattr(sys.modules[name], "__file__", None)
        if path and Path(path).is_relative_to(tmp_path):
            del sys.modules[name]  # a page's own file, whose name another page may use too


@pages
@pytest.mark.timeout(900)
def test_the_blocks_of_a_page_run_and_print_what_is_shown(page, folder, subtests):
    reasons = {block.line: block.reason for block in blocks(page)}
    missing = []  # from the first block of a framework that is not there, names may be missing
    for example in code_blocks.parse(page, Runner(folder)):
        if reasons.get(example.line) or isinstance(example.parsed, tuple):
            continue
        with subtests.test(f"line {example.line}"):
            missing = missing or code_blocks.missing_frameworks(example.parsed)
            if missing:
                pytest.skip(f"{' and '.join(missing)} is not installed")
            example.evaluate()


@pages
def test_every_block_is_run_or_says_why_it_is_not(page):
    every = list(blocks(page))
    assert len(every) == code_blocks.count_of_fences(page), "a block has a language of its own"
    for block in every:
        if block.reason is not None:
            reason = block.reason.strip('"')
            assert len(reason.split()) > 1, f"{name_of(page)}:{block.line} says no reason"


def commands(page: Path) -> list[tuple[int, str]]:
    return [
        (block.line, line.removeprefix("$ ").strip())
        for block in blocks(page)
        if block.language in ("sh", "console")
        for line in block.source.splitlines()
        if line.removeprefix("$ ").lstrip().startswith(("adbench ", ".venv/bin/adbench "))
    ]


@pages
def test_the_commands_that_are_not_run_have_options_that_there_are(page):
    for line, command in commands(page):
        command = command.partition(" && ")[0].partition(" ; ")[0].partition("; ")[0]
        command = command.partition(" > ")[0].replace("<run>", "run")
        _, name, *arguments = shlex.split(command, comments=True)
        if name == "--help":
            continue
        context = click.Context(main, info_name="adbench")
        chosen = main.get_command(context, name)
        assert chosen is not None, f"{name_of(page)}:{line} has no command: {command}"
        try:
            chosen.make_parser(context).parse_args(list(arguments))
        except click.UsageError as error:
            pytest.fail(f"{name_of(page)}:{line}: {command}: {error.format_message()}")


def test_a_block_of_a_framework_that_is_not_installed_is_known(monkeypatch):
    monkeypatch.setattr(code_blocks, "find_spec", lambda name: None)
    assert code_blocks.missing_frameworks("import torch.nn") == ["torch"]
    assert code_blocks.missing_frameworks("adbench run mlp --backend jax:jit") == ["jax"]
    assert code_blocks.missing_frameworks("import numpy") == []


def test_what_is_printed_is_compared():
    assert code_blocks.difference("a ... c\n", "a b c\n") is None
    assert code_blocks.difference("a b\n", "a c\n") is not None


def test_a_block_that_fails_is_seen(tmp_path):
    page = tmp_path / "page.md"
    for source in (
        "```python\nraise ValueError\n```\n",
        "```python\nprint(1)\n```\n\n```text\n2\n```\n",
        "```sh\nfalse\ntrue\n```\n",
        "```console\n$ echo 1\n2\n```\n",
        "```console\n$ false\n```\n",
    ):
        page.write_text(source)
        with pytest.raises((ValueError, SybilFailure)):
            for example in code_blocks.parse(page, Runner(tmp_path)):
                example.evaluate()


def test_a_block_below_a_reason_alone_is_left_out(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        '<!-- skip: next "takes long" -->\n\n```sh\nfalse\n```\n\n```sh\ntrue\n```\n'
        '\n<!-- skip: start "elsewhere, too" -->\n\n```sh\n```\n\n```sh\n```\n'
        "\n<!-- skip: end -->\n\n```sh\n```\n"
    )
    reasons = [block.reason for block in blocks(page)]
    assert [reason is None for reason in reasons] == [False, True, False, False, True]
