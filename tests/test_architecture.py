"""The house: imports run downwards only, and no framework is imported outside its own file."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = [
    {"adbench.__main__", "adbench.cli"},
    {"adbench.selftest", "adbench.pytest_plugin"},
    {"adbench.checking", "adbench.comparing"},
    {"adbench.step_sweep"},
    {"adbench.reporting", "adbench.running"},
    {"adbench.judging"},
    {"adbench.truth"},
    {"adbench.registry", "adbench.timing", "adbench.extend"},
    {"adbench.backends"},
    {"adbench.results"},
    {"adbench.cases"},
    {"adbench.namespaces"},
    {"ball_arithmetic"},
    {"reference_ad"},
]
"""From the top down: a package imports from its own layer and those below."""

FRAMEWORKS = {"torch", "jax", "tensorflow", "autograd", "mygrad", "flint", "array_api_compat"}
HEAVY = {"torch", "jax", "tensorflow", "pandas", "pyarrow", "numpy", "scipy", "rich"}
ROOMS = ("adbench", "ball_arithmetic", "reference_ad")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def module_name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def floor(module):
    for height, rooms in enumerate(LAYERS):
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
        assert there is None or there >= here, (
            f"{module_name(path)} imports {imported}, which is above it"
        )


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_a_framework_is_imported_in_its_own_file_alone(path):
    found = {name.partition(".")[0] for name in imports(path)} & FRAMEWORKS
    framework = path.stem.partition("_")[0]
    own = {"torch": {"torch", "array_api_compat"}}.get(framework, {framework})
    if path.parent.name == "ball_arithmetic":
        own = {"flint"}
    assert found <= own


def test_the_files_of_the_engine_and_of_its_balls_import_each_other_in_no_circle():
    sources = {
        module_name(path): path for path in SOURCES if path.parts[len(ROOT.parts)] != "adbench"
    }
    below = {}
    for name, path in sources.items():
        package = name.split(".") if path.stem == "__init__" else name.split(".")[:-1]
        below[name] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = package[: len(package) - node.level + 1]
                module = ".".join([*base, *([node.module] if node.module else [])])
                imported = {module, *(f"{module}.{alias.name}" for alias in node.names)}
                below[name] |= {
                    part for part in imported & set(sources) if sources[part].stem != "__init__"
                }
    TopologicalSorter(below).prepare()  # raises CycleError


@pytest.mark.parametrize("path", sorted((ROOT / "models").glob("*.py")), ids=lambda path: path.stem)
def test_models_import_the_spec_alone(path):
    assert set(imports(path, top_level_only=True)) <= {"adbench.cases.Model"}


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
