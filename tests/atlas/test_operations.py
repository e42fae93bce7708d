"""The matrix of operations: what is in it, and what is said of an answer."""

import math

import pytest
from click.testing import CliRunner
from runs import fake

import reference_ad.numpy as engine
from adbench.atlas import asking, operation_tables
from adbench.atlas import operation_run as atlas
from adbench.atlas.operation_row import OPERATION_ROWS
from adbench.atlas.operations import MODELS, OPERATIONS
from adbench.backends.catalog import REFERENCE
from adbench.cases.inputs import make_inputs
from adbench.cases.model import SpecError
from adbench.cases.question import Question
from adbench.cli import main
from adbench.namespaces.namespace import SPECIAL
from adbench.planning.settings import Settings
from adbench.truth.truth import establish

SETTINGS = Settings(effort=asking.ATLAS, order=asking.HIGHEST_ORDER)

WITHOUT_DERIVATIVE = frozenset(
    [
        "all",
        "any",
        "argmax",
        "argmin",
        "argsort",
        "astype",
        "can_cast",
        "ceil",
        "count_nonzero",
        "equal",
        "finfo",
        "floor",
        "floor_divide",
        "greater",
        "greater_equal",
        "iinfo",
        "isdtype",
        "isfinite",
        "isinf",
        "isnan",
        "less",
        "less_equal",
        "logical_and",
        "logical_not",
        "logical_or",
        "logical_xor",
        "nonzero",
        "not_equal",
        "result_type",
        "round",
        "searchsorted",
        "sign",
        "signbit",
        "stop_gradient",
        "trunc",
        "bitwise_and",
        "bitwise_invert",
        "bitwise_left_shift",
        "bitwise_or",
        "bitwise_right_shift",
        "bitwise_xor",
    ]
)
"""Functions whose derivative is 0, or that give no real numbers."""

MAKING = frozenset(
    [
        "arange",
        "asarray",
        "empty",
        "empty_like",
        "eye",
        "full",
        "full_like",
        "linspace",
        "meshgrid",
        "ones",
        "ones_like",
        "zeros",
        "zeros_like",
    ]
)
"""Functions that make arrays of none."""

LOOPS_AND_DERIVATIVES = {"scan", "fori_loop", "grad"}
"""What takes a function; the tests of loops and of inner derivatives try it."""

NOT_IN_MODELS = {
    "annotations",
    "convolve",
    "einsum",
    "max_pool",
    "mean_pool",
    "pad",
    "sliding_windows",
}
"""What the engine has beyond the array API standard, for frameworks' functions that are read."""

OF_VALUES = {
    "from_dlpack",
    "nextafter",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
}
"""What depends on values, or takes the arrays of other libraries: no model has it."""

INSIDE_OTHERS = {"broadcast_arrays", "conj", "imag", "matrix_transpose", "real", "take_along_axis"}
"""What is tried as a part of others, or as another name of one."""


def names_of(namespace):
    return {
        name
        for name, value in vars(namespace).items()
        if callable(value) and not name.startswith("_") and not isinstance(value, type)
    }


def test_every_differentiable_function_of_the_namespace_is_measured():
    plain = {name.removeprefix("complex ") for name in OPERATIONS}
    excused = WITHOUT_DERIVATIVE | MAKING | LOOPS_AND_DERIVATIVES | NOT_IN_MODELS | INSIDE_OTHERS
    excused |= OF_VALUES
    moved = {name.partition(".")[2] for name in plain}  # such as linalg.diagonal
    assert names_of(engine) - excused - plain - moved == set()


def test_every_special_function_is_measured():
    assert {f"special.{name}" for name in SPECIAL} <= set(OPERATIONS)


@pytest.mark.parametrize("module", ["linalg", "fft"])
def test_every_function_of_a_module_is_measured(module):
    namespace = getattr(engine, module)
    own = {
        name
        for name in names_of(namespace)
        if getattr(namespace, name).__module__ == namespace.__name__
    }
    plain = {name.removeprefix("complex ").removeprefix(f"{module}.") for name in OPERATIONS}
    assert len(own) > 10
    assert own - {"matrix_rank", "fftfreq", "rfftfreq", "solve_triangular"} - plain == set()


@pytest.mark.parametrize("name", MODELS)
def test_every_answer_about_an_operation_is_certified(name):
    for size in MODELS[name].sizes:
        inputs = make_inputs(MODELS[name], size, seed=0, lowest_dtype="float32")
        for operator in atlas.OPERATORS:
            order = {"value": 0, "hvp": 2}.get(operator.value, 1)
            truth = establish(Question(MODELS[name], inputs, operator, order), ["float64"])
            assert not truth.doubt and not truth.not_unique, (size, operator)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    entries = [REFERENCE[0], fake("Scaled")]
    plan = asking.plan_of(atlas.atlas_of(["tanh", "linalg.det"]), entries, SETTINGS, ["float64"])
    folder = tmp_path_factory.mktemp("operations")
    return atlas.OperationRun(plan, asking.run_in(folder, plan, progress=False))


def test_an_error_of_one_part_in_a_million_is_counted_in_ulp_and_wrong(run):
    (row,) = (
        row
        for row in run.rows
        if (row.operation, row.backend, row.points) == ("tanh", "fake:Scaled", "usual")
        and row.quantity == "JVP"
    )
    assert row.is_wrong and row.error_ulp == pytest.approx(1e-6 * 2**53, rel=1)
    assert all(not other.is_wrong for other in run.rows if other.quantity in ("value", "VJP"))


def test_the_engine_errs_by_a_few_ulp(run):
    errors = [
        row.error_ulp
        for row in run.rows
        if row.operation == "tanh" and row.backend == "reference:tape" and row.points == "usual"
    ]
    assert errors and all(error < 100 for error in errors)


def test_the_tables_have_a_place_for_every_answer(run):
    (tanh, _) = operation_tables.matrix(run.rows).rows
    assert tanh[0] == "tanh" and tanh[3].split()[1].startswith("✗")
    table = operation_tables.summary_table(run.rows)
    assert [row[1] for row in table.rows] == ["value", "JVP", "VJP", "second"]
    assert "✗2" in table.rows[1][3]
    assert "2 operations by 2 backends" in operation_tables.summary(run.rows)


def test_an_answer_that_is_missing_is_a_dash():
    assert operation_tables._in_ulp(math.nan) == "–"
    assert operation_tables._in_ulp(0.5) == "0.5" and operation_tables._in_ulp(1e7) == "1e+07"


def test_the_rows_are_read_as_they_were_written(run, tmp_path):
    table = OPERATION_ROWS.frame(run.rows)
    OPERATION_ROWS.write(table, tmp_path)
    assert OPERATION_ROWS.load(tmp_path).equals(table)


def test_an_unknown_operation_is_a_sentence():
    with pytest.raises(SpecError, match="There is no operation 'tanhh'"):
        atlas.find_operations(["tanhh"])


def test_the_command_measures_what_is_named(tmp_path):
    arguments = ["atlas", "--operations", "cosh", "--backend", "reference:tape"]
    done = CliRunner().invoke(
        main, [*arguments, "--dtype", "float64", "--out", str(tmp_path / "o")]
    )
    assert done.exit_code == 0, done.output
    assert "0 are wrong" in done.output
    assert set(OPERATION_ROWS.load(tmp_path / "o")["operation"]) == {
        "acosh",
        "cosh",
        "complex cosh",
    }
