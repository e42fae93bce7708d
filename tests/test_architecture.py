"""The structure.

Imports run downwards only, frameworks are imported in their own files alone, and code stays easy to
read.
"""

import ast
import io
import subprocess
import sys
import tokenize
import tomllib
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = [
    {"adbench.__main__", "adbench.cli"},
    {"adbench.history", "adbench.selftest"},
    {"adbench.pytest_plugin", "adbench.torch", "adbench.jax"},
    {"adbench.atlas", "adbench.changes", "adbench.checking", "adbench.comparing"},
    {"adbench.advising", "adbench.page"},
    {"adbench.reporting", "adbench.running"},
    {"adbench.planning"},
    {"adbench.explaining"},
    {"adbench.judging", "adbench.step_sweep"},
    {"adbench.truth"},
    {"adbench.derivatives"},
    {"adbench.counting", "adbench.graphs", "adbench.registry", "adbench.timing", "adbench.extend"},
    {"adbench.suggesting"},
    {"adbench.functions"},
    {"adbench.readers"},
    {"adbench.backends"},
    {"adbench.results", "adbench.sparsity"},
    {"adbench.cases"},
    {"adbench.namespaces"},
    {"ball_arithmetic"},
    {"reference_ad"},
]
"""From the top down: a package imports from its own layer and those below."""

FRAMEWORKS = {
    "torch",
    "jax",
    "tensorflow",
    "autograd",
    "mygrad",
    "casadi",
    "pytensor",
    "sympy",
    "mlx",
    "tinygrad",
    "flint",
    "array_api_compat",
}
HEAVY = {"torch", "jax", "tensorflow", "pandas", "pyarrow", "numpy", "scipy", "rich", "altair"}
PACKAGES = ("adbench", "ball_arithmetic", "reference_ad")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def module_name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def layer(module):
    for height, packages in enumerate(LAYERS):
        if any(module == package or module.startswith(package + ".") for package in packages):
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
    here = layer(module_name(path))
    if module_name(path) == "adbench":
        return  # the package's face re-exports from everywhere
    assert here is not None, f"{path} is in no layer"
    for imported in imports(path):
        there = layer(imported)
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


def test_every_package_is_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    installed = set(project["tool"]["setuptools"]["packages"])
    made = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in SOURCES
        if path.name == "__init__.py"
    }
    assert made <= installed


def imported_files(name, path, sources):
    """The files that a file imports, at whatever place in it; a package's own is no file of it."""
    package = name.split(".") if path.stem == "__init__" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom):
            continue
        base = package[: len(package) - node.level + 1] if node.level else []
        module = ".".join([*base, *([node.module] if node.module else [])])
        for imported in (module, *(f"{module}.{alias.name}" for alias in node.names)):
            if imported in sources and sources[imported].stem != "__init__" and imported != name:
                yield imported


def test_no_file_imports_itself_through_others():
    sources = {module_name(path): path for path in SOURCES}
    graph = {name: set(imported_files(name, path, sources)) for name, path in sources.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError


ENGINE_ARROWS = {
    "engine": set(),
    "rules": {"engine"},
    "transformations": {"engine", "rules"},
    "namespace": {"engine", "rules"},
    "compiler": {"engine", "rules"},
    "loops": {"engine", "rules", "transformations", "namespace", "compiler"},
}
"""The packages of the engine, and what each of them may import: twelve arrows in four layers. Above
them are the faces: `reference_ad` and its namespace `numpy`."""


@pytest.mark.parametrize("package", ENGINE_ARROWS)
def test_the_packages_of_the_engine_import_those_below_them_alone(package):
    sources = {module_name(path): path for path in SOURCES}
    own = f"reference_ad.{package}"
    imported = {
        file.split(".")[1]
        for name, path in sources.items()
        if name == own or name.startswith(f"{own}.")
        for file in imported_files(name, path, sources)
        if file.startswith("reference_ad.")
    }
    assert imported - {package} == ENGINE_ARROWS[package]


BRANCHING = (ast.If, ast.For, ast.While, ast.ExceptHandler, ast.IfExp, ast.comprehension)
BRANCHES_IN_A_FUNCTION = 12
TOKENS_IN_A_LINE = 48
TOKENS_IN_THE_MEAN_LINE = 12
CONDITIONAL_EXPRESSIONS_IN_100_LINES = 7
CODE_TOKENS = {tokenize.NAME, tokenize.NUMBER, tokenize.STRING, tokenize.OP}


def branches(function):
    """How many branches a function has, without those of functions inside of it."""
    count = 0
    remaining = list(ast.iter_child_nodes(function))
    while remaining:
        node = remaining.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        count += isinstance(node, (*BRANCHING, ast.match_case))
        if isinstance(node, ast.BoolOp):
            count += len(node.values) - 1
        remaining += ast.iter_child_nodes(node)
    return count


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_functions_branch_little(path):
    functions = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef)]
    crowded = {f.name: branches(f) for f in functions if branches(f) > BRANCHES_IN_A_FUNCTION}
    assert crowded == {}


def tokens_by_line(path):
    """How many tokens each line of code has; comments and docstrings are none."""
    text = path.read_text()
    silent = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent |= set(range(node.lineno, node.end_lineno + 1))
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return Counter(t.start[0] for t in tokens if t.type in CODE_TOKENS and t.start[0] not in silent)


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_a_line_holds_one_thought(path):
    crowded = {line for line, count in tokens_by_line(path).items() if count > TOKENS_IN_A_LINE}
    assert crowded == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_lines_are_not_dense(package):
    counts = [n for p in (ROOT / package).rglob("*.py") for n in tokens_by_line(p).values()]
    assert sum(counts) / len(counts) <= TOKENS_IN_THE_MEAN_LINE


def conditional_expressions(node):
    return [inner for inner in ast.walk(node) if isinstance(inner, ast.IfExp)]


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_no_conditional_expression_stands_in_another(path):
    nested = {
        expression.lineno
        for expression in conditional_expressions(ast.parse(path.read_text()))
        if len(conditional_expressions(expression)) > 1
    }
    assert nested == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_conditional_expressions_are_few(package):
    paths = list((ROOT / package).rglob("*.py"))
    count = sum(len(conditional_expressions(ast.parse(path.read_text()))) for path in paths)
    lines = sum(len(tokens_by_line(path)) for path in paths)
    assert 100 * count / lines <= CONDITIONAL_EXPRESSIONS_IN_100_LINES


NAMES_OF_PRIMITIVES = {"reference_ad", "ball_arithmetic"}
"""Packages in which a primitive is known by itself, and not by its name."""


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if path.parts[len(ROOT.parts)] in NAMES_OF_PRIMITIVES],
    ids=module_name,
)
def test_no_table_is_keyed_by_the_name_of_a_primitive(path):
    from reference_ad.engine.core import PRIMITIVES

    keys = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Dict):
            keys += node.keys
        elif isinstance(node, ast.Set):
            keys += node.elts
        elif isinstance(node, ast.Subscript):
            keys.append(node.slice)
        elif isinstance(node, ast.Compare):
            keys += [node.left, *node.comparators]
    names = {
        key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }
    assert names & set(PRIMITIVES) <= ALLOWED_KEYS.get(path.name, set())


ALLOWED_KEYS = {"namespace.py": {"astype", "reshape", "sign", "round"}}
"""Names of functions of the namespace, not of primitives."""


@pytest.mark.parametrize("path", sorted((ROOT / "models").glob("*.py")), ids=lambda path: path.stem)
def test_models_import_the_spec_alone(path):
    assert set(imports(path, top_level_only=True)) <= {"adbench.cases.Model"}


COMMANDS = [
    "run",
    "report",
    "advise",
    "atlas",
    "check",
    "compare",
    "differences",
    "explain",
    "graph",
    "selftest",
    "list",
    "env",
    "swell",
]


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], *([command, "--help"] for command in COMMANDS)]
)
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
        "import sys\nfrom adbench import registry\nfrom adbench.planning import plan\n"
        "from adbench.running import runner\n"
        "from adbench.reporting import render\n"
        "found = registry.find_models(['mlp', 'dense'])\n"
        "plan.make_plan(found, registry.find_backends(registry.backends()), plan.Settings())\n"
        "[registry.installed_version(entry) for entry in registry.backends().values()]\n"
        "print(sorted({'torch', 'jax', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
