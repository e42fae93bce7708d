"""The documentation is built without a warning, and every link on it leads somewhere."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import pytest

import adbench
import adbench.extend
import ball_arithmetic
import reference_ad
from adbench.cli import main

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@dataclass
class Page(HTMLParser):
    """The addresses and the anchors of a page."""

    path: Path
    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.anchors.update(filter(None, (attributes.get("id"), attributes.get("name"))))
        if tag == "a" and attributes.get("href"):
            self.links.append(str(attributes["href"]))
        if tag in ("script", "img", "iframe") and attributes.get("src"):
            self.loaded.append(str(attributes["src"]))
        if tag == "link" and attributes.get("rel") == "stylesheet":
            self.loaded.append(str(attributes["href"]))


def dead_links(pages: dict[Path, Page]) -> Iterator[str]:
    """Name the links and files of the pages that are not there."""
    for path, page in pages.items():
        for address in [*page.links, *page.loaded]:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchors = pages[target].anchors if target in pages else {parts.fragment}
            leads_somewhere = target.is_file() and unquote(parts.fragment) in {"", *anchors}
            if not leads_somewhere:
                yield f"{path.name}: {address}"


def misshapen_addresses(pages: dict[Path, Page]) -> Iterator[str]:
    """Name the external addresses that cannot be ones; nothing is asked of the network."""
    for path, page in pages.items():
        for address in page.links:
            parts = urlsplit(address)
            if not parts.scheme:
                continue
            is_shaped = parts.scheme == "https" and "." in parts.netloc and " " not in address
            if not is_shaped:
                yield f"{path.name}: {address}"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    for module in ("sphinx", "myst_parser", "furo", "sphinx_click", "torch", "jax"):
        pytest.importorskip(module)
    folder = tmp_path_factory.mktemp("site").resolve()
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-n", "-W", "--keep-going", "-q"]
    done = subprocess.run(
        [*command, "-d", str(folder / "doctrees"), str(DOCS), str(folder / "html")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder / "html"


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path) for path in site.rglob("*.html")}


def test_every_page_of_the_folder_is_on_the_site(site):
    assert [path for path in DOCS.glob("*.md") if not (site / f"{path.stem}.html").is_file()] == []


def test_every_internal_link_leads_somewhere(pages):
    assert sum(len(page.links) for page in pages.values()) > 1000
    assert list(dead_links(pages)) == []


def test_every_external_address_has_the_form_of_one(pages):
    assert list(misshapen_addresses(pages)) == []


def test_no_page_loads_anything_from_elsewhere(pages):
    loaded = [address for page in pages.values() for address in page.loaded]
    assert [address for address in loaded if urlsplit(address).netloc] == []


def test_every_command_and_option_is_on_the_page_of_the_command_line(site):
    page = (site / "command-line.html").read_text(encoding="utf-8")
    context = click.Context(main, info_name="adbench")
    names = main.list_commands(context)
    assert len(names) > 10
    for name in names:
        assert f'id="adbench-{name}"' in page
        for option in options_of(main.get_command(context, name)):
            assert f'id="cmdoption-adbench-{name}-{option}"' in page


def options_of(command: click.Command) -> list[str]:
    return [
        parameter.opts[0].lstrip("-")
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
    ]


def test_parameters_are_a_list_and_what_is_raised_is_not_one_of_them(site):
    page = (site / "api.html").read_text(encoding="utf-8")
    assert "<strong>budget_s</strong>: how long" in page
    assert "<strong>tangent</strong>, <strong>cotangent</strong>" in page
    assert "<p>Raises SpecError" in page


def public_names(module) -> list[str]:
    """Return the names that a module gives on purpose: `from ... import name as name`."""
    source = Path(module.__file__).read_text(encoding="utf-8")
    return re.findall(r"^ *from .* as (\w+)", source, flags=re.MULTILINE)


@pytest.mark.parametrize("module", [adbench, adbench.extend, reference_ad, ball_arithmetic])
def test_every_public_name_is_in_the_reference(module):
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    names = public_names(module)
    assert len(names) > 10
    prefix = re.escape(module.__name__)
    assert [name for name in names if not re.search(rf"\b{prefix}\.{name}\b", page)] == []


def test_a_link_to_nowhere_is_seen(tmp_path):
    path = tmp_path / "page.html"
    path.write_text('<p id="here"><a href="#here"></a><a href="#there"></a><a href="no.html"></a>')
    pages = {path: Page(path)}
    assert list(dead_links(pages)) == ["page.html: #there", "page.html: no.html"]
    path.write_text('<a href="http://example.org"></a><a href="https://example"></a>')
    assert len(list(misshapen_addresses({path: Page(path)}))) == 2
