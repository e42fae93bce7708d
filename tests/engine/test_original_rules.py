"""What is computed within `original_rules` does not depend on what was replaced since."""

import numpy as np
import pytest

import reference_ad as ad
from reference_ad.engine.core import PRIMITIVES, UnlistedPrimitive, other_rules
from reference_ad.rules.elementwise import exp, one_minus_square

X = np.asarray([0.3, -0.7])
ZERO_RULES = [lambda g, ans, x: g * 0.0]


def gradient_of(function):
    return ad.grad(lambda x: ad.numpy.sum(function(x)))(X)


def test_a_rule_that_was_replaced_is_the_original_within_and_replaced_again_afterwards(monkeypatch):
    monkeypatch.setattr(exp, "vjps", ZERO_RULES)
    with ad.original_rules():
        np.testing.assert_array_equal(gradient_of(ad.numpy.exp), np.exp(X))
    assert exp.vjps is ZERO_RULES
    assert not gradient_of(ad.numpy.exp).any()


def test_a_primitive_that_is_in_no_table_has_its_original_rules_too(monkeypatch):
    assert type(one_minus_square) is UnlistedPrimitive
    monkeypatch.setattr(one_minus_square, "vjps", ZERO_RULES)
    with ad.original_rules():
        np.testing.assert_array_equal(gradient_of(one_minus_square), -2 * X)
    assert not gradient_of(one_minus_square).any()


def test_the_rules_of_a_context_do_not_reach_within():
    with other_rules({exp: exp.with_rules(jvp=exp.jvp, vjps=ZERO_RULES)}):
        assert not gradient_of(ad.numpy.exp).any()
        with ad.original_rules():
            np.testing.assert_array_equal(gradient_of(ad.numpy.exp), np.exp(X))
        assert not gradient_of(ad.numpy.exp).any()


def test_a_primitive_that_the_table_has_lost_is_there_within(monkeypatch):
    monkeypatch.delitem(PRIMITIVES, "exp")
    with ad.original_rules():
        assert PRIMITIVES["exp"] is exp
    assert "exp" not in PRIMITIVES


def test_a_primitive_that_is_made_within_stays(monkeypatch):
    with ad.original_rules():
        monkeypatch.setitem(PRIMITIVES, "made within", exp)
    assert PRIMITIVES["made within"] is exp


def test_what_was_replaced_is_there_again_after_an_exception(monkeypatch):
    monkeypatch.setattr(exp, "implementation", np.cos)
    with pytest.raises(ValueError, match="within"), ad.original_rules():
        assert exp.implementation is np.exp
        raise ValueError("within")
    assert exp.implementation is np.cos
