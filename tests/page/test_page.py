"""The page of a run: what it says, how large it is, and that a run's texts stay texts."""

import re
import time
from html.parser import HTMLParser

import pytest
from sweeps import swept
from synthetic import EXAMPLE, hostile_cells, many_cells, page_run

from adbench.advising.words import Paragraph
from adbench.cases import Mode
from adbench.page import scripts
from adbench.page.build import figures_of, run_page
from adbench.page.matrix import matrix
from adbench.results import frames
from adbench.step_sweep import rows as step_rows

MEGABYTE = 1e6


class Reader(HTMLParser):
    """Collects the elements of a page, and its text outside of scripts and styles."""

    def __init__(self):
        super().__init__()
        self.elements = []
        self.texts = []
        self.inside = []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag in ("script", "style"):
            self.inside.append(tag)

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside:
            self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


def read(html):
    reader = Reader()
    reader.feed(html)
    return reader


def page(run):
    return run_page(run, figures_of(run))


@pytest.fixture(scope="module")
def example():
    return page(page_run(frames.load(EXAMPLE)))


@pytest.fixture(scope="module")
def empty():
    return page(page_run(frames.frame([]), steps=step_rows.frame([])))


@pytest.fixture(scope="module")
def large():
    """The page of 5,000 rows, and the processor time that it took (s)."""
    run = page_run(many_cells(5_000))
    began = time.process_time()
    return page(run), time.process_time() - began


def test_the_page_has_its_sections_in_order(example):
    headings = re.findall(r'<h2 id="(?!dialog)([a-z-]+)">', example)
    assert headings == [
        "answer",
        "correctness",
        "modes",
        "cost-ratio",
        "stagings",
        "calls",
        "steps",
        "orders-error",
        "orders-cost",
        "memory",
        "costs",
        "failures",
        "cells",
        "environment",
    ]


def test_every_link_of_the_contents_leads_somewhere(example):
    names = {attributes.get("id") for _, attributes in read(example).elements}
    targets = [
        attributes["href"]
        for tag, attributes in read(example).elements
        if tag == "a" and attributes["href"].startswith("#")
    ]
    assert len(targets) > 10
    assert {target.removeprefix("#") for target in targets} <= names


def test_the_page_loads_nothing_from_elsewhere(example):
    for tag, attributes in read(example).elements:
        assert "src" not in attributes
        assert tag != "link"
        assert attributes.get("href", "#").startswith(("#", "data:text/csv"))
    assert "default-src &#39;none&#39;" in example


def test_the_bundle_stands_once_and_not_on_a_page_without_figures(example, empty):
    assert example.count("window.vegaEmbed=") == 1
    assert "window.vegaEmbed=" not in empty
    assert len(empty) < 0.05 * MEGABYTE


def test_a_page_is_small_without_data_and_bounded_with_much(example, empty, large):
    bundle = len(scripts.vega_bundle())
    assert bundle + len(empty) < 1.2 * MEGABYTE
    assert len(example) < 6 * MEGABYTE
    html, _ = large
    assert len(html.encode()) < 6 * MEGABYTE


def test_a_broken_backend_is_wrong_on_the_page(example):
    frame = frames.load(EXAMPLE)
    is_broken = (frame["backend"] == "torch:eager") & (frame["model"] == "chain")
    broken = frame.assign(verdict=frame["verdict"].mask(is_broken, "wrong"))
    text = read(page(page_run(broken, steps=step_rows.frame([])))).text
    assert f"No: {int(is_broken.sum())} of 913 answers are wrong: torch:eager in" in text
    assert "✗ wrong" in text
    right = read(example).text
    assert "✗ wrong" not in right
    assert "Yes: 913 answers" in right


def test_a_run_in_which_forward_mode_wins_has_a_page_that_says_so():
    def forward_wins(mode, n, m):
        return 1e-6 if mode is Mode.FORWARD else 1e-3

    text = read(page(page_run(swept(forward_wins, backend="odd:x")))).text
    assert "Forward mode wins at every n and m that was measured with odd:x" in text


def test_what_a_run_lacks_is_said_with_the_command_that_measures_it(empty):
    text = read(empty).text
    for command in ("adbench run deep --operator jacobian", "adbench run layers"):
        assert command in text


def test_notes_advice_and_changes_have_their_places():
    advice = (Paragraph("gradient of mlp", ("Take jax:jit.", "It is the fastest.")),)
    parts = {"notes": ("It was killed.",), "advice": advice, "changes": ("None.",)}
    html = page(page_run(frames.frame([]), steps=step_rows.frame([]), **parts))
    assert "It was killed." in read(html).text
    for name, sentence in (("advice", "It is the fastest."), ("changes", "None.")):
        assert html.index(f'<h2 id="{name}">') < html.index(f"<li>{sentence}</li>")
    assert "<strong>gradient of mlp</strong>: Take jax:jit.</summary>" in html


def test_the_matrix_shows_the_worst_answer_of_each_cell():
    frame = frames.load(EXAMPLE)
    shown = matrix(page_run(frame))
    gradients = frame[(frame["model"] == "mlp") & (frame["operator"] == "gradient")]
    (row,) = (row for row in shown.rows if (row.model, row.operator) == ("mlp", "gradient"))
    entry = row.entries[shown.backends.index("jax:jit")]
    assert entry is not None
    facts = dict(entry.facts)
    of_backend = gradients[gradients["backend"] == "jax:jit"]
    worst = of_backend.loc[of_backend["max_error_over_bound"].idxmax()]
    assert facts["returned"] == repr(float(worst["worst_returned"]))
    assert facts["true"] == repr(float(worst["worst_true"]))
    assert entry.further == len(of_backend) - len(entry.attempts)
    assert entry.command.startswith("adbench run mlp --size ")


def test_of_a_large_matrix_the_worst_rows_stay():
    frame = many_cells(30_000)
    is_broken = frame["model"] == "chain-20"
    broken = frame.assign(verdict=frame["verdict"].mask(is_broken, "wrong"))
    shown = matrix(page_run(broken))
    assert shown.note.startswith("Thinned: ")
    assert "chain-20" in {row.model for row in shown.rows}


def test_hostile_names_make_no_element_and_no_attribute():
    frame = hostile_cells()
    html = page(page_run(frame, title="<script>window.hit=1</script>", notes=("<b>x</b>",)))
    reader = read(html)
    names = {name for _, attributes in reader.elements for name in attributes}
    assert not {name for name in names if name.startswith("on")}
    tags = {tag for tag, _ in reader.elements}
    assert "img" not in tags
    assert "b" not in tags
    assert reader.elements.count(("script", {})) == 2
    assert "</script><script>window.hit=1</script>" in reader.text
    assert "\x1b" not in html
    assert "\u202e" not in html


def test_a_page_of_5000_rows_is_made_in_seconds_and_says_what_it_leaves_out(large):
    html, processor_s = large
    assert processor_s < 30
    assert "Thinned: 1,000 of 5,000 cells are shown" in read(html).text


def test_a_kept_bundle_that_was_changed_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    bundle = scripts.vega_bundle()
    scripts.vega_bundle.cache_clear()
    try:
        assert scripts.vega_bundle() == bundle
        (kept,) = (tmp_path / "adbench").iterdir()
        kept.write_text(kept.read_text().replace("vegaEmbed", "evil", 1))
        scripts.vega_bundle.cache_clear()
        assert scripts.vega_bundle() == bundle
    finally:
        scripts.vega_bundle.cache_clear()


def test_a_known_issue_is_linked_where_the_model_declares_one():
    frame = frames.load(EXAMPLE)
    declared = {"known_issues": {"mlp": {"torch": "https://example.com/1?a=<b>"}}}
    run = page_run(frame, environments={"x": declared})
    links = {
        (row.model, backend)
        for row in matrix(run).rows
        for backend, entry in zip(matrix(run).backends, row.entries, strict=True)
        if entry is not None and entry.known_issue
    }
    assert {model for model, _ in links} == {"mlp"}
    assert {backend.partition(":")[0] for _, backend in links} == {"torch"}
    no_figures = run_page(run, [])
    assert 'href="https://example.com/1?a=&lt;b&gt;"' in no_figures


@pytest.mark.parametrize("hostile", ["javascript:window.hit=1", "data:text/html,x", 7, None, {}])
def test_what_is_no_address_of_the_web_is_not_linked(hostile):
    for declared in ({"mlp": {"torch": hostile}}, {"mlp": hostile}, hostile):
        run = page_run(frames.load(EXAMPLE), environments={"x": {"known_issues": declared}})
        assert run.known_issue("mlp", "torch:eager") == ""
