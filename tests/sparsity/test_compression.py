"""A sparse matrix is read off as many products as its pattern has colours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import sparse

from adbench.sparsity.colouring import column_colours, star_colours
from adbench.sparsity.compression import by_columns, by_rows, of_symmetric

PATTERNS = arrays.arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))
SQUARES = st.integers(1, 12).flatmap(lambda size: arrays.arrays(bool, (size, size)))


def matrix_of(pattern):
    """A matrix of a pattern with numbers of which no sum is another."""
    return np.where(pattern, np.random.default_rng(0).standard_normal(pattern.shape), 0.0)


def read_off(compression, products):
    return compression.matrix(products.ravel()[compression.places]).toarray()


@settings(max_examples=200, deadline=None)
@given(PATTERNS)
def test_a_jacobian_is_read_off_its_products(pattern):
    matrix = matrix_of(pattern)
    forward = by_columns(sparse.csr_array(pattern))
    reverse = by_rows(sparse.csr_array(pattern))
    np.testing.assert_array_equal(read_off(forward, forward.seeds @ matrix.T), matrix)
    np.testing.assert_array_equal(read_off(reverse, reverse.seeds @ matrix), matrix)


@settings(max_examples=300, deadline=None)
@given(SQUARES)
def test_a_hessian_is_read_off_its_products(square):
    pattern = square | square.T
    matrix = np.tril(matrix_of(pattern))
    matrix = matrix + np.tril(matrix, -1).T
    compression = of_symmetric(sparse.csr_array(pattern))
    np.testing.assert_allclose(read_off(compression, compression.seeds @ matrix), matrix)


@settings(max_examples=200, deadline=None)
@given(SQUARES)
def test_no_path_of_four_vertices_has_two_colours(square):
    pattern = square | square.T
    np.fill_diagonal(pattern, False)
    colours = star_colours(sparse.csr_array(pattern))
    for b, c in np.argwhere(pattern):
        assert colours[b] != colours[c]
        for a in np.flatnonzero(pattern[b]):
            for d in np.flatnonzero(pattern[c]):
                is_path = len({a, b, c, d}) == 4
                assert not (is_path and colours[a] == colours[c] and colours[b] == colours[d])


@pytest.mark.parametrize("width", [1, 3, 5])
def test_a_band_takes_as_many_colours_as_it_is_wide(width):
    offsets = range(-(width // 2), width // 2 + 1)
    band = sparse.csr_array(sum(sparse.eye_array(500, k=k) for k in offsets)).astype(bool)
    assert column_colours(band).max() + 1 == width


def test_an_arrow_takes_two_colours_as_a_hessian_and_n_as_a_jacobian():
    arrow = np.eye(50, dtype=bool)
    arrow[0] = arrow[:, 0] = True
    assert of_symmetric(sparse.csr_array(arrow)).colours == 2
    assert by_columns(sparse.csr_array(arrow)).colours == 50


def test_a_matrix_without_entries_takes_one_pass():
    assert by_columns(sparse.csr_array((3, 4), dtype=bool)).colours == 1
