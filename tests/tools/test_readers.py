"""docs/readers.md lists the operations that the readers know, and no others."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from adbench.cases.model import SpecError

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "readers.md").read_text(encoding="utf-8")


def load_tool() -> ModuleType:
    specification = importlib.util.spec_from_file_location(
        "tools_readers", ROOT / "tools" / "readers.py"
    )
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tool():
    for framework in ("torch", "jax", "tensorflow"):
        pytest.importorskip(framework)
    return load_tool()


def test_the_page_is_what_the_readers_make_of_it(tool):
    assert tool.rewritten(PAGE) == PAGE, "`make readers` mends it"


def test_an_operation_that_is_not_listed_is_added(tool):
    altered = PAGE.replace("`aten::convolution`", "")
    assert altered != PAGE
    assert tool.rewritten(altered) == PAGE


def test_a_page_without_a_part_is_refused(tool):
    with pytest.raises(SpecError, match="has the parts"):
        tool.rewritten(PAGE.replace("operations: jax", "operations: numpy"))
