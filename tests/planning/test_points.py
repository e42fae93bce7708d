"""Further points: drawn from the recipe again, so that what a number means it goes on meaning."""

from dataclasses import replace

import numpy as np
import pytest

from adbench.cases import Model
from adbench.planning.points import Points, Subject, drawing

POINTS = Points(seed=3, lowest_dtype="float64")


def model(make, **fields):
    return Model(
        name="f", function=lambda xp, x, *rest: xp.sum(x), make=make, sizes={"": {}}, **fields
    )


def both_points(make, points=POINTS):
    recipe = model(make)
    first = points.first(recipe, "")
    (second,) = points.further_points(recipe, "", first)
    return first, second


def test_labels_stay_labels_and_unit_vectors_unit_vectors():
    def make(size, rng):
        direction = rng.standard_normal(3)
        labels = rng.integers(0, 2, 5).astype(float)
        return rng.standard_normal(4), labels, direction / np.linalg.norm(direction)

    first, second = both_points(make)
    x, labels, direction = second.arguments
    assert set(labels) <= {0.0, 1.0}
    assert np.linalg.norm(direction) == pytest.approx(1)
    assert (x != first.arguments[0]).all() and (direction != first.arguments[2]).all()
    assert (second.tangent != first.tangent).all()


def test_where_a_recipe_has_one_point_the_active_numbers_alone_are_varied():
    first, second = both_points(lambda size, rng: (np.ones(2), np.asarray([0.0, 1.0])))
    assert (second.arguments[0] == 0.875).all()
    assert (second.arguments[1] == first.arguments[1]).all()


def test_a_recipe_of_random_constants_keeps_these_and_varies_the_active_numbers():
    _, second = both_points(lambda size, rng: (np.ones(2), rng.integers(0, 9, 4).astype(float)))
    assert (second.arguments[0] == 0.875).all()
    assert (second.arguments[1] % 1 == 0).all()


def test_a_draw_of_another_shape_is_not_taken():
    first, second = both_points(lambda size, rng: (np.ones(rng.integers(1, 10**6)),))
    assert second.arguments[0].shape == first.arguments[0].shape


def test_a_recipe_that_fails_at_another_draw_is_not_drawn_again():
    def make(size, rng):
        x = rng.standard_normal(2)
        if x[0] != expected:
            raise ValueError("no such point")
        return (x,)

    recipe = model(lambda size, rng: (rng.standard_normal(2),))
    first = POINTS.first(recipe, "")
    expected = first.arguments[0][0]
    (second,) = POINTS.further_points(replace(recipe, make=make), "", first)
    assert (second.arguments[0] == 0.875 * first.arguments[0]).all()


def test_the_second_point_is_representable_in_the_lowest_dtype():
    points = Points(seed=3, lowest_dtype="float16")
    for make in (lambda size, rng: (rng.standard_normal(9),), lambda size, rng: (np.full(9, 0.1),)):
        _, second = both_points(make, points)
        x = second.arguments[0]
        assert (x == x.astype(np.float16)).all()


def test_every_further_point_is_another():
    points = replace(POINTS, further=3)
    for make in (lambda size, rng: (rng.standard_normal(9),), lambda size, rng: (np.ones(9),)):
        recipe = model(make)
        first = points.first(recipe, "")
        others = points.further_points(recipe, "", first)
        numbers = {inputs.arguments[0].tobytes() for inputs in (first, *others)}
        assert len(numbers) == 4


def test_far_points_keep_off_numbers_with_a_range():
    points = replace(POINTS, far=True)

    def far_from(numbers, **fields):
        recipe = model(lambda size, rng: (np.asarray(numbers),), **fields)
        return points.far_points(recipe, points.first(recipe, ""))

    assert [inputs.arguments[0].tolist() for inputs in far_from([-1.0, 3.0])] == [
        [-8.0, 24.0],
        [-64.0, 192.0],
    ]
    assert far_from([0.25, 1.0, 0.5]) == far_from([-0.5, 1.5]) == far_from([0.6, -0.8]) == ()
    assert far_from([-1.0, 3.0], accuracy=1e-6) == ()


def test_a_lower_dtype_has_points_of_its_own():
    recipe = model(lambda size, rng: (rng.standard_normal(9),))
    x = POINTS.for_dtype("float32").first(recipe, "").arguments[0]
    assert (x == x.astype(np.float32)).all()
    assert (x != POINTS.first(recipe, "").arguments[0]).any()
    assert replace(POINTS, lowest_dtype="float16").for_dtype("float32").lowest_dtype == "float16"


def test_the_points_of_a_subject_are_drawn_once():
    draws = []
    recipe = model(lambda size, rng: (draws.append(size), (rng.standard_normal(3),))[1])
    draw = drawing(POINTS)
    subject = Subject(recipe, id(recipe), "", "float64")
    draw(subject)
    count = len(draws)
    assert draw(subject).first is draw(subject).first
    assert len(draws) == count
