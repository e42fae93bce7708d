from dataclasses import replace

import pytest
from truths import model_at

from adbench import registry
from adbench.backends.catalog import DIFFERENCES, REFERENCE, TENSORFLOW, Entry
from adbench.cases import MODES, Mode, Operator, SpecError
from adbench.cases.operators import passes
from adbench.running import plan as planning


def make(*models, effort=planning.DEFAULT, backends=REFERENCE[:1], **known):
    settings = planning.Settings(effort=effort)
    return planning.make_plan(
        registry.find_models(models or registry.models()), backends, settings, **known
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


def test_tanh_is_asked_for_its_derivatives_of_order_1_to_8_in_both_modes():
    for mode in (Mode.FORWARD, Mode.REVERSE):
        cases = asked(make("tanh"), operator=Operator.DERIVATIVE, mode=mode, size="x=0.5")
        assert [case.order for case in cases] == list(range(1, 9))


def test_taylor_mode_is_asked_from_order_2_on_and_alone_above_what_is_nested():
    deep = model_at(lambda xp, x: xp.tanh(x), 0.5, orders=12)
    source = registry.ModelSource(deep, "")
    plan = planning.make_plan([source], REFERENCE[:1], planning.Settings(effort=planning.DEFAULT))
    cases = asked(plan, operator=Operator.DERIVATIVE)
    orders = {
        mode: [case.order for case in cases if case.mode is mode]
        for mode in (Mode.FORWARD, Mode.REVERSE, Mode.TAYLOR)
    }
    assert orders[Mode.TAYLOR] == list(range(2, 13))
    assert orders[Mode.FORWARD] == orders[Mode.REVERSE] == list(range(1, 9))


def test_an_order_that_no_backend_can_be_asked_for_is_refused_in_a_sentence():
    settings = planning.Settings(order=9)
    sources = registry.find_models(["tanh"])
    with pytest.raises(SpecError, match="above order 8 are asked in Taylor mode, which tensorflow"):
        planning.make_plan(sources, TENSORFLOW[:1], settings)


def test_backends_without_taylor_mode_are_not_asked_for_it():
    modes = {case.mode for case in asked(make("tanh", backends=TENSORFLOW[:1]))}
    assert Mode.TAYLOR not in modes


def test_the_sweep_covers_the_grid_in_both_modes():
    groups = [group for group in make("dense").groups if group.swept]
    grid = (1, 4, 16, 64, 256)
    assert {(group.n, group.m) for group in groups} == {(n, m) for n in grid for m in grid}
    assert all(
        [case.mode for case in group.cases] == [Mode.FORWARD, Mode.REVERSE] for group in groups
    )


def test_a_quick_sweep_is_thinned_with_its_ends_kept():
    groups = [group for group in make("dense", effort=planning.QUICK).groups if group.swept]
    assert {group.n for group in groups} == {1, 16, 256}


def test_modes_that_take_too_many_passes_are_left_out():
    few = replace(planning.DEFAULT, passes=10)
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
    plan = make("tanh", "mlp", effort=replace(planning.FULL, sizes=1), backends=TENSORFLOW)
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
    settings = planning.Settings(seed=2**64)
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
    assert asked(make("mlp", effort=planning.FULL), operator=operator)


def with_native(effort, **settings):
    model = replace(registry.models()["mlp"].model, native={"torch": lambda *arguments: None})
    plan = planning.make_plan(
        [registry.ModelSource(model, "here")],
        registry.find_backends(["reference", "torch"]),
        planning.Settings(effort=effort, **settings),
    )
    return plan, [
        (case, entry.framework) for group in plan.groups for case, entry in plan.cells(group)
    ]


def test_a_check_asks_a_hand_written_function_for_what_counts_and_for_one_note():
    plan, cells = with_native(planning.CHECK)
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
    _, cells = with_native(planning.DEFAULT)
    asked_of = {(case.implementation, framework) for case, framework in cells}
    assert asked_of == {("native", "torch"), ("spec", "torch"), ("spec", "reference")}
    assert {case.order for case, _ in cells if case.implementation == "native"} == {0, 1}
    assert {case.order for case, _ in cells if case.implementation == "spec"} == {0, 1, 2}


def test_an_order_that_is_asked_holds_for_hand_written_functions_and_specifications():
    _, cells = with_native(planning.CHECK, order=2, specification=True)
    for implementation in ("native", "spec"):
        orders = {case.order for case, _ in cells if case.implementation == implementation}
        assert orders == {0, 1, 2}
    _, cells = with_native(planning.DEFAULT, order=1)
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
        planning.make_plan(sources, REFERENCE[:1], planning.Settings())
    assert "The model 'f' has orders=4, which is for functions that take one" in str(refusal.value)
    assert f"its function takes {shapes}: leave orders out" in str(refusal.value)


def test_orders_of_a_function_of_one_scalar_are_asked():
    sources = a_model(lambda xp, x: x**5, 0.5, orders=4)
    plan = planning.make_plan(sources, REFERENCE[:1], planning.Settings())
    orders = {case.order for case in asked(plan, operator=Operator.DERIVATIVE)}
    assert orders == {1, 2, 3, 4}
