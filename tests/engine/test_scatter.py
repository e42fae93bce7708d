"""Rows that are added at places along the first axis, many of them at once."""

import numpy as np
import pytest

import reference_ad as ad
from reference_ad.rules.structural import scatter_add

rng = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("places_shape", [(400,), (20, 20)])
def test_many_rows_are_added_as_one_after_the_other(places_shape, dtype):
    shape = (7, 3, 2)
    places = rng.integers(-7, 7, places_shape)
    rows = rng.standard_normal((*places_shape, 3, 2)).astype(dtype)
    expected = np.zeros(shape, dtype)
    np.add.at(expected, places, rows)
    total = scatter_add(rows, places, index=("array",), shape=shape)
    assert total.dtype == dtype
    assert np.array_equal(total, expected)


def test_a_place_that_is_not_there_is_refused():
    rows = rng.standard_normal((400, 3))
    with pytest.raises(IndexError, match="out of bounds"):
        scatter_add(rows, np.full(400, 7), index=("array",), shape=(7, 3))


def test_the_gradient_of_many_rows_taken_is_how_often_each_was():
    places = rng.integers(0, 5, 1000)

    def total(x):
        return ad.numpy.sum(ad.numpy.take(x, places, axis=0))

    counts = np.bincount(places, minlength=5)
    for gradient in (ad.grad(total), ad.compile(ad.grad(total))):
        assert np.array_equal(gradient(np.ones((5, 2))), np.stack([counts, counts], axis=1))
