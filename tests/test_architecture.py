"""The house: imports run downwards only, and no framework is imported outside its own file."""

import ast
import io
import subprocess
import sys
import tokenize
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = [
    {"adbench.__main__", "adbench.cli"},
    {"adbench.selftest", "adbench.pytest_plugin"},
    {"adbench.checking"},
    {"adbench.reporting", "adbench.running"},
    {"adbench.truth"},
    {"adbench.registry", "adbench.timing"},
    {"adbench.backends"},
    {"adbench.results"},
    {"adbench.spec"},
    {"ball_arithmetic"},
    {"reference_ad"},
]
"""From the roof down: a room imports from its own floor and those below."""

FRAMEWORKS = {"torch", "jax", "tensorflow", "flint", "array_api_compat"}
HEAVY = {"torch", "jax", "tensorflow", "pandas", "pyarrow", "numpy", "scipy", "rich"}
ROOMS = ("adbench", "ball_arithmetic", "reference_ad")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def module_name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def floor(module):
    for height, rooms in enumerate(FLOORS):
        if any(module == room or module.startswith(room + ".") for room in rooms):
            return height
    return None


def imports(path, *, top_level_only=False):
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_level_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_imports_run_downwards(path):
    here = floor(module_name(path))
    if module_name(path) == "adbench":
        return  # the package's face re-exports from everywhere
    assert here is not None, f"{path} is in no room of the house"
    for imported in imports(path):
        there = floor(imported)
        assert there is None or there >= here, f"{module_name(path)} imports {imported}, which is above it"


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_a_framework_is_imported_in_its_own_file_alone(path):
    found = {name.partition(".")[0] for name in imports(path)} & FRAMEWORKS
    own = {"torch": {"torch", "array_api_compat"}}.get(path.stem, {path.stem})
    if path.parent.name == "ball_arithmetic":
        own = {"flint"}
    assert found <= own


def test_the_files_of_the_engine_and_of_its_balls_import_each_other_in_no_circle():
    for room in ("reference_ad", "ball_arithmetic"):
        files = {path.stem: path for path in (ROOT / room).glob("*.py") if path.stem != "__init__"}
        below = {}
        for name, path in files.items():
            found = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
            named = [[node.module] if node.module else [a.name for a in node.names] for node in found if node.level]
            below[name] = {part for parts in named for part in parts if part in files}
        TopologicalSorter(below).prepare()  # raises CycleError


def test_the_engine_can_be_read_in_an_afternoon():
    """At most 3,000 lines of code: without comments, docstrings and blank lines."""
    count = 0
    for path in (ROOT / "reference_ad").glob("*.py"):
        text = path.read_text()
        silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
        tokens = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type not in silent]
        lines = {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}
        for node in ast.walk(ast.parse(text)):
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                lines -= set(range(node.lineno, node.end_lineno + 1))
        count += len(lines)
    assert 2000 < count <= 3000


@pytest.mark.parametrize("path", sorted((ROOT / "models").glob("*.py")), ids=lambda path: path.stem)
def test_models_import_the_spec_alone(path):
    assert set(imports(path, top_level_only=True)) <= {"adbench.spec.Model"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"]])
def test_help_imports_nothing_heavy(arguments):
    code = (
        "import sys\nfrom adbench.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit:\n    pass\n"
        f"print('loaded:', sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded: []"


def test_the_parent_process_imports_no_framework_to_plan_and_list():
    code = (
        "import sys\nfrom adbench import registry\nfrom adbench.running import plan, runner\n"
        "from adbench.reporting import render\n"
        "found = registry.find_models(['mlp', 'dense'])\n"
        "plan.make_plan(found, registry.find_backends(registry.backends()), plan.Settings())\n"
        "[registry.installed_version(entry) for entry in registry.backends().values()]\n"
        "print(sorted({'torch', 'jax', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
