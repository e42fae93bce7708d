"""The page in a real browser: Debian's Chromium, driven by Playwright, without network."""

import shutil
from contextlib import contextmanager

import pytest
from synthetic import EXAMPLE, hostile_cells, many_cells, page_run

from adbench.advising.words import Paragraph
from adbench.page.build import figures_of, run_page
from adbench.results import frames

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium"),
    pytest.mark.timeout(600),  # a browser on a busy machine
]

sync_api = pytest.importorskip("playwright.sync_api")

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 380, "height": 800}

FOCUSABLE = "a[href], button, input, summary, [tabindex='0']"


def written(folder, run, name):
    path = folder / f"{name}.html"
    path.write_text(run_page(run, figures_of(run)), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def example(folder):
    return written(folder, page_run(frames.load(EXAMPLE)), "example")


@pytest.fixture(scope="module")
def short_example(folder):
    """A page with all that the example's has, and an eighth of its rows."""
    advice = (Paragraph("gradient of mlp", ("use jax:jit.", "it is equal to none.")),)
    return written(folder, page_run(frames.load(EXAMPLE)[::8], advice=advice), "short")


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield browser
        browser.close()


@contextmanager
def opened(browser, address, **options):
    """A page with what went wrong on it: errors, console messages and requests."""
    context = browser.new_context(viewport=options.pop("viewport", WIDE), **options)
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda message: page.faults.append(message.text))
    page.on("request", lambda request: page.faults.append(request.url))
    page.goto(address)
    page.faults.remove(address)
    yield page
    context.close()


def scroll_through(page):
    """Bring every figure into view, one after the other, until it is drawn."""
    charts = page.locator("[data-spec]")
    for position in range(charts.count()):
        charts.nth(position).scroll_into_view_if_needed()
        charts.nth(position).locator("svg.marks").first.wait_for()
    page.wait_for_function(
        "document.querySelectorAll('[data-drawn]').length === "
        "document.querySelectorAll('[data-spec]').length"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_figure_is_drawn_without_an_error_and_without_a_request(browser, example, scheme):
    with opened(browser, example, color_scheme=scheme) as page:
        scroll_through(page)
        assert page.faults == []
        assert page.locator("[data-drawn] svg.marks").count() == 8
        assert page.locator(".static").count() == 0
        described = page.locator("[data-drawn] [role=graphics-document]")
        assert described.count() == 8
        assert described.first.get_attribute("aria-label") == "Forward against reverse mode"


def test_a_figure_has_the_colour_of_the_text_around_it(browser, example):
    colours = {}
    for scheme in ("light", "dark"):
        with opened(browser, example, color_scheme=scheme) as page:
            scroll_through(page)
            colours[scheme] = page.locator("[data-drawn] svg.marks text").first.evaluate(
                "element => [getComputedStyle(element).fill, getComputedStyle(document.body).color]"
            )
    assert colours["light"][0] == colours["light"][1]
    assert colours["dark"][0] == colours["dark"][1]
    assert colours["light"] != colours["dark"]


def test_a_table_is_sorted_by_a_heading_and_says_so(browser, example):
    with opened(browser, example) as page:
        table = page.locator("section[aria-labelledby=costs] table")
        column = page.locator("section[aria-labelledby=costs] th").filter(has_text="jax:jit")
        position = column.evaluate("heading => heading.cellIndex")
        assert column.get_attribute("aria-sort") == "none"

        def values():
            return table.evaluate(
                "(table, column) => Array.from(table.tBodies[0].rows, "
                "row => Number(row.cells[column].dataset.sort.replace('inf', 'Infinity')))",
                position,
            )

        column.locator("button").click()
        assert column.get_attribute("aria-sort") == "ascending"
        assert values() == sorted(values())
        column.locator("button").press("Enter")
        assert column.get_attribute("aria-sort") == "descending"
        assert values() == sorted(values(), reverse=True)
        others = page.locator("section[aria-labelledby=costs] th[aria-sort=none]").count()
        assert others == table.locator("thead th").count() - 1


def test_a_filter_leaves_the_rows_with_all_its_words(browser, example):
    with opened(browser, example) as page:
        section = page.locator("section[aria-labelledby=correctness]")
        everything = section.locator("tbody tr:visible").count()
        section.get_by_label("Filter “Correctness”").fill("mlp hess")
        assert section.locator("tbody tr:visible").count() == 1
        assert section.locator("output").inner_text() == f"1 of {everything} rows"
        section.get_by_label("Filter “Correctness”").fill("")
        assert section.locator("tbody tr:visible").count() == everything


def test_the_keyboard_opens_an_entry_and_comes_back_to_it(browser, example):
    with opened(browser, example) as page:
        summary = page.locator("details.entry summary").nth(9)
        summary.focus()
        page.keyboard.press("Enter")
        dialog = page.locator("dialog")
        assert dialog.is_visible()
        assert "returned" in dialog.inner_text()
        assert "adbench run chain --size" in dialog.locator("pre").inner_text()
        page.keyboard.press("Escape")
        assert not dialog.is_visible()
        assert summary.evaluate("element => element === document.activeElement")
        assert not page.locator("details.entry[open]").count()


def test_the_keyboard_reaches_all_that_can_be_operated(browser, folder):
    few = frames.load(EXAMPLE).query("model == 'mlp' and operator == 'gradient'")
    address = written(folder, page_run(few), "few")
    with opened(browser, address) as page:
        count = page.locator(FOCUSABLE).evaluate_all(
            "elements => elements.filter(element => element.checkVisibility()).map("
            "(element, position) => element.dataset.place = position).length"
        )
        reached = set()
        for _ in range(count + 5):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.dataset.place"))
        assert reached >= {str(place) for place in range(count)}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(browser, short_example, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with opened(browser, short_example, color_scheme=scheme) as page:
        scroll_through(page)
        page.locator("details.fold summary").first.click()
        page.locator("details.advice summary").first.click()
        violations = axe.run(page).response["violations"]
    serious = [
        (violation["id"], violation["nodes"][0]["html"][:200], len(violation["nodes"]))
        for violation in violations
        if violation["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_a_phone_scrolls_tables_and_figures_and_not_the_page(browser, example):
    with opened(browser, example, viewport=PHONE) as page:
        scroll_through(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        widths = page.locator(".chart").evaluate_all("charts => charts.map(c => c.scrollWidth)")
        assert max(widths) < 2 * PHONE["width"]
        names = page.locator("table.matrix tbody td:first-child")
        assert min(names.evaluate_all("cells => cells.map(c => c.offsetWidth)")) > 80


def test_without_scripts_tables_figures_and_entries_stand(browser, example):
    with opened(browser, example, java_script_enabled=False) as page:
        assert page.faults == []
        assert page.locator(".static svg").count() == 8
        assert page.locator(".static svg").first.is_visible()
        assert page.locator("section[aria-labelledby=correctness] tbody tr").count() > 20
        assert not page.locator(".filter").first.is_visible()
        entry = page.locator("details.entry").nth(4)
        entry.locator("summary").click()
        assert entry.locator("dl").is_visible()


def test_hostile_names_stay_text(browser, folder):
    address = written(folder, page_run(hostile_cells(), title="<img src=x>"), "hostile")
    with opened(browser, address) as page:
        scroll_through(page)
        page.locator("details.entry summary").first.click()
        assert page.evaluate("window.hit") is None
        assert page.locator("img").count() == 0
        assert page.faults == []
        assert "<img src=x onerror=window.hit=1>" in page.locator("main").inner_text()
        assert page.locator("main h2").first.is_visible()
        page.locator("[data-drawn] svg.marks path[aria-label]").first.hover(force=True)
        assert page.evaluate("window.hit") is None


def test_a_page_of_5000_rows_opens_in_seconds_of_processor_time(browser, folder):
    address = written(folder, page_run(many_cells(5_000)), "large")
    with opened(browser, address) as page:
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        metrics = session.send("Performance.getMetrics")["metrics"]
        assert page.faults == []
    values = {metric["name"]: metric["value"] for metric in metrics}
    assert values["Nodes"] > 5_000
    assert 0 < values["ProcessTime"] < 3


def test_a_print_has_the_tables_and_none_of_the_controls(browser, example):
    with opened(browser, example) as page:
        page.emulate_media(media="print")
        assert not page.locator("nav").is_visible()
        assert not page.locator(".filter").first.is_visible()
        assert page.locator("section[aria-labelledby=correctness] table").is_visible()
        assert len(page.pdf()) > 50_000
