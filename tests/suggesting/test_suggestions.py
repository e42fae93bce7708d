import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adbench import Model, registry
from adbench.cases.inputs import make_inputs
from adbench.cases.ranges import lost_meanings
from adbench.suggesting.comparisons import crossings
from adbench.suggesting.suggestions import Place, at_suggestion, suggest


def model_of(function, *point, **fields):
    return Model(
        name="mine",
        function=function,
        make=lambda size, rng: point,
        sizes={"given": {}},
        **fields,
    )


def suggested(model, lowest_dtype="float64"):
    return {each.title: each for each in suggest(model, "given", 0, lowest_dtype)}


def above_five(xp, x):
    return xp.where(x > 5.0, x * x, x)


POINT = np.array([0.7, -1.3, 2.1])


def test_a_point_past_a_threshold_takes_the_other_branch():
    points = suggested(model_of(above_five, POINT))
    past = points["past comparison 1 (greater)"].arguments[0]
    just_past = points["just past comparison 1 (greater)"].arguments[0]
    assert past.max() > 5.1 and 5 < just_past.max() < 5.01
    assert points["at comparison 1 (greater)"].arguments[0].max() == 5.0


def test_a_threshold_that_both_branches_are_taken_at_is_approached_and_no_more():
    points = suggested(model_of(above_five, np.array([1.0, 9.0])))
    assert "past comparison 1 (greater)" not in points
    assert "just past comparison 1 (greater)" in points


def test_a_threshold_behind_a_nonlinear_function_is_passed_too():
    def function(xp, x):
        return xp.where(xp.exp(x) + x[0] > 30.0, x, -x)

    past = suggested(model_of(function, POINT))["past comparison 1 (greater)"].arguments[0]
    assert (np.exp(past) + past[0]).max() > 30


def test_the_argument_of_a_magnitude_changes_its_sign():
    points = suggested(model_of(lambda xp, x: xp.abs(x - 10.0), POINT))
    assert points["past comparison 1 (abs)"].arguments[0].max() > 10


@given(st.floats(-4, 4), st.floats(-20, 20))
@settings(max_examples=40, deadline=None)
def test_past_a_comparison_lies_on_its_other_side(x, threshold):
    model = model_of(lambda xp, x: xp.where(x > threshold, x * x, x), np.array([x]))
    inputs = make_inputs(model, "given", 0)
    for crossing in crossings(model, inputs):
        moved = float(crossing.arguments[0][0])
        if crossing.place == "at":
            assert moved == threshold
        else:
            assert (moved > threshold) != (x > threshold) or x == threshold


def test_points_at_which_the_function_is_not_finite_are_left_out():
    titles = set(suggested(model_of(lambda xp, x: xp.log(x), np.array([0.5, 2.0, 3.0]))))
    assert not titles & {"at zeros", "at a few zeros", "at the other signs"}
    assert {"at large numbers", "at small numbers", "at equal numbers"} <= titles


def test_shares_stay_shares():
    shares = np.array([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])
    for point in suggested(model_of(lambda xp, x: xp.sum(x * xp.log(x)), shares)).values():
        np.testing.assert_allclose(point.arguments[0].sum(axis=-1), 1)


def clamped(xp, x):
    return xp.minimum(xp.maximum(x, 0.0), 1.0)


@pytest.mark.parametrize("x", [np.array([0.2, 0.9, 0.4, 0.7]), np.array(0.3)])
def test_numbers_in_the_unit_interval_leave_it_where_the_function_compares(x):
    points = suggested(model_of(clamped, x))
    assert points["past comparison 1 (maximum)"].arguments[0].min() < -0.1
    assert points["past comparison 2 (minimum)"].arguments[0].max() > 1.1


def test_what_may_be_shares_stays_in_the_unit_interval_where_nothing_is_compared():
    for point in suggested(model_of(lambda xp, x: x * x, np.array([0.2, 0.9, 0.4]))).values():
        assert ((point.arguments[0] >= 0) & (point.arguments[0] <= 1)).all()


def test_one_number_in_the_unit_interval_means_nothing_by_it():
    points = suggested(model_of(lambda xp, x: x * x, np.array(0.3)))
    assert points["at the other signs"].arguments[0] == -0.3
    assert points["at large numbers"].arguments[0] > 1


def test_fewer_shares_are_still_shares():
    assert not lost_meanings(np.array([0.2, 0.9, 0.4]), np.array([0.2]))
    assert lost_meanings(np.array([0.2, 0.9, 0.4]), np.array([1.2])) == {"between 0 and 1"}


def test_labels_and_masks_change_and_stay_what_they_are():
    labels, mask = np.array([0, 2, 1, 1]), np.array([True, False, True, True])

    def function(xp, x, labels, mask):
        return xp.sum(xp.where(mask, xp.take(x, labels), 0.0))

    points = suggested(model_of(function, np.array([1.5, 2.5, -0.5]), labels, mask))
    drawn = points["with other labels"].arguments[1]
    assert set(drawn) <= {0, 1, 2} and (drawn != labels).any()
    np.testing.assert_array_equal(points["with masks turned over"].arguments[2], ~mask)


def test_every_point_is_representable_in_the_lowest_dtype():
    for point in suggested(model_of(above_five, POINT), "float32").values():
        (x,) = point.arguments
        np.testing.assert_array_equal(x, x.astype(np.float32))


def test_the_same_points_are_made_again():
    first, second = (suggested(model_of(above_five, POINT)) for _ in range(2))
    assert list(first) == list(second)
    for title, point in first.items():
        np.testing.assert_array_equal(point.arguments[0], second[title].arguments[0])


def test_a_function_that_branches_on_its_numbers_has_the_points_that_need_no_graph():
    def function(xp, x):
        return x * x if float(x[0]) > 0 else x

    titles = set(suggested(model_of(function, POINT)))
    assert "at zeros" in titles and not any("comparison" in title for title in titles)


def test_a_model_at_a_suggestion_is_asked_there_alone():
    model = model_of(above_five, POINT)
    suggestion = suggested(model)["at zeros"]
    there = at_suggestion(model, suggestion)
    assert there.name == "mine at zeros"
    inputs = make_inputs(there, "given", 0)
    assert not inputs.arguments[0].any()


def test_another_process_finds_the_same_point_by_its_origin():
    source = registry.models()["mlp"]
    place = Place(next(iter(source.model.sizes)), 3, "float32")
    points = suggest(source.model, *place)
    variant = source.by_point(place, len(points) - 1)
    again = registry.load_model(variant.origin)
    assert again.name == variant.model.name
    for left, right in zip(again.make({}, None), points[-1].arguments, strict=True):
        assert np.array_equal(left, right) if isinstance(left, np.ndarray) else True


@pytest.mark.parametrize("count", [1, 5])
def test_a_function_of_framework_arrays_gets_a_batch_of_one_where_it_takes_it(count):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from adbench.functions.function_model import function_model

    def mean_of_squares(x):
        if x.shape[0] == 0:
            raise ValueError("no rows")
        return (x * x).mean(0)

    x = torch.linspace(-1, 1, 3 * count, dtype=torch.float64).reshape(count, 3)
    titles = {
        each.title
        for each in suggest(function_model(mean_of_squares, (x,), {}), "given", 0, "float64")
    }
    assert ("with a batch of one" in titles) == (count > 1)
    assert not any("empty" in title for title in titles)


def test_a_symmetric_matrix_stays_symmetric():
    matrix = np.array([[2.0, 0.3], [0.3, 1.5]])
    points = suggested(model_of(lambda xp, x: xp.linalg.inv(x), matrix))
    assert "at large numbers" in points and "at numbers drawn anew" not in points
    for point in points.values():
        np.testing.assert_array_equal(point.arguments[0], point.arguments[0].T)


def test_sorted_constants_stay_sorted_and_sorted_active_numbers_need_not():
    knots = np.array([0.5, 1.5, 4.0, 9.0])
    points = suggested(
        model_of(lambda xp, x, knots: x * knots, np.array([1.5, 2.5, 3.5, 5.0]), knots)
    )
    assert "at zeros" in points and "with numbers in another order" in points
    assert all(np.all(np.diff(point.arguments[1]) > 0) for point in points.values())


def test_a_function_that_overflows_on_the_way_warns_of_nothing():
    model = model_of(lambda xp, x: xp.where(xp.exp(x * 500.0) > 1e300, x, -x), POINT)
    assert "at zeros" in suggested(model)


def test_a_point_where_the_value_overflows_in_the_dtype_is_left_out():
    model = model_of(lambda xp, x: xp.sum(xp.exp(x)) ** 2, POINT)
    assert "at large numbers" in suggested(model)
    assert "at large numbers" not in suggested(model, "float32")
    assert "at zeros" in suggested(model, "float32")
