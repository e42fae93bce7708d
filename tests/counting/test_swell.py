"""Formulas grow with depth, where AD takes a constant for each operation."""

from __future__ import annotations

import pytest

pytest.importorskip("sympy", reason="sympy is not installed")

from adbench.counting import swell
from adbench.reporting.swell_table import table

ROWS = list(swell.rows())


def test_the_gradient_of_a_chain_takes_a_constant_by_ad_and_grows_by_formula() -> None:
    by_ad = [row.by_ad / row.function for row in ROWS]
    by_formula = [row.by_formula / row.of_formula for row in ROWS]
    assert max(by_ad) < 5  # the cheap gradient principle
    assert by_formula == sorted(by_formula)
    assert by_formula[-1] > 10 * by_formula[0]


def test_a_formula_is_as_long_as_the_function_where_nothing_is_differentiated() -> None:
    for row in ROWS:
        assert row.function / 2 <= row.of_formula <= 2 * row.function


def test_every_row_is_shown() -> None:
    assert len(table(ROWS).rows) == len(swell.DEPTHS)
