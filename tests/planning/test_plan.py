from dataclasses import replace

import pytest
from truths import model_at

from adbench import registry
from adbench.backends.catalog import DIFFERENCES, REFERENCE, TENSORFLOW, Entry
from adbench.cases import MODES, Mode, Operator, SpecError
from adbench.cases.operators import passes
from adbench.planning import plan as planning
from adbench.planning.settings import CHECK, DEFAULT, FULL, QUICK, Settings
from adbench.reporting import growth, tables
from adbench.results import frames
from adbench.results.row import Row
from adbench.running import runner
from adbench.running.selection import Selection


def make(*models, effort=DEFAULT, backends=REFERENCE[:1], **known):
    settings = Settings(effort=effort)
    return planning.make_plan(
        registry.find_models(models or registry.names_of_models()), backends, settings, **known
    )


def asked(plan, **known):
    cells = [case for group in plan.groups for case, _ in plan.cells(group)]
    return [
        case for case in cells if all(getattr(case, key) == value for key, value in known.items())
    ]


def test_a_scalar_function_is_asked_for_gradient_and_hessian_and_not_for_a_jacobian():
    operators = {case.operator for case in asked(make("mlp"))}
    assert operators == {
        Operator.VALUE,
        Operator.GRADIENT,
        Operator.JVP,
        Operator.VJP,
        Operator.HVP,
        Operator.HESSIAN,
    }


def test_a_vector_function_is_asked_for_jacobian_jvp_vjp_and_hvp():
    operators = {case.operator for case in asked(make("dense"))}
    assert operators == {
        Operator.VALUE,
        Operator.JVP,
        Operator.VJP,
        Operator.JACOBIAN,
        Operator.HVP,
    }


def test_tanh_is_asked_for_some_derivatives_of_order_1_to_8_in_both_modes():
    for mode in (Mode.FORWARD, Mode.REVERSE):
        cases = asked(make("tanh"), operator=Operator.DERIVATIVE, mode=mode, size="x=0.5")
        assert [case.order for case in cases] == [1, 2, 3, 4, 6, 8]


def test_every_order_is_asked_in_a_full_run_and_where_one_is_named():
    named = Settings(effort=DEFAULT, order=8)
    sources = registry.find_models(["tanh"])
    for plan in (
        make("tanh", effort=FULL),
        planning.make_plan(sources, REFERENCE[:1], named),
    ):
        cases = asked(plan, operator=Operator.DERIVATIVE, mode=Mode.FORWARD, size="x=0.5")
        assert [case.order for case in cases] == list(range(1, 9))


def test_the_orders_that_are_left_out_are_said():
    (sentence,) = make("tanh", "mlp").orders_left_out
    assert sentence == (
        "tanh was not asked for the derivatives of order 5, 7, 9, 10, 11, 13, 14, 15, "
        "to save time; --order 16 asks for them too."
    )
    assert not make("tanh", effort=FULL).orders_left_out
    assert not make("tanh", operators=["vjp"]).orders_left_out


def swept(*models, **known):
    return [group for group in make(*models, **known).groups if group.swept]


@pytest.mark.parametrize(
    ("effort", "values"),
    [
        (QUICK, (1, 64, 1024)),
        (DEFAULT, (1, 16, 256, 1024)),
        (FULL, (1, 4, 16, 64, 256, 1024, 4096)),
    ],
    ids=["quick", "default", "full"],
)
def test_a_sweep_covers_its_grid_in_both_modes_with_its_ends_kept(effort, values):
    groups = swept("deep", effort=effort)
    grid = {(n, m) for n in values for m in values if n * m <= effort.swept_entries}
    assert {(group.n, group.m) for group in groups} == grid
    assert all(
        [case.mode for case in group.cases] == [Mode.FORWARD, Mode.REVERSE] for group in groups
    )


def test_taylor_mode_is_asked_from_order_2_on_and_alone_above_what_is_nested():
    deep = model_at(lambda xp, x: xp.tanh(x), 0.5, orders=12)
    source = registry.ModelSource(deep, "")
    plan = planning.make_plan([source], REFERENCE[:1], Settings(effort=FULL))
    cases = asked(plan, operator=Operator.DERIVATIVE)
    orders = {
        mode: [case.order for case in cases if case.mode is mode]
        for mode in (Mode.FORWARD, Mode.REVERSE, Mode.TAYLOR)
    }
    assert orders[Mode.TAYLOR] == list(range(2, 13))
    assert orders[Mode.FORWARD] == orders[Mode.REVERSE] == list(range(1, 9))


def test_an_order_that_no_backend_can_be_asked_for_is_refused_in_a_sentence():
    settings = Settings(order=9)
    sources = registry.find_models(["tanh"])
    with pytest.raises(SpecError, match="above order 8 are asked in Taylor mode, which tensorflow"):
        planning.make_plan(sources, TENSORFLOW[:1], settings)


def test_backends_without_taylor_mode_are_not_asked_for_it():
    modes = {case.mode for case in asked(make("tanh", backends=TENSORFLOW[:1]))}
    assert Mode.TAYLOR not in modes


def test_sizes_that_are_too_large_to_be_swept_are_said_unless_they_are_named():
    (sentence,) = make("deep").left_out
    assert sentence.startswith("deep was not swept at n=256,m=1024 and n=1024,m=256 and ")
    named = make("deep", sizes=["n=1024,m=1024"])
    assert not named.left_out
    assert [(group.n, group.m) for group in named.groups] == [(1024, 1024)]
    assert not make("deep", operators=["jvp"]).left_out


def test_a_backend_that_is_slow_in_sweeps_is_swept_where_it_is_named_and_in_full_runs():
    slow = Entry("slow:eager", "", slow_in_sweeps=True)
    backends = [REFERENCE[0], slow]

    def swept_on(**options):
        plan = make("deep", backends=backends, **options)
        names = {entry.name for group in plan.groups for _, entry in plan.cells(group)}
        return names, plan.left_out

    asked_of, left_out = swept_on(further_stagings=TENSORFLOW)
    assert asked_of == {REFERENCE[0].name}
    assert left_out[-1].startswith("slow:eager was not swept: ")
    for options in ({}, {"further_stagings": TENSORFLOW, "effort": FULL}):
        asked_of, left_out = swept_on(**options)
        assert slow.name in asked_of
        assert not any("slow:eager" in sentence for sentence in left_out)


@pytest.mark.parametrize("effort", [QUICK, DEFAULT, FULL], ids=lambda effort: effort.name)
def test_every_cell_of_a_run_has_a_name_of_its_own(effort):
    plan = make(effort=effort)
    names = [name for group in plan.groups for name in plan.cell_names(group)]
    assert len(set(names)) == len(names)


def test_a_size_that_is_swept_as_well_is_asked_for_the_sweep_unless_it_is_named():
    size = "n=64,m=16"

    def jacobians(**known):
        plan = make("deep", effort=FULL, **known)
        return [
            g.swept
            for g in plan.groups
            if g.question in asked(plan, size=size) and g.question.operator is Operator.JACOBIAN
        ]

    assert jacobians() == [True]
    assert jacobians(sizes=[size]) == [False]


def test_a_sweep_that_would_be_left_with_its_ends_alone_is_one_for_a_full_run():
    assert not swept("dense")
    groups = swept("dense", effort=FULL)
    assert {group.n for group in groups} == {1, 16, 256}


def test_modes_that_take_too_many_passes_are_left_out():
    few = replace(DEFAULT, passes=10)
    assert (
        asked(
            make("mlp", effort=few), size="8-16-1x8", mode=Mode.FORWARD, operator=Operator.GRADIENT
        )
        == []
    )
    assert asked(
        make("mlp", effort=few), size="8-16-1x8", mode=Mode.REVERSE, operator=Operator.GRADIENT
    )


def test_a_backend_without_reverse_mode_is_asked_in_forward_modes_alone():
    modes = {case.mode for case in asked(make("mlp", backends=DIFFERENCES))}
    assert modes == {Mode.NONE, Mode.FORWARD, Mode.FORWARD_OVER_FORWARD}


def test_a_full_run_asks_for_every_mode_and_order():
    plan = make("tanh", "mlp", effort=replace(FULL, sizes=1), backends=TENSORFLOW)
    assert {case.mode for case in asked(plan, operator=Operator.HESSIAN)} == set(
        MODES[Operator.HESSIAN]
    )
    nested = asked(plan, operator=Operator.DERIVATIVE, mode=Mode.REVERSE)
    assert {case.order for case in nested} == set(range(1, 9))


def test_orders_that_take_a_backend_minutes_are_asked_in_full_runs_alone():
    slow = Entry("slow:eager", "", orders={"reverse": 3})
    cases = asked(make("tanh", backends=[slow]), operator=Operator.DERIVATIVE, size="x=0.5")
    assert max(case.order for case in cases if case.mode is Mode.REVERSE) == 3
    assert max(case.order for case in cases if case.mode is Mode.FORWARD) == 8


def test_operators_and_sizes_can_be_chosen():
    plan = make("mlp", "chain", operators=["gradient"], sizes=["8-16-1x8"])
    assert {(c.model, c.size, c.operator) for c in asked(plan)} == {
        ("mlp", "8-16-1x8", Operator.GRADIENT)
    }


def test_what_cannot_be_asked_is_said():
    with pytest.raises(
        SpecError, match="Nothing to run: none of the models tanh can be asked for hessian"
    ):
        make("tanh", operators=["hessian"])


def test_a_seed_that_no_message_can_hold_is_refused_in_one_sentence():
    settings = Settings(seed=2**64)
    with pytest.raises(SpecError, match="give an integer of at most 18446744073709551615"):
        planning.make_plan(registry.find_models(["mlp"]), REFERENCE, settings)


@pytest.mark.parametrize(
    ("operator", "mode", "expected"),
    [
        (Operator.GRADIENT, Mode.FORWARD, 7),
        (Operator.GRADIENT, Mode.REVERSE, 1),
        (Operator.JACOBIAN, Mode.FORWARD, 7),
        (Operator.JACOBIAN, Mode.REVERSE, 3),
        (Operator.VJP, Mode.FORWARD, 7),
        (Operator.JVP, Mode.REVERSE, 1),
        (Operator.HVP, Mode.FORWARD_OVER_REVERSE, 1),
        (Operator.HESSIAN, Mode.REVERSE_OVER_REVERSE, 7),
        (Operator.HESSIAN, Mode.FORWARD_OVER_FORWARD, 49),
    ],
)
def test_passes_count_the_columns_of_forward_and_the_rows_of_reverse_mode(operator, mode, expected):
    assert passes(operator, mode, n=7, m=3) == expected


def test_a_value_and_gradient_is_asked_where_it_is_named_and_in_a_full_run():
    operator = Operator.VALUE_AND_GRADIENT
    assert not asked(make("mlp"), operator=operator)
    assert {case.operator for case in asked(make("mlp", operators=[operator]))} == {operator}
    assert asked(make("mlp", effort=FULL), operator=operator)


def with_native(effort, **settings):
    model = replace(registry.models()["mlp"].model, native={"torch": lambda *arguments: None})
    plan = planning.make_plan(
        [registry.ModelSource(model, "here")],
        registry.find_backends(["reference", "torch"]),
        Settings(effort=effort, **settings),
    )
    return plan, [
        (case, entry.framework) for group in plan.groups for case, entry in plan.cells(group)
    ]


def test_a_check_asks_a_hand_written_function_for_what_counts_and_for_one_note():
    plan, cells = with_native(CHECK)
    assert {framework for _, framework in cells} == {"torch"}
    native = [case for case, _ in cells if case.implementation == "native"]
    assert {case.order for case in native if plan.counts(plan.groups[0].source.model, case)} <= {
        0,
        1,
    }
    noted = [case for case in native if case.order == 2]
    assert {(case.operator, case.mode) for case in noted} == {
        (Operator.HVP, Mode.REVERSE_OVER_REVERSE)
    }
    specification = [case for case, _ in cells if case.implementation != "native"]
    assert specification and not any(
        plan.counts(plan.groups[0].source.model, case) for case in specification
    )


def test_a_run_compares_the_specification_on_every_backend_beside_a_hand_written_function():
    _, cells = with_native(DEFAULT)
    asked_of = {(case.implementation, framework) for case, framework in cells}
    assert asked_of == {("native", "torch"), ("spec", "torch"), ("spec", "reference")}
    assert {case.order for case, _ in cells if case.implementation == "native"} == {0, 1}
    assert {case.order for case, _ in cells if case.implementation == "spec"} == {0, 1, 2}


def test_an_order_that_is_asked_holds_for_hand_written_functions_and_specifications():
    _, cells = with_native(CHECK, order=2, specification=True)
    for implementation in ("native", "spec"):
        orders = {case.order for case, _ in cells if case.implementation == implementation}
        assert orders == {0, 1, 2}
    _, cells = with_native(DEFAULT, order=1)
    assert {case.order for case, _ in cells} == {0, 1}


def a_model(function, *arguments, **fields):
    """The sources of a model at one point, as a plan takes them."""
    model = model_at(function, *arguments, **fields)
    return [registry.ModelSource(model, "here")]


@pytest.mark.parametrize(
    ("function", "arguments", "shapes"),
    [
        (lambda xp, x: xp.sum(x), ([1.0, 2.0],), "an array of shape (2,) to one of shape ()"),
        (lambda xp, x: x * x, ([1.0],), "an array of shape (1,) to one of shape (1,)"),
        (lambda xp, x: xp.stack([x, x]), (0.5,), "an array of shape () to one of shape (2,)"),
    ],
)
def test_orders_of_a_function_of_arrays_are_refused_in_a_sentence(function, arguments, shapes):
    sources = a_model(function, *arguments, orders=4)
    with pytest.raises(SpecError) as refusal:
        planning.make_plan(sources, REFERENCE[:1], Settings())
    assert "The model 'f' has orders=4, which is for functions that take one" in str(refusal.value)
    assert f"its function takes {shapes}: leave orders out" in str(refusal.value)


def test_orders_of_a_function_of_one_scalar_are_asked():
    sources = a_model(lambda xp, x: x**5, 0.5, orders=4)
    plan = planning.make_plan(sources, REFERENCE[:1], Settings())
    orders = {case.order for case in asked(plan, operator=Operator.DERIVATIVE)}
    assert orders == {1, 2, 3, 4}


def growth_of(plan):
    return {
        (group.growth, group.question.operator, group.question.size)
        for group in plan.groups
        if group.growth
    }


def test_growth_is_asked_along_every_axis_in_one_pass_with_its_ends_kept():
    plan = make("layers", backends=REFERENCE)
    depths = {size for axis, _, size in growth_of(plan) if axis == "depth"}
    assert depths == {"depth=1", "depth=8", "depth=64"}
    assert {axis for axis, _, _ in growth_of(plan)} == {"depth", "width", "batch"}
    modes = {(case.operator, case.mode) for case in asked(plan)}
    assert modes == {(Operator.GRADIENT, Mode.REVERSE), (Operator.JVP, Mode.FORWARD)}


def test_forward_mode_is_asked_along_the_first_of_several_axes_alone():
    jvps = {axis for axis, operator, _ in growth_of(make("layers")) if operator is Operator.JVP}
    assert jvps == {"depth"}
    assert {operator for _, operator, _ in growth_of(make("layers_checkpointed"))} == {
        Operator.GRADIENT
    }


def test_a_model_of_growth_is_asked_its_other_questions_where_they_are_wanted():
    assert all(group.growth for group in make("layers").groups)
    assert asked(make("layers", operators=["hvp"]), size="small")
    assert asked(make("layers", sizes=["small"]), operator=Operator.HESSIAN)
    assert asked(make("layers", effort=FULL), operator=Operator.HESSIAN)


def test_a_size_of_growth_can_be_named_and_a_check_asks_for_none():
    assert growth_of(make("layers", sizes=["depth=2"], operators=["gradient"])) == {
        ("depth", Operator.GRADIENT, "depth=2")
    }
    check = make("layers", effort=CHECK)
    assert check.groups
    assert not growth_of(check)


def test_the_rows_of_growth_say_along_which_axis_and_in_no_ordinary_table(tmp_path):
    sizes = ["depth=1", "depth=2"]
    plan = make("layers", effort=QUICK, sizes=sizes, operators=["gradient"])
    rows: list[Row] = []
    runner.run(plan, tmp_path / "logs", rows.append, lambda what: None)
    assert {(row.growth, row.size, row.verdict, row.memory_method) for row in rows} == {
        ("depth", size, "correct", "tracemalloc") for size in sizes
    }
    frame = frames.frame(rows)
    assert tables.tables(frame) == []
    assert growth.gradient_cost(frame) is not None


FURTHER = (Entry("torch:compile", ""), Entry("jax:aot", ""))


def test_stagings_are_compared_on_the_questions_that_a_model_names():
    plan = make("mlp", "chain", further_stagings=FURTHER)
    compared = [group for group in plan.groups if group.stagings]
    sizes = registry.find_models(["mlp"])[0].model.stagings["gradient"]
    assert [group.question.size for group in compared] == list(sizes)
    for group in compared:
        further = [(case, entry) for case, entry in plan.cells(group) if entry in FURTHER]
        assert [entry for _, entry in further] == list(FURTHER)
        assert {case.mode for case, _ in further} == {Mode.REVERSE}
    for group in plan.groups:
        is_asked_of_them = any(entry in FURTHER for _, entry in plan.cells(group))
        assert is_asked_of_them == group.stagings


def test_a_size_that_is_asked_for_its_stagings_alone_says_so():
    plan = make("mlp", further_stagings=FURTHER)
    asked_anyway, asked_for_it = [group for group in plan.groups if group.stagings]
    backend = plan.backends[0]
    assert not plan.compares_stagings_alone(asked_anyway, backend)
    assert plan.compares_stagings_alone(asked_anyway, FURTHER[0])
    assert plan.compares_stagings_alone(asked_for_it, backend)
    assert {case.mode for case in asked_for_it.cases} == {Mode.REVERSE}


@pytest.mark.parametrize("effort", [QUICK, CHECK])
def test_a_quick_run_and_a_check_compare_no_stagings(effort):
    plan = make("mlp", effort=effort, further_stagings=FURTHER)
    assert not any(group.stagings for group in plan.groups)


def test_what_is_named_restricts_the_comparison_of_stagings():
    plan = make("mlp", further_stagings=FURTHER, operators=["hvp"])
    assert not any(group.stagings for group in plan.groups)
    plan = make("mlp", further_stagings=FURTHER, sizes=["8-16-1x8"])
    assert [group.question.size for group in plan.groups if group.stagings] == ["8-16-1x8"]


def test_a_run_that_names_backends_has_those_alone():
    named = Selection(models=["mlp"], backends=["reference"]).plan(DEFAULT)
    unnamed = Selection(models=["mlp"]).plan(DEFAULT)
    assert not named.further_stagings
    assert {entry.name for entry in unnamed.further_stagings} == {
        "torch:func",
        "torch:compile",
        "jax:aot",
        "tensorflow:xla",
        "tensorflow:graph",
    }
